using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Feed;

namespace Touchstone.Server.Tests.Feed;

/// <summary>What a caller is told that judges JWTs by the feed, and rows that name JWTs of other issuers.</summary>
public sealed class FeedOfJwtsTests(Acme acme) : IClassFixture<Acme>
{
    private const string Other = "https://login.example.com";

    [Fact]
    public async Task The_key_of_the_tags_is_given_to_who_may_have_it_and_to_nobody_else()
    {
        (await new Poller(acme.Server.Http, acme.Orders).PollAsync()).Json.TryGetProperty("tag_key", out _).ShouldBeFalse();
        var (judging, caller) = await JudgingAsync();
        var answer = await judging.PollAsync();
        answer.Json.GetProperty("reach_seconds").GetInt64().ShouldBe(90 * 86400);
        var key = Key(answer);
        var token = await acme.TokenAsync(new { client_id = "web-shop", sub = "u-1", aud = Acme.OrdersApi });
        var (_, tags, _) = await judging.IntrospectAsync(token);
        tags.ShouldContain(key.Of(Selector.Subject(TestServer.DefaultIssuer, "u-1")));
        tags.ShouldContain(key.Of(Selector.Client("web-shop")));

        await acme.Admin.ChangeAsync(caller.Id, "withdraw-tag-key");
        (await judging.PollAsync()).Json.TryGetProperty("tag_key", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task What_would_tell_whose_token_it_is_is_not_given_beside_another_sub()
    {
        var (_, caller) = await JudgingAsync();
        foreach (var sub in (string[])["pairwise", "omitted"])
        {
            var refused = await acme.Admin.PostAsync($"{AdminCalls.Clients}/{caller.Id}/view", new { sub });
            refused.Status.ShouldBe(400);
            refused.Json.GetProperty("errors")[0].GetProperty("member").GetString().ShouldBe("view.sub");
        }
        (await acme.Admin.GetAsync($"{AdminCalls.Clients}/{caller.Id}")).Json.GetProperty("tag_key").GetBoolean().ShouldBeTrue();
        var seeing = await acme.Admin.AddClientAsync(new { client_id = $"rs-{Guid.NewGuid():N}", kind = "resource-server", audience = new[] { Acme.OrdersApi }, view = new { sub = "pairwise" } });
        (await acme.Admin.PostAsync($"{AdminCalls.Clients}/{seeing.Id}/give-tag-key")).Status.ShouldBe(400);
        (await acme.Admin.PostAsync($"{AdminCalls.Clients}/web-shop/give-tag-key")).Status.ShouldBe(400, "a client judges no tokens");
    }

    [Fact]
    public async Task A_token_is_told_by_its_jti_as_well()
    {
        var (judging, _) = await JudgingAsync();
        var key = Key(await judging.PollAsync());
        var jti = $"j-{Guid.NewGuid():N}";
        var token = await acme.TokenAsync(new { client_id = "web-shop", sub = "u-2", aud = Acme.OrdersApi, token = $"foreign-{jti}", iss = Other, jti, expires_in = 600 });
        var orders = await new Poller(acme.Server.Http, acme.Orders).StartedAsync();
        var seq = (await acme.Admin.RevokeAsync(token)).GetProperty("seq").GetInt64();
        var told = Poller.Events(await judging.PollAsync());
        told.Select(row => row.Seq).ShouldBe([seq, seq]);
        told.ShouldContain((seq, key.Of(Selector.Jwt(Other, jti))));
        Poller.Events(await orders.PollAsync()).Length.ShouldBe(1);
    }

    [Fact]
    public async Task Whose_audience_it_is_decides_who_judges_it_and_not_what_is_registered_here()
    {
        var (judging, _) = await JudgingAsync();
        var key = Key(await judging.PollAsync());
        var jti = $"j-{Guid.NewGuid():N}";
        await acme.TokenAsync(new { client_id = "web-shop", sub = "u-2", aud = Acme.BillingApi, token = $"foreign-{jti}", iss = Other, jti, expires_in = 600 });
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { jti, iss = Other })).Json.GetProperty("status").GetString().ShouldBe("revoked");
        Poller.Tags(await judging.PollAsync()).ShouldContain(key.Of(Selector.Jwt(Other, jti)));
    }

    [Fact]
    public async Task A_JWT_that_was_registered_by_its_bytes_alone_ends_by_its_name_too()
    {
        var (judging, _) = await JudgingAsync();
        var key = Key(await judging.PollAsync());
        var jti = $"j-{Guid.NewGuid():N}";
        var token = await acme.TokenAsync(new { client_id = "web-shop", sub = "u-2", aud = Acme.OrdersApi, token = Jwt(jti), iss = Other, expires_in = 600 });
        var answer = (await acme.Admin.PostAsync(AdminCalls.Revocations, new { token })).Json;
        (answer.GetProperty("status").GetString(), answer.GetProperty("selector").GetString()).ShouldBe(("revoked", "token"));
        var told = Poller.Events(await judging.PollAsync());
        told.ShouldContain(row => row.Tag == key.Of(Selector.Jwt(Other, jti)));
        told.Max(row => row.Seq).ShouldBe(answer.GetProperty("seq").GetInt64());
    }

