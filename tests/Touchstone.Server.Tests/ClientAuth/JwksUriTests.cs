using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Touchstone.Server.ClientAuth;

namespace Touchstone.Server.Tests.ClientAuth;

public sealed class JwksUriTests
{
    private static Task<TestServer> StartAsync(bool allowPrivate = true) => TestServer.StartAsync(options => options.AllowPrivateJwksUris = allowPrivate);

    private static Task<TestClient> AddAsync(TestServer server, string id, string uri) => server.AddAsync(id, "private_key_jwt", body => body["jwks_uri"] = uri);

    [Fact]
    public async Task K13_Keys_are_read_from_their_URI_once()
    {
        await using var server = await StartAsync();
        var key = Signer.Of("ES256");
        await using var keys = await KeyServer.StartAsync(key.Jwks);
        await AddAsync(server, "rs", keys.Uri);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.ShouldAcceptAsync(key.Assertion("rs", server.Time.Seconds))));
        keys.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task K36_An_unknown_key_is_looked_for_once_and_not_at_every_request()
    {
        await using var server = await StartAsync();
        var (old, next, stranger) = (Signer.Of("ES256", "old"), Signer.Of("ES256", "next"), Signer.Of("ES256", "stranger"));
        await using var keys = await KeyServer.StartAsync(old.Jwks);
        await AddAsync(server, "rs", keys.Uri);
        await server.ShouldAcceptAsync(old.Assertion("rs", server.Time.Seconds));
        server.Time.Advance(RemoteKeySets.BetweenFetches);

        keys.Keys = Signer.SetOf(old, next);
        await server.ShouldAcceptAsync(next.Assertion("rs", server.Time.Seconds));
        keys.Calls.ShouldBe(2);
        for (var i = 0; i < 10; i++) await server.ShouldRefuseAsync(stranger.Assertion("rs", server.Time.Seconds), "rs", "unknown_key");
        keys.Calls.ShouldBe(2);
        server.Time.Advance(RemoteKeySets.BetweenFetches);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => server.AssertAsync(stranger.Assertion("rs", server.Time.Seconds))));
        keys.Calls.ShouldBe(3);
        await server.ShouldAcceptAsync(old.Assertion("rs", server.Time.Seconds));
    }

    [Fact]
    public async Task K13_A_key_that_was_taken_away_is_refused_when_the_set_is_read_again()
    {
        await using var server = await StartAsync();
        var (old, next) = (Signer.Of("ES256", "old"), Signer.Of("ES256", "next"));
        await using var keys = await KeyServer.StartAsync(old.Jwks);
        await AddAsync(server, "rs", keys.Uri);
        await server.ShouldAcceptAsync(old.Assertion("rs", server.Time.Seconds));
        keys.Keys = next.Jwks;
        server.Time.Advance(RemoteKeySets.Fresh);
        await server.ShouldRefuseAsync(old.Assertion("rs", server.Time.Seconds), "rs", "unknown_key");
    }

    [Fact]
    public async Task K13_Old_keys_serve_for_a_while_when_their_URI_is_dead_and_no_longer()
    {
        await using var server = await StartAsync();
        var key = Signer.Of("ES256");
        var keys = await KeyServer.StartAsync(key.Jwks);
        await AddAsync(server, "rs", keys.Uri);
        await server.ShouldAcceptAsync(key.Assertion("rs", server.Time.Seconds));
        await keys.DisposeAsync();
        server.Time.Advance(RemoteKeySets.Fresh);
        await server.ShouldAcceptAsync(key.Assertion("rs", server.Time.Seconds));
        server.Time.Advance(RemoteKeySets.MostStale);
        await server.ShouldRefuseAsync(key.Assertion("rs", server.Time.Seconds), "rs", "keys_unavailable");
    }

    public static TheoryData<string> Misbehaviours => ["huge", "endless", "redirect", "error", "nonsense", "private", "too many", "empty"];

    [Theory, MemberData(nameof(Misbehaviours))]
    public async Task W09_A_URI_that_misbehaves_gives_no_keys_and_harms_nobody_else(string misbehaviour)
    {
        await using var server = await StartAsync();
        var key = Signer.Of("ES256");
        await using var good = await KeyServer.StartAsync(key.Jwks);
        await using var bad = await KeyServer.StartAsync(key.Jwks);
        var text = key.Jwks.ToJsonString();
        bad.Answer = async http =>
        {
            switch (misbehaviour)
            {
                case "huge":
                    await http.Response.WriteAsync(text + new string(' ', 64 << 10));
                    break;
                case "endless":
                    while (!http.RequestAborted.IsCancellationRequested) await http.Response.WriteAsync(new string(' ', 1 << 16), http.RequestAborted);
                    break;
                case "redirect":
                    http.Response.Redirect(good.Uri);
                    break;
                case "error":
                    http.Response.StatusCode = 500;
                    await http.Response.WriteAsync(text);
                    break;
                case "nonsense":
                    await http.Response.WriteAsync("<html>");
                    break;
                case "private":
                    await http.Response.WriteAsync("""{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}""");
                    break;
                case "too many":
                    await http.Response.WriteAsync("{\"keys\":[" + string.Join(',', Enumerable.Repeat("{\"kty\":\"x\"}", 33)) + "]}");
                    break;
            }
        };
        await AddAsync(server, "good", good.Uri);
        await AddAsync(server, "bad", bad.Uri);
        await server.ShouldRefuseAsync(key.Assertion("bad", server.Time.Seconds), "bad", "keys_unavailable");
        good.Calls.ShouldBe(0); // No redirect was followed.
        await server.ShouldAcceptAsync(key.Assertion("good", server.Time.Seconds));
        await server.ShouldRefuseAsync(key.Assertion("bad", server.Time.Seconds), "bad", "keys_unavailable");
        bad.Calls.ShouldBe(1); // And it is left alone for a while.
    }

    [Fact]
    public async Task W09_Whatever_fails_when_keys_are_read_is_no_keys_and_is_tried_again()
    {
        var time = new ManualTime();
        using var transport = new JwksTransport(new ServerOptions(), new JwksTrust(null));
        var sets = new RemoteKeySets(transport, NullLogger<RemoteKeySets>.Instance, time);
        for (var i = 1; i <= 2; i++)
        {
            (await sets.GetAsync("no address at all")).ShouldBeNull();
            time.Advance(RemoteKeySets.BetweenFetches);
        }
    }

    [Fact]
    public async Task W09_A_URI_that_hangs_is_given_up_and_meanwhile_others_are_served()
    {
        await using var server = await StartAsync();
        var key = Signer.Of("ES256");
        await using var good = await KeyServer.StartAsync(key.Jwks);
        await using var slow = await KeyServer.StartAsync(key.Jwks);
        slow.Answer = http => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        await AddAsync(server, "good", good.Uri);
        await AddAsync(server, "slow", slow.Uri);
        var waiting = Enumerable.Range(0, 50).Select(_ => server.AssertAsync(key.Assertion("slow", server.Time.Seconds))).ToArray();
        await slow.Called;
        for (var i = 0; i < 20; i++) await server.ShouldAcceptAsync(key.Assertion("good", server.Time.Seconds));
        (await server.OAuth.IntrospectAsync("x", server.AdminClient)).Status.ShouldBe(403);
        waiting.ShouldAllBe(answer => !answer.IsCompleted);
        server.Time.Advance(RemoteKeySets.Patience);
        foreach (var answer in await Task.WhenAll(waiting)) answer.ShouldBeError(401, "invalid_client");
        slow.Calls.ShouldBe(1);
    }

    [Fact]
    public async Task W09_An_address_of_our_own_network_is_never_called()
    {
        using var folder = new TempFolder();
        var key = Signer.Of("ES256");
        await using var keys = await KeyServer.StartAsync(key.Jwks, TestCa.Create("CA").ServerCertificate("localhost"));
        var uris = new[] { keys.Uri, keys.Uri.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), "https://[::1]:1/", "https://[::ffff:127.0.0.1]:1/" };
        await using var server = await TestServer.StartAsync(data: folder.Path);
        for (var i = 0; i < uris.Length; i++)
        {
            await AddAsync(server, $"rs{i}", uris[i]);
            await server.ShouldRefuseAsync(key.Assertion($"rs{i}", server.Time.Seconds), $"rs{i}", "keys_unavailable");
        }
        keys.Calls.ShouldBe(0);
        server.Logs.Lines.Count(line => line.Text.Contains("no address in the public internet", StringComparison.Ordinal)).ShouldBe(uris.Length, server.Logs.Text);
    }

    [Fact]
    public async Task W09_Keys_are_read_over_https_from_who_is_trusted_only()
    {
        var key = Signer.Of("ES256");
        var ca = TestCa.Create("CA");
        await using var keys = await KeyServer.StartAsync(key.Jwks, ca.ServerCertificate("localhost"));
        await using var strict = await StartAsync();
        await AddAsync(strict, "rs", keys.Uri);
        await strict.ShouldRefuseAsync(key.Assertion("rs", strict.Time.Seconds), "rs", "keys_unavailable");
        keys.Calls.ShouldBe(0);

        await using var trusting = await TestServer.StartAsync(options => options.AllowPrivateJwksUris = true, builder => builder.Services.AddSingleton(new JwksTrust((_, certificate, _, _) => certificate is not null)));
        await AddAsync(trusting, "rs", keys.Uri);
        await trusting.ShouldAcceptAsync(key.Assertion("rs", trusting.Time.Seconds));
    }

    [Theory]
    [InlineData("127.0.0.1", false), InlineData("10.1.2.3", false), InlineData("172.16.0.1", false), InlineData("172.31.255.255", false), InlineData("192.168.1.1", false), InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false), InlineData("0.0.0.0", false), InlineData("224.0.0.1", false), InlineData("255.255.255.255", false), InlineData("198.18.0.1", false), InlineData("::1", false), InlineData("::", false)]
    [InlineData("fe80::1", false), InlineData("fc00::1", false), InlineData("fd12::1", false), InlineData("::ffff:10.0.0.1", false), InlineData("64:ff9b::a00:1", false), InlineData("2002:a00:1::", false), InlineData("2001:0:a00:1::", false), InlineData("ff02::1", false)]
    [InlineData("8.8.8.8", true), InlineData("172.32.0.1", true), InlineData("2606:4700::1111", true), InlineData("::ffff:8.8.8.8", true), InlineData("2a00:1450::1", true)]
    public void W09_Which_addresses_are_public(string address, bool isPublic) => PublicAddress.Is(IPAddress.Parse(address)).ShouldBe(isPublic);
}
