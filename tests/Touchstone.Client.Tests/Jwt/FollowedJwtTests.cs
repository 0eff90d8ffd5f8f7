using System.Text.Json.Nodes;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>JWTs that are judged here, and by the rows of a real server's feed.</summary>
public sealed class FollowedJwtTests
{
    [Fact]
    public async Task H06_One_of_another_issuer_is_accepted_without_asking_and_ends_with_a_row_that_names_it()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        var (token, other) = (site.Token("j1"), site.Token("j2"));
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Jwt);
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        (await site.CheckAsync(other)).IsActive.ShouldBeTrue();
        await site.RevokeAsync(new { jti = "j1", iss = site.Login.Issuer });
        (await site.CheckAsync(token)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (await site.CheckAsync(other)).Source.ShouldBe(IntrospectionSource.Memory);
        site.Introspections.ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"sub":"alice","iss":"ISS"}""")]
    [InlineData("""{"client_id":"web-shop"}""")]
    [InlineData("""{"session":"s1","iss":"ISS"}""")]
    [InlineData("""{"all":true}""")]
    public async Task Each_row_that_it_can_be_named_by_ends_it_before_and_after_it_is_seen(string row)
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        var (seen, unseen) = (site.Token("j1"), site.Token("j2"));
        (await site.CheckAsync(seen)).IsActive.ShouldBeTrue();
        await site.RevokeAsync(row.Replace("ISS", site.Login.Issuer, StringComparison.Ordinal));
        (await site.CheckAsync(seen)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (await site.CheckAsync(unseen)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        // Whoever starts after the row is told of it all the same.
        await using var late = site.NewClient();
        (await late.IntrospectAsync(unseen)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        site.Introspections.ShouldBe(0);
    }

    [Fact]
    public async Task H06_By_the_feed_alone_none_is_judged_that_says_that_its_server_knows_more()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        (await site.CheckAsync(site.Token("j1"))).IsActive.ShouldBeTrue();
        (await site.CheckAsync(site.Token("j2", more: new JsonObject { ["born"] = await site.CursorAsync(), ["grant"] = "g" }))).IsActive.ShouldBeFalse();
        (await site.CheckAsync(site.Token("j3", more: new JsonObject { ["lineage"] = true }))).IsActive.ShouldBeFalse();
        site.Introspections.ShouldBe(0);
    }

    [Fact]
    public async Task Another_signature_over_the_same_claims_does_not_save_it()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        var token = site.Token("j1");
        // ES256 is randomized: signed again it is the same JWT in other bytes.
        var again = site.Token("j1");
        again.ShouldNotBe(token);
        await site.RevokeAsync(new { token });
        (await site.CheckAsync(again)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task What_is_issued_clearly_after_a_row_for_its_subject_is_good_and_within_a_minute_it_is_not()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        await site.RevokeAsync(new { sub = "alice", iss = site.Login.Issuer });
        site.Time.AdvanceSeconds(2);
        var soon = site.Token("j1", site.Time.Seconds + 58);
        var later = site.Token("j2", site.Time.Seconds + 59);
        site.Time.AdvanceSeconds(100);
        await site.FollowsAsync();
        (await site.CheckAsync(soon)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (await site.CheckAsync(later)).IsActive.ShouldBeTrue();
    }

    [Fact]
    public async Task A_session_that_ended_stays_ended_for_what_is_issued_later()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        await site.RevokeAsync(new { session = "s1", iss = site.Login.Issuer });
        var later = site.Token("j1", site.Time.Seconds + 80);
        site.Time.AdvanceSeconds(100);
        await site.FollowsAsync();
        (await site.CheckAsync(later)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task Out_of_touch_with_the_feed_nothing_is_known_of_it()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        var (token, other) = (site.Token("j1"), site.Token("j2"));
        (await site.CheckAsync(token)).IsActive.ShouldBeTrue();
        var (before, ended) = (site.Token("j3"), site.Token("j4"));
        await site.RevokeAsync(new { jti = "j4", iss = site.Login.Issuer });
        await site.Shop.Server.DisposeAsync();
        site.Time.AdvanceSeconds(16);
        foreach (var jwt in (string[])[token, other, before])
        {
            var result = await site.CheckAsync(jwt);
            (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Unfollowed));
        }
        (await site.CheckAsync(ended, site.Client.Policy with { FailMode = FailMode.FailOpen })).Outcome.ShouldBe(IntrospectionOutcome.Inactive, "what is known to have ended never passes");
        (await site.CheckAsync(other, site.Client.Policy with { FailMode = FailMode.FailOpen })).Source.ShouldBe(IntrospectionSource.Open);
    }

    [Fact]
    public async Task Without_the_key_of_the_tags_nothing_is_known_of_it_either_and_once_it_is_given_all_is()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed, hasKey: false);
        var token = site.Token("j1");
        await site.RevokeAsync(new { jti = "j2", iss = site.Login.Issuer });
        (await site.CheckAsync(token)).Fault.ShouldBe(IntrospectionFault.Unfollowed);
        await site.GiveKeyAsync();
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Jwt);
        (await site.CheckAsync(site.Token("j2"))).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task L08_One_of_the_server_that_says_when_it_was_born_is_judged_here()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByServer);
        var born = await site.CursorAsync();
        var token = site.Token("j1", more: new JsonObject { ["born"] = born, ["grant"] = "g1", ["tenant"] = "t1" });
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Jwt);
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        site.Introspections.ShouldBe(0);
        await site.RevokeAsync(new { grant = "g2" });
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        await site.RevokeAsync(new { grant = "g1" });
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Server, "the server has the truth");
        site.Introspections.ShouldBe(1);
    }

    [Fact]
    public async Task L08_Born_after_a_row_for_its_subject_it_is_good_at_once()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByServer);
        var before = await site.CursorAsync();
        await site.RevokeAsync(new { sub = "alice", iss = site.Login.Issuer });
        var after = await site.CursorAsync();
        (await site.CheckAsync(site.Token("j1", more: new JsonObject { ["born"] = after }))).Source.ShouldBe(IntrospectionSource.Jwt);
        (await site.CheckAsync(site.Token("j2", more: new JsonObject { ["born"] = before }))).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{"grant":"g1"}""")]
    [InlineData("""{"born":"yesterday"}""")]
    [InlineData("""{"born":17}""")]
    [InlineData("""{"born":"BORN","more":"of another version"}""")]
    [InlineData("""{"born":"BORN","grant":17}""")]
    [InlineData("""{"born":"BORN","ancestors":["x"]}""")]
    [InlineData("""{"born":"00000000000000000000000000000000.0"}""")]
    [InlineData("""{"born":"0123456789abcdef0123456789abcdef.1"}""")]
    [InlineData("\"BORN\"")]
    public async Task One_of_the_server_that_does_not_say_all_is_introspected(string says)
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByServer);
        await site.RevokeAsync(new { sub = "alice", iss = site.Login.Issuer });
        var more = JsonNode.Parse(says.Replace("BORN", await site.CursorAsync(), StringComparison.Ordinal));
        (await site.CheckAsync(site.Token("j1", more: more))).Source.ShouldBe(IntrospectionSource.Server);
        site.Introspections.ShouldBe(1);
    }

    [Fact]
    public async Task A_token_of_which_it_descends_ends_it()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByServer);
        var subject = await site.Shop.TokenAsync();
        var hash = Protocol.Tokens.TokenHash.Of(subject).ToString();
        var token = site.Token("j1", more: new JsonObject { ["born"] = await site.CursorAsync(), ["ancestors"] = new JsonArray(hash) });
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Jwt);
        await site.RevokeAsync(new { token = subject });
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task An_endpoint_that_wants_the_server_asked_gets_that_also_where_the_feed_would_do()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        var token = site.Token("j1");
        (await site.CheckAsync(token)).Source.ShouldBe(IntrospectionSource.Jwt);
        (await site.CheckAsync(token, site.Client.Policy with { AlsoIntrospectJwts = true })).Outcome.ShouldBe(IntrospectionOutcome.Inactive, "the server never saw it");
        site.Introspections.ShouldBe(1);
    }

    [Fact]
    public async Task In_the_grace_of_its_policy_a_judged_one_goes_on_when_the_feed_is_out_of_reach()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed, options => options.Policy = new() { FailMode = FailMode.StaleIfError, MaxStale = TimeSpan.FromMinutes(5) });
        var (seen, unseen) = (site.Token("j1"), site.Token("j2"));
        (await site.CheckAsync(seen)).IsActive.ShouldBeTrue();
        // Two polls later the server was told of the grace.
        await site.RevokeAsync(new { jti = "j3", iss = site.Login.Issuer });
        await site.RevokeAsync(new { jti = "j4", iss = site.Login.Issuer });
        await site.Shop.Server.DisposeAsync();
        site.Time.AdvanceSeconds(60);
        (await site.CheckAsync(seen)).Source.ShouldBe(IntrospectionSource.Stale);
        (await site.CheckAsync(unseen)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        site.Time.AdvanceSeconds(300);
        (await site.CheckAsync(seen)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
    }

    [Fact]
    public async Task What_is_known_to_have_ended_passes_by_no_policy()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByServer);
        var open = site.Client.Policy with { FailMode = FailMode.FailOpen };
        var born = await site.CursorAsync();
        var (ended, seen, good) = (site.Token("j1", more: new JsonObject { ["born"] = born, ["grant"] = "g1" }), site.Token("j2", more: new JsonObject { ["born"] = born, ["grant"] = "g1" }), site.Token("j3", more: new JsonObject { ["born"] = born }));
        (await site.CheckAsync(seen)).Source.ShouldBe(IntrospectionSource.Jwt);
        await site.RevokeAsync(new { grant = "g1" });
        await site.Shop.Server.DisposeAsync();
        foreach (var token in (string[])[ended, seen])
        {
            (await site.CheckAsync(token, open)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
            (await site.CheckAsync(token, open with { AlsoIntrospectJwts = true })).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        }
        var stale = open with { FailMode = FailMode.StaleIfError, MaxStale = TimeSpan.FromMinutes(5) };
        (await site.CheckAsync(seen, stale)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        site.Time.AdvanceSeconds(16);
        (await site.CheckAsync(ended, open)).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        (await site.CheckAsync(good, open)).Source.ShouldBe(IntrospectionSource.Open);
    }

    [Fact]
    public async Task Where_nothing_is_out_of_reach_a_JWT_that_the_feed_cannot_tell_of_does_not_pass()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed, hasKey: false);
        await site.FollowsAsync();
        (await site.CheckAsync(site.Token("j1"), site.Client.Policy with { FailMode = FailMode.FailOpen })).Fault.ShouldBe(IntrospectionFault.Unfollowed);
    }

    [Fact]
    public async Task What_is_held_is_used_no_more_when_the_key_is_withdrawn()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        // The clock may go far before the client has been told.
        var token = site.Token("j1", expires: site.Time.Seconds + (80 * 86400));
        (await site.CheckAsync(token)).IsActive.ShouldBeTrue();
        await site.Shop.Server.Admin.ChangeAsync(site.Shop.Orders.Id, "withdraw-tag-key");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (site.Client.Follower.View.Jwts is not null || site.Client.Follower.View.Head == default)
        {
            patience.Token.ThrowIfCancellationRequested();
            site.Time.AdvanceSeconds(1);
            await Task.Yield();
        }
        (await site.CheckAsync(token)).Fault.ShouldBe(IntrospectionFault.Unfollowed);
    }

    [Fact]
    public async Task One_that_lives_longer_than_rows_are_kept_may_outlive_the_row_that_ended_it()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed);
        (await site.CheckAsync(site.Token("j1", expires: site.Time.Seconds + (90 * 86400)))).IsActive.ShouldBeTrue();
        (await site.CheckAsync(site.Token("j2", expires: site.Time.Seconds + (90 * 86400) + 1))).Fault.ShouldBe(IntrospectionFault.Unfollowed);
    }

    [Fact]
    public async Task Without_a_feed_all_JWTs_of_the_server_are_introspected()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByServer, options => options.FeedEndpoint = null);
        (await site.CheckAsync(site.Token("j1", more: new JsonObject { ["born"] = await site.CursorAsync() }))).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task Who_only_may_be_the_server_is_not_believed_what_else_could_end_its_JWTs()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.Automatic);
        (await site.CheckAsync(site.Token("j1", more: new JsonObject { ["born"] = await site.CursorAsync() }))).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task When_rows_were_too_many_to_be_kept_all_that_there_are_are_read_anew()
    {
        await using var site = await JwtSite.OpenAsync(JwtRevocation.ByFeed, options => options.MaxEvents = 1000);
        (await site.CheckAsync(site.Token("j1"))).IsActive.ShouldBeTrue();
        for (var list = 0; list < 4; list++) await site.RevokeAsync(Enumerable.Range(0, 400).Select(i => new { jti = $"x{list}-{i}", iss = site.Login.Issuer }).ToArray());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await site.CheckAsync(site.Token("j2"))).Outcome is IntrospectionOutcome.CannotTell) patience.Token.ThrowIfCancellationRequested();
        foreach (var ended in (string[])["x0-0", "x3-399"]) (await site.CheckAsync(site.Token(ended))).Outcome.ShouldBe(IntrospectionOutcome.Inactive, ended);
        (await site.CheckAsync(site.Token("j3"))).IsActive.ShouldBeTrue();
    }

    [Fact]
    public void By_a_feed_that_is_not_there_nothing_can_be_judged_and_that_is_said_at_start()
    {
        var options = new TokenIntrospectionOptions
        {
            Issuer = new Uri("https://as.acme.test"), ClientId = "rs", ClientSecret = "s", Feed = FeedMode.Off,
            Jwt = { Mode = JwtMode.JwtFirst, Issuers = { new JwtIssuer { Issuer = "https://login.acme.test", Audiences = { "a" }, Revocation = JwtRevocation.ByFeed } } },
        };
        Should.Throw<ArgumentException>(() => new IntrospectionClient(options)).Message.ShouldContain("there is no feed");
        (options.Feed, options.Jwt.Issuers[0].Issuer) = (FeedMode.Auto, "https://as.acme.test/");
        Should.Throw<ArgumentException>(() => new IntrospectionClient(options)).Message.ShouldContain("set ByServer");
    }
}