    [Theory]
    [InlineData(true, true), InlineData(true, false), InlineData(false, true)]
    public async Task A_JWT_that_was_registered_without_its_jti_ends_by_its_name_whoever_ends_it(bool byValue, bool byOwner)
    {
        var (judging, _) = await JudgingAsync();
        var key = Key(await judging.PollAsync());
        var jti = $"j-{Guid.NewGuid():N}";
        var (token, hash) = (Jwt(jti), TokenHash.Of(Encoding.UTF8.GetBytes(Jwt(jti))).ToString());
        var issued = await acme.Admin.PostAsync(AdminCalls.Tokens, byValue ? new { client_id = "web-shop", aud = Acme.OrdersApi, token, iss = Other, expires_in = 600 } : new { client_id = "web-shop", aud = Acme.OrdersApi, token_sha256 = hash, iss = Other, expires_in = 600 });
        issued.Status.ShouldBe(201, issued.ToString());
        var ended = byOwner ? await acme.OAuth.RevokeAsync(token, acme.Shop) : await acme.Admin.PostAsync(AdminCalls.Revocations, new { token_sha256 = hash });
        ended.Status.ShouldBe(200, ended.ToString());
        Poller.Tags(await judging.PollAsync()).ShouldContain(key.Of(Selector.Jwt(Other, jti)));
    }

