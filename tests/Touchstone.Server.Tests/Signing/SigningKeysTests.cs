using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Signing;
using Touchstone.Server.Tests.Rfc9068;

namespace Touchstone.Server.Tests.Signing;

/// <summary>The life of a signing key: next, current, retired; by age, and by command as far as time goes on (the rest: <see cref="KeyCommandTests"/>).</summary>
public sealed class SigningKeysTests
{
    internal const string Rotate = "/admin/keys/rotate";

    [Fact]
    public async Task There_is_one_key_from_the_first_start_on_and_it_signs_at_once()
    {
        await using var server = await TestServer.StartAsync();
        var key = (await server.KeysAsync()).ShouldHaveSingleItem();
        Jwts.NamesOf(key).ShouldBe(["kid", "alg", "state", "published", "created_at", "signs_from"]);
        (key.GetProperty("alg").GetString(), key.GetProperty("state").GetString(), key.GetProperty("signs_from").GetInt64()).ShouldBe(("ES256", "current", server.Time.Seconds));
        (await server.PublishedAsync()).ShouldBe([key.GetProperty("kid").GetString()!]);
    }

    [Fact]
    public async Task The_same_key_signs_after_a_restart()
    {
        using var folder = new TempFolder();
        string kid;
        await using (var first = await TestServer.StartAsync(data: folder.Path)) kid = Kid(first, "ES256");
        await using var second = await TestServer.StartAsync(data: folder.Path);
        Kid(second, "ES256").ShouldBe(kid);
    }

    [Fact]
    public async Task A_new_key_is_published_first_and_signs_after_the_overlap()
    {
        await using var jwts = await StartAsync();
        var server = jwts.Server;
        var (old, before) = (Kid(server, "ES256"), await jwts.TokenAsync());
        var made = (await server.Admin.PostAsync(Rotate, new { })).ShouldBeJson(200).Json;
        var next = made.GetProperty("kid").GetString()!;
        (made.GetProperty("state").GetString(), made.GetProperty("signs_from").GetInt64()).ShouldBe(("next", server.Time.Seconds + 3600));
        // Once is enough.
        (await server.Admin.PostAsync(Rotate, new { alg = "ES256" })).Json.GetProperty("kid").GetString().ShouldBe(next);
        (await server.PublishedAsync()).ShouldBe([old, next]);
        await AdvanceAsync(server, TimeSpan.FromSeconds(3599));
        Kid(server, "ES256").ShouldBe(old);
        await AdvanceAsync(server, TimeSpan.FromSeconds(1));
        Kid(server, "ES256").ShouldBe(next);
        (await server.KeysAsync()).Select(State).ShouldBe(["retired", "current"]);

        // What the old one signed stays good, and the key stays as long as any token may live.
        Jwts.Read(before).KeyId.ShouldBe(old);
        (await server.VerifyAsync(before)).ShouldBe(SignatureVerdict.Good);
        var after = await jwts.TokenAsync();
        Jwts.Read(after).KeyId.ShouldBe(next);
        (await server.VerifyAsync(after)).ShouldBe(SignatureVerdict.Good);
        (await server.KeysAsync())[0].GetProperty("published_until").GetInt64().ShouldBeGreaterThanOrEqualTo(server.Time.Seconds + (long)TimeSpan.FromDays(90).TotalSeconds);
        await AdvanceAsync(server, TimeSpan.FromDays(91));
        (await server.PublishedAsync()).ShouldNotContain(old);
        await AdvanceAsync(server, TimeSpan.FromDays(31));
        (await server.KeysAsync()).Select(key => key.GetProperty("kid").GetString()).ShouldNotContain(old);
    }

    [Fact]
    public async Task A_key_that_grows_old_is_changed_without_a_command()
    {
        await using var server = await TestServer.StartAsync(options => options.Signing.RotateAfter = TimeSpan.FromDays(10));
        var first = Kid(server, "ES256");
        await AdvanceAsync(server, TimeSpan.FromDays(10) - TimeSpan.FromHours(1) - TimeSpan.FromMinutes(2));
        (await server.PublishedAsync()).ShouldBe([first]);
        await AdvanceAsync(server, TimeSpan.FromMinutes(3));
        (await server.PublishedAsync()).Length.ShouldBe(2);
        Kid(server, "ES256").ShouldBe(first);
        await AdvanceAsync(server, TimeSpan.FromHours(1));
        Kid(server, "ES256").ShouldNotBe(first);
    }

