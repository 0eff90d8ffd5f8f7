using System.Text.Json;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Audit;
using Touchstone.Server.Signing;
using Touchstone.Server.Tests.Rfc9068;
using static Touchstone.Server.Tests.Signing.SigningKeysTests;

namespace Touchstone.Server.Tests.Signing;

/// <summary>Signing keys that administrators rotate and retire.</summary>
public sealed class KeyCommandTests
{
    [Fact]
    public async Task With_now_the_new_key_signs_within_seconds()
    {
        await using var server = await TestServer.StartAsync();
        var first = Kid(server, "ES256");
        var made = (await server.Admin.PostAsync(Rotate, new { now = true })).ShouldBeJson(200).Json;
        await AdvanceAsync(server, TimeSpan.FromSeconds(5));
        Kid(server, "ES256").ShouldBe(made.GetProperty("kid").GetString());
        (await server.PublishedAsync()).ShouldBe([first, Kid(server, "ES256")]);
    }

    [Fact]
    public async Task With_now_a_key_that_waits_is_passed_over_and_comes_back_never()
    {
        await using var server = await TestServer.StartAsync();
        var first = Kid(server, "ES256");
        var waiting = (await server.Admin.PostAsync(Rotate, new { })).ShouldBeJson(200).Json.GetProperty("kid").GetString();
        server.Time.AdvanceSeconds(SigningKeys.SameCommand);
        var made = (await server.Admin.PostAsync(Rotate, new { now = true })).ShouldBeJson(200).Json.GetProperty("kid").GetString();
        made.ShouldNotBe(waiting);
        await AdvanceAsync(server, TimeSpan.FromSeconds(5));
        Kid(server, "ES256").ShouldBe(made);
        (await server.KeysAsync()).Select(State).ShouldBe(["retired", "retired", "current"]);
        // Nor when the new one is retired: another is made.
        await server.Admin.PostAsync($"/admin/keys/{made}/retire");
        await AdvanceAsync(server, TimeSpan.FromSeconds(5));
        ((string?[])[first, waiting, made]).ShouldNotContain(Kid(server, "ES256"));
        await AdvanceAsync(server, TimeSpan.FromHours(1));
        ((string?[])[first, waiting, made]).ShouldNotContain(Kid(server, "ES256"));
    }

    [Fact]
    public async Task The_same_command_again_within_seconds_makes_no_other_key()
    {
        await using var server = await TestServer.StartAsync();
        var made = await Task.WhenAll(Enumerable.Range(0, 7).Select(_ => server.Admin.PostAsync(Rotate, new { now = true })));
        var kid = made.Select(answer => answer.ShouldBeJson(200).Json.GetProperty("kid").GetString()).Distinct().ShouldHaveSingleItem();
        (await server.PublishedAsync()).Length.ShouldBe(2);
        server.Time.AdvanceSeconds(SigningKeys.SameCommand);
        (await server.Admin.PostAsync(Rotate, new { now = true })).ShouldBeJson(200).Json.GetProperty("kid").GetString().ShouldNotBe(kid);
    }