    [Fact]
    public async Task A_JWT_with_another_signature_than_the_registered_one_ends_that_as_well()
    {
        var jti = $"j-{Guid.NewGuid():N}";
        await acme.TokenAsync(new { client_id = "web-shop", sub = "u-2", aud = Acme.OrdersApi, token = Jwt(jti), iss = Other, jti, expires_in = 600 });
        (await acme.OAuth.IntrospectAsync(Jwt(jti), acme.Orders)).Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { token = Jwt(jti)[..^4] + "BBBA" })).Status.ShouldBe(200);
        (await acme.OAuth.IntrospectAsync(Jwt(jti), acme.Orders)).Json.GetProperty("active").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task The_newest_row_is_answered_also_where_a_part_had_ended_before()
    {
        var jti = $"j-{Guid.NewGuid():N}";
        await acme.TokenAsync(new { client_id = "web-shop", sub = jti, aud = Acme.OrdersApi, token = $"one-{jti}", iss = Other, jti, expires_in = 600 });
        var before = (await acme.Admin.PostAsync(AdminCalls.Revocations, new { sub = jti, iss = Other })).Json.GetProperty("seq").GetInt64();
        var told = (await acme.Admin.PostAsync(AdminCalls.Revocations, new { jti, iss = Other })).Json;
        told.GetProperty("status").GetString().ShouldBe("revoked");
        told.GetProperty("seq").GetInt64().ShouldBeGreaterThan(before);
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { token = Jwt($"x-{jti}") })).Json.GetProperty("status").GetString().ShouldBe("recorded");
    }

    [Fact]
    public async Task Each_item_of_a_list_has_one_answer_however_many_rows_it_makes()
    {
        var jti = $"j-{Guid.NewGuid():N}";
        string[] tokens = [$"one-{jti}", $"two-{jti}"];
        foreach (var token in tokens) await acme.TokenAsync(new { client_id = "web-shop", sub = "u-2", aud = Acme.OrdersApi, token, iss = Other, jti, expires_in = 600 });
        object[] items = [new { jti, iss = Other }, new { token = Jwt(jti) }, new { jti = "nobody" }];
        var dry = (await acme.Admin.PostAsync(AdminCalls.Revocations + "?dry_run=true", items)).Json;
        dry.EnumerateArray().Select(item => item.GetProperty("tokens").GetInt64()).ShouldBe([2, 2, 0]);
        var told = (await acme.Admin.PostAsync(AdminCalls.Revocations, items)).Json;
        told.EnumerateArray().Select(item => item.GetProperty("status").GetString()).ShouldBe(["revoked", "revoked", "unknown"]);
        foreach (var token in tokens) (await acme.OAuth.IntrospectAsync(token, acme.Orders)).Json.GetProperty("active").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public void A_row_that_was_written_again_after_a_restore_says_no_time_and_so_ends_all()
    {
        Client caller = new(new ClientRegistration { ClientId = "rs", Kind = ClientRegistration.ResourceServerKind, TagKey = true }, acme.Server.Services.GetRequiredService<ClientDirectory>().Find(acme.Orders.Id)!.Gate);
        var row = Storage.Records.Row(Selector.Client("web-shop")) with { Seq = 1, At = 0 };
        var run = new FeedSegment(LogCursor.Start(Guid.NewGuid()), [row, row with { Seq = 2, At = 5 }], null, null).For(caller, TagKey.For(new byte[TagKey.Size], "rs"));
        using var told = JsonDocument.Parse($"[{Encoding.UTF8.GetString(run.Json)}]");
        told.RootElement[0].TryGetProperty("until", out _).ShouldBeFalse();
        told.RootElement[1].GetProperty("until").GetInt64().ShouldBe(5);
    }

    [Fact]
    public async Task Rows_that_end_what_was_issued_before_say_until_when()
    {
        var (judging, _) = await JudgingAsync();
        await judging.PollAsync();
        var now = acme.Time.Seconds;
        object[] ends = [new { sub = "u-3" }, new { sub = "u-3", issued_before = now - 100 }, new { sub = "u-3", issued_before = now + 100 }, new { session = "s-3" }, new { grant = "g-3" }];
        foreach (var end in ends) (await acme.Admin.PostAsync(AdminCalls.Revocations, end)).Status.ShouldBe(200);
        var told = (await judging.PollAsync()).Json.GetProperty("events").EnumerateArray().ToList();
        told.Select(row => row.TryGetProperty("until", out var until) ? until.GetInt64() : (long?)null).ShouldBe([now, now - 100, now, null, null]);
        (await new Poller(acme.Server.Http, acme.Orders).PollAsync(after: "0")).Text.ShouldNotContain("until");
    }

    [Fact]
    public async Task A_JWT_of_another_issuer_that_nobody_registered_can_be_ended_by_its_jti()
    {
        var (judging, _) = await JudgingAsync();
        var key = Key(await judging.PollAsync());
        var jti = $"j-{Guid.NewGuid():N}";
        var answer = (await acme.Admin.PostAsync(AdminCalls.Revocations, new { jti, iss = Other })).Json;
        (answer.GetProperty("status").GetString(), answer.GetProperty("selector").GetString()).ShouldBe(("recorded", "jwt"));
        Poller.Tags(await judging.PollAsync()).ShouldBe([key.Of(Selector.Jwt(Other, jti))]);
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { jti, iss = Other })).Json.GetProperty("status").GetString().ShouldBe("already_revoked");
        // One of this server has a record, or there is none.
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { jti })).Json.TryGetProperty("seq", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task L10_So_is_one_whose_bytes_are_given_whatever_its_signature()
    {
        var (judging, _) = await JudgingAsync();
        var key = Key(await judging.PollAsync());
        var jti = $"j-{Guid.NewGuid():N}";
        (await acme.Admin.PostAsync(AdminCalls.Revocations, new { token = Jwt(jti) })).Status.ShouldBe(200);
        Poller.Tags(await judging.PollAsync()).ShouldContain(key.Of(Selector.Jwt(Other, jti)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_that_is_registered_after_its_jti_was_ended_is_inactive(bool restarts)
    {
        await using var first = await Acme.StartAsync();
        var registered = new { client_id = "web-shop", sub = "u-4", aud = Acme.OrdersApi, token = "foreign-4", iss = Other, jti = "j-4", expires_in = 600 };
        if (restarts) await first.Admin.IssueAsync(registered);
        (await first.OAuth.IntrospectAsync("foreign-4", first.Orders)).Json.GetProperty("active").GetBoolean().ShouldBe(restarts);
        var row = (await first.Admin.PostAsync(AdminCalls.Revocations, new { jti = restarts ? "j-5" : "j-4", iss = Other })).Json;
        row.GetProperty("selector").GetString().ShouldBe("jwt");
        if (!restarts) await first.Admin.IssueAsync(registered);
        (await first.OAuth.IntrospectAsync("foreign-4", first.Orders)).Json.GetProperty("active").GetBoolean().ShouldBe(restarts, "j-5 is another");
        (await first.Admin.PostAsync(AdminCalls.Revocations + "?dry_run=true", new { jti = "j-4", iss = Other })).Json.GetProperty("tokens").GetInt64().ShouldBe(restarts ? 1 : 0);
    }

    private static string Jwt(string jti)
    {
        static string Part(object json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(json)));
        return $"{Part(new { alg = "ES256", typ = "at+jwt" })}.{Part(new { iss = Other, jti, sub = "u" })}.{Base64Url.EncodeToString(new byte[64])}";
    }

    private static TagKey Key(Answer answer) => TagKey.TryRead(answer.Json.GetProperty("tag_key").GetString(), out var key) ? key : throw new InvalidOperationException(answer.ToString());

    // A caller that judges JWTs, standing at the newest row.
    private async Task<(Poller Poller, TestClient Caller)> JudgingAsync()
    {
        var caller = await acme.Admin.AddClientAsync(new { client_id = $"rs-{Guid.NewGuid():N}", kind = "resource-server", audience = new[] { Acme.OrdersApi }, tag_key = true });
        return (await new Poller(acme.Server.Http, caller).StartedAsync(), caller);
    }
}