    [Fact]
    public async Task Zero_days_are_until_the_command()
    {
        await using var server = await TestServer.StartAsync(options => options.Signing.RotateAfter = TimeSpan.Zero);
        var first = Kid(server, "ES256");
        await AdvanceAsync(server, TimeSpan.FromDays(400));
        Kid(server, "ES256").ShouldBe(first);
    }

    [Fact]
    public async Task A_key_for_RS256_is_made_when_it_is_needed_and_once()
    {
        await using var server = await TestServer.StartAsync();
        var keys = server.Services.GetRequiredService<SigningKeys>();
        var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => keys.EnsureAsync("RS256").AsTask()));
        made.Select(key => key.Kid).Distinct().ShouldHaveSingleItem();
        (await server.PublishedAsync("RS256")).Length.ShouldBe(1);
        keys.EnsureAsync("RS256").IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public async Task A_key_for_RS256_is_published_long_before_it_is_needed()
    {
        await using var server = await TestServer.StartAsync();
        (await server.PublishedAsync("RS256")).ShouldBeEmpty("the start does not wait for it");
        await AdvanceAsync(server, TimeSpan.FromMinutes(1));
        var published = (await server.PublishedAsync("RS256")).ShouldHaveSingleItem();
        await AdvanceAsync(server, TimeSpan.FromMinutes(10));
        (await server.Services.GetRequiredService<SigningKeys>().EnsureAsync("RS256")).Kid.ShouldBe(published);
        (await server.KeysAsync("RS256")).Select(State).ShouldBe(["current"]);
    }

    [Fact]
    public async Task A_key_stays_published_as_long_as_tokens_that_were_allowed_to_live_longer()
    {
        using var folder = new TempFolder();
        long expires;
        await using (var first = await TestServer.StartAsync(data: folder.Path))
        {
            await first.Admin.AddClientAsync(new { client_id = "long", kind = "client", audience = new[] { Acme.OrdersApi } });
            expires = (await first.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "long", sub = "u", expires_in = 80 * 86400 })).ShouldBeJson(201).Json.GetProperty("exp").GetInt64();
        }
        await using var second = await TestServer.StartAsync(options => options.MaxTokenLifetime = TimeSpan.FromDays(2), data: folder.Path);
        (await second.Admin.PostAsync(Rotate, new { now = true })).ShouldBeJson(200);
        (await second.KeysAsync())[0].GetProperty("published_until").GetInt64().ShouldBeGreaterThanOrEqualTo(expires + 3600);
    }

    [Fact]
    public async Task Threads_sign_side_by_side()
    {
        var key = SigningKey.Create("ES256");
        KeySet.TryParse(System.Text.Encoding.ASCII.GetBytes($$"""{"keys":[{{key.Jwk}}]}"""), out var keys, out _);
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() =>
        {
            var jwt = Jwts.Read(JwtWriter.Write(key, "at+jwt", System.Text.Encoding.ASCII.GetBytes($$"""{"n":{{i}}}""")));
            return keys.Verify(jwt.Algorithm!, jwt.KeyId, jwt.Signed.Span, jwt.Signature.Span);
        })));
        verdicts.ShouldAllBe(verdict => verdict == SignatureVerdict.Good);
    }

    internal static async Task AdvanceAsync(TestServer server, TimeSpan by)
    {
        var keeper = server.Services.GetRequiredService<KeyKeeper>();
        server.Time.Advance(by);
        await keeper.IdleAsync();
        // A look that came while another went on was left to that one; what it did not see yet is seen now.
        await server.Services.GetRequiredService<SigningKeys>().KeepAsync();
    }

    internal static string Kid(TestServer server, string algorithm) => server.Services.GetRequiredService<SigningKeys>().Current(algorithm).Kid;

    internal static string State(JsonElement key) => key.GetProperty("state").GetString()!;

    internal static async Task<JwtServer> StartAsync()
    {
        var jwts = new JwtServer();
        await jwts.InitializeAsync();
        return jwts;
    }
}