    [Fact]
    public async Task With_now_beside_a_command_without_it_the_new_key_signs_at_once()
    {
        await using var server = await TestServer.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => server.Admin.PostAsync(Rotate, new { now = i % 2 == 0 })));
        for (var i = 0; i < answers.Length; i += 2) answers[i].ShouldBeJson(200).Json.GetProperty("signs_from").GetInt64().ShouldBeLessThanOrEqualTo(server.Time.Seconds + 5);
    }

    [Fact]
    public async Task A_key_that_leaked_is_gone_at_once_and_another_signs()
    {
        await using var jwts = await StartAsync();
        var server = jwts.Server;
        var (leaked, before) = (Kid(server, "ES256"), await jwts.TokenAsync());
        var retired = (await server.Admin.PostAsync($"/admin/keys/{leaked}/retire")).ShouldBeJson(200).Json;
        (State(retired), retired.GetProperty("published").GetBoolean(), retired.GetProperty("retired_at").GetInt64()).ShouldBe(("retired", false, server.Time.Seconds));
        (await server.PublishedAsync()).ShouldHaveSingleItem().ShouldNotBe(leaked);
        (await server.VerifyAsync(before)).ShouldBe(SignatureVerdict.UnknownKey);
        (await server.VerifyAsync(await jwts.TokenAsync())).ShouldBe(SignatureVerdict.Good);
        // Twice is as good as once, and another is none of ours.
        (await server.Admin.PostAsync($"/admin/keys/{leaked}/retire")).ShouldBeJson(200);
        (await server.Admin.PostAsync("/admin/keys/unknown/retire")).ShouldBeProblem(404);
        (await server.KeysAsync()).Length.ShouldBe(2);
    }

    [Fact]
    public async Task The_next_key_takes_the_place_of_one_that_leaked()
    {
        await using var server = await TestServer.StartAsync();
        var next = (await server.Admin.PostAsync(Rotate, new { })).Json.GetProperty("kid").GetString()!;
        await server.Admin.PostAsync($"/admin/keys/{Kid(server, "ES256")}/retire");
        Kid(server, "ES256").ShouldBe(next);
        (await server.PublishedAsync()).ShouldBe([next]);
        State((await server.KeysAsync())[1]).ShouldBe("current");
    }

    [Fact]
    public async Task A_next_key_that_leaked_has_a_successor_before_the_current_ends()
    {
        await using var server = await TestServer.StartAsync();
        var (current, next) = (Kid(server, "ES256"), (await server.Admin.PostAsync(Rotate, new { })).Json.GetProperty("kid").GetString());
        await server.Admin.PostAsync($"/admin/keys/{next}/retire");
        Kid(server, "ES256").ShouldBe(current);
        (await server.PublishedAsync()).Length.ShouldBe(2);
        await AdvanceAsync(server, TimeSpan.FromHours(2));
        Kid(server, "ES256").ShouldNotBe(current);
        Kid(server, "ES256").ShouldNotBe(next);
    }

    [Fact]
    public async Task Until_that_successor_begins_the_current_goes_on()
    {
        await using var server = await TestServer.StartAsync();
        var (current, next) = (Kid(server, "ES256"), (await server.Admin.PostAsync(Rotate, new { })).Json.GetProperty("kid").GetString());
        await AdvanceAsync(server, TimeSpan.FromMinutes(50));
        await server.Admin.PostAsync($"/admin/keys/{next}/retire");
        // Longer than the retired one would have waited, and no cache of jwks.json is surprised.
        await AdvanceAsync(server, TimeSpan.FromMinutes(59));
        Kid(server, "ES256").ShouldBe(current);
        await AdvanceAsync(server, TimeSpan.FromMinutes(1));
        Kid(server, "ES256").ShouldNotBe(current);
        (await server.PublishedAsync()).ShouldContain(current);
    }

    [Fact]
    public async Task No_more_keys_are_published_than_readers_take()
    {
        await using var server = await TestServer.StartAsync();
        for (var i = 1; i < SigningKeys.MaxPublished; i++)
        {
            (await server.Admin.PostAsync(Rotate, new { now = true })).Status.ShouldBe(200);
            server.Time.AdvanceSeconds(SigningKeys.SameCommand);
        }
        (await server.Admin.PostAsync(Rotate, new { now = true })).ShouldBeProblem(409);
        await server.Admin.PostAsync($"/admin/keys/{(await server.PublishedAsync())[0]}/retire");
        (await server.Admin.PostAsync(Rotate, new { now = true })).Status.ShouldBe(200);
        // Nor does age make more: the newest is due, and none of the others has left yet.
        await AdvanceAsync(server, TimeSpan.FromDays(90) - TimeSpan.FromMinutes(30));
        (await server.PublishedAsync()).Length.ShouldBe(SigningKeys.MaxPublished);
    }

    [Fact]
    public async Task Every_change_is_audited()
    {
        await using var server = await TestServer.StartAsync();
        var first = Kid(server, "ES256");
        await server.Admin.PostAsync(Rotate, new { now = true });
        await server.Admin.PostAsync($"/admin/keys/{first}/retire");
        var records = Records(server);
        records.Select(record => (record.GetProperty("changed").GetString(), record.GetProperty("actor").GetString())).ShouldBe([("added", "touchstone"), ("added", "admin"), ("retired", "admin")]);
        (records[2].GetProperty("kid").GetString(), records[2].GetProperty("alg").GetString()).ShouldBe((first, "ES256"));
    }

    [Theory]
    [InlineData("""{"alg":"HS256"}""")]
    [InlineData("""{"alg":"es256"}""")]
    [InlineData("""{"alg":"ES256","when":1}""")]
    public async Task W01_What_is_no_kind_of_ours_is_refused(string body)
    {
        await using var server = await TestServer.StartAsync();
        (await server.Admin.PostAsync(Rotate, body)).ShouldBeProblem(400);
        (await server.KeysAsync()).Length.ShouldBe(1);
    }

    [Fact]
    public async Task Only_administrators_see_and_change_keys()
    {
        await using var server = await TestServer.StartAsync();
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Get, "/admin/keys"), (HttpMethod.Post, Rotate), (HttpMethod.Post, $"/admin/keys/{Kid(server, "ES256")}/retire")])
        {
            using var request = new HttpRequestMessage(method, path);
            (await server.OAuth.SendAsync(request)).Status.ShouldBe(401);
        }
        (await server.Admin.GetAsync("/admin/keys")).Text.ShouldNotContain("sealed");
    }

    private static JsonElement[] Records(TestServer server)
    {
        using var query = AuditQuery.Open(server.Data, new AuditFilter { Kinds = [AuditKind.SigningKeyChanged] }, TestStore.Connection(server.Data));
        return [.. query.All()];
    }
}
