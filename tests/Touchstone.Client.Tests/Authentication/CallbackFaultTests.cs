using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Touchstone.Client.Follow;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Authentication;

/// <summary>Functions of the application that throw: a check can't tell, or asks; nothing that calls them ends.</summary>
public sealed class CallbackFaultTests
{
    private readonly CapturedLogs _logs = new();

    [Fact]
    public async Task A_secret_that_becomes_too_short_is_a_refusal_and_the_feed_goes_on_when_it_is_long_again()
    {
        await using var shop = await CallerShop.OpenAsync();
        var good = RandomNumberGenerator.GetHexString(80);
        var caller = await shop.AddAsync("client_secret_jwt", secret: good);
        var (isShort, reads) = (false, 0);
        string Secret()
        {
            if (!Volatile.Read(ref isShort)) return good;
            Interlocked.Increment(ref reads);
            return "too short";
        }

        await using var client = shop.Client(ClientAuthentication.ClientSecretJwt(caller.Id, Secret, assertion: new AssertionOptions { Audience = TestServer.DefaultIssuer }));
        await shop.ShouldFollowAsync(client);

        Volatile.Write(ref isShort, true);
        var refused = await client.IntrospectAsync(await shop.TokenAsync());
        (refused.Outcome, refused.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Refused));
        // The token that it has for the feed ends, and it can't get another; it tries again and again.
        await UntilAsync(shop, () => Volatile.Read(ref reads) > 3, "the feed asked for the secret", seconds: 300);
        Volatile.Write(ref isShort, false);
        await UntilAsync(shop, () => client.Follower.At(shop.Server.Time.Read()) is Freshness.Followed, "the feed is followed again", seconds: 1);
        await shop.ShouldFollowAsync(client);
    }

    [Fact]
    public async Task L49_Whatever_proves_a_caller_may_throw_and_its_text_is_not_logged()
    {
        await using var server = await OtherServer.StartAsync();
        var thrown = new InvalidOperationException("text with a secret");
        ClientAuthentication[] callers =
        [
            ClientAuthentication.Basic("rs", () => throw thrown), ClientAuthentication.Post("rs", () => throw thrown), ClientAuthentication.Bearer(_ => throw thrown), ClientAuthentication.Bearer(_ => new("no\ntoken")),
            ClientAuthentication.PrivateKeyJwt("rs", () => throw thrown, new AssertionOptions { Audience = "a" }), ClientAuthentication.ClientSecretJwt("rs", () => throw thrown, assertion: new AssertionOptions { Audience = "a" }),
        ];
        foreach (var caller in callers)
        {
            await using var client = Client(server, options => (options.ClientSecret, options.Authentication) = (null, caller));
            foreach (var token in new[] { "t", "u" }) (await client.IntrospectAsync(token)).Fault.ShouldBe(IntrospectionFault.Refused);
        }
        server.Calls.ShouldBe(0);
        _logs.Of(6).Count.ShouldBe(callers.Length, "once for each client");
        _logs.Text.ShouldNotContain("text with a secret");
    }

    [Fact]
    public async Task A_certificate_that_can_not_be_had_is_a_refusal()
    {
        await using var client = new IntrospectionClient(
            new TokenIntrospectionOptions { IntrospectionEndpoint = new Uri("https://127.0.0.1:1/introspect"), Authentication = ClientAuthentication.TlsCertificate("rs", () => throw new InvalidOperationException()), Retries = 0 },
            logger: Logger());
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Refused);
        _logs.Of(6).Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_out_of_reach_is_no_refusal()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = Client(server, options => (options.ClientSecret, options.Authentication) = (null, ClientAuthentication.Basic("rs", () => throw new IOException())));
        (await client.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Unreachable);
        _logs.Of(6).ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_the_lifetime_of_an_answer_can_not_be_had_it_serves_one_check()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = Client(server, options => options.TtlOf = _ => throw new InvalidOperationException());
        for (var i = 1; i <= 3; i++)
        {
            (await client.IntrospectAsync("t")).IsActive.ShouldBeTrue();
            server.Calls.ShouldBe(i);
        }
        _logs.Of(6).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Where_the_risk_can_not_be_had_the_server_is_asked()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = Client(server);
        await client.IntrospectAsync("t");
        var policy = client.Policy with { RecheckProbability = 1e-9, RecheckRisk = _ => throw new InvalidOperationException() };
        client.TryIntrospect("t", policy, out _).ShouldBeFalse();
        (await client.IntrospectAsync("t", policy)).Source.ShouldBe(IntrospectionSource.Server);
        server.Calls.ShouldBe(2);
        _logs.Of(6).Count.ShouldBe(1);
    }

    private IntrospectionClient Client(OtherServer server, Action<TokenIntrospectionOptions>? more = null)
    {
        var options = new TokenIntrospectionOptions { IntrospectionEndpoint = server.Endpoint, ClientId = "rs", ClientSecret = "secret of rs", Retries = 0 };
        more?.Invoke(options);
        return new IntrospectionClient(options, logger: Logger());
    }

    private Logger<IntrospectionClient> Logger() => new(new LoggerFactory([_logs]));

    // Moves the clock until it is so.
    private static Task UntilAsync(CallerShop shop, Func<bool> condition, string what, int seconds) => Until.TrueAsync(
        () =>
        {
            if (condition()) return true;
            shop.Server.Time.AdvanceSeconds(seconds);
            return false;
        },
        what);
}
