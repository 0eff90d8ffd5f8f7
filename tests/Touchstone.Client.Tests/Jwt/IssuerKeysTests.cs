using Touchstone.Client.Jwt;
using Touchstone.Protocol.Leases;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>How the keys of an issuer come, stay and go.</summary>
public sealed class IssuerKeysTests
{
    [Fact]
    public async Task K36_A_new_key_is_fetched_when_it_is_met()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        await client.IntrospectAsync(server.Token());
        var next = new JwtKey("k2");
        server.Published.Add(next.Jwk());
        server.Time.AdvanceSeconds(5);
        (await client.IntrospectAsync(next.Sign(next.Header(), server.Claims()))).Source.ShouldBe(IntrospectionSource.Jwt);
        server.KeyFetches.ShouldBe(2);
    }

    [Fact]
    public async Task W09_Many_unknown_kids_make_one_fetch_in_five_seconds()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        await client.IntrospectAsync(server.Token());
        server.Time.AdvanceSeconds(5);
        var stranger = new JwtKey("x");
        for (var round = 1; round <= 2; round++)
        {
            var tokens = Enumerable.Range(0, 50).Select(i =>
            {
                var header = stranger.Header();
                header["kid"] = $"{round}.{i}";
                return stranger.Sign(header, server.Claims());
            });
            var results = await Task.WhenAll(tokens.Select(token => Task.Run(async () => await client.IntrospectAsync(token))));
            results.ShouldAllBe(result => result.Outcome == IntrospectionOutcome.Inactive);
            server.KeyFetches.ShouldBe(1 + round);
            server.Time.AdvanceSeconds(5);
        }
    }

    [Fact]
    public async Task A_key_that_left_ends_what_it_vouched_for()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        var token = server.Token();
        await client.IntrospectAsync(token);
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        var next = new JwtKey("k2");
        server.Published = [next.Jwk()];
        server.Time.AdvanceSeconds(5);
        (await client.IntrospectAsync(next.Sign(next.Header(), server.Claims()))).IsActive.ShouldBeTrue();
        (await client.IntrospectAsync(token)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task Whatever_fails_when_keys_are_fetched_is_tried_again()
    {
        await using var server = await JwtServer.StartAsync();
        var failing = true;
        await using var client = server.Client(options => options.Backchannel = () => new Failing(() => Volatile.Read(ref failing)) { InnerHandler = new SocketsHttpHandler() });
        (await client.IntrospectAsync(server.Token())).Fault.ShouldBe(IntrospectionFault.KeysUnavailable);
        failing = false;
        server.Time.AdvanceSeconds(5);
        (await client.IntrospectAsync(server.Token())).Source.ShouldBe(IntrospectionSource.Jwt);
    }

    private sealed class Failing(Func<bool> isFailing) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            isFailing() && request.RequestUri!.AbsolutePath.Contains("jwks", StringComparison.Ordinal) ? throw new System.Net.Sockets.SocketException(104) : base.SendAsync(request, cancellationToken);
    }

    [Fact]
    public async Task Keys_that_cannot_be_had_make_no_token_inactive_and_are_asked_for_again()
    {
        await using var server = await JwtServer.StartAsync();
        server.HidesKeys = true;
        await using var client = server.Client();
        var token = server.Token();
        for (var i = 0; i < 3; i++)
        {
            var result = await client.IntrospectAsync(token);
            (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.KeysUnavailable));
        }
        (server.KeyFetches, server.Introspections).ShouldBe((1, 0));
        server.HidesKeys = false;
        server.Time.AdvanceSeconds(1);
        (await client.IntrospectAsync(token)).IsActive.ShouldBeTrue();
    }

    [Fact]
    public async Task Where_the_issuer_is_out_of_reach_its_keys_serve_for_an_hour()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        var long1 = server.Key.Sign(server.Key.Header(), server.With("exp", server.Time.Seconds + 10_000));
        await client.IntrospectAsync(long1);
        server.HidesKeys = true;
        server.Time.AdvanceSeconds(3599);
        (await client.IntrospectAsync(long1)).Source.ShouldBe(IntrospectionSource.Jwt);
        (await client.IntrospectAsync(long1)).Source.ShouldBe(IntrospectionSource.Memory);
        // And no longer, also where it is held: for whoever stole a key that is the bound.
        server.Time.AdvanceSeconds(1);
        (await client.IntrospectAsync(long1)).Fault.ShouldBe(IntrospectionFault.KeysUnavailable);
    }

    [Fact]
    public async Task A_retired_key_vouches_for_nothing_ten_minutes_after_its_set_was_read_however_late_a_JWT_came()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        await client.IntrospectAsync(server.Token());
        server.Published = [new JwtKey("k2").Jwk()];
        server.Time.AdvanceSeconds(299);
        var late = server.Key.Sign(server.Key.Header(), server.With("jti", "late"));
        (await client.IntrospectAsync(late)).Source.ShouldBe(IntrospectionSource.Jwt);
        server.Time.AdvanceSeconds(301);
        (await client.IntrospectAsync(late)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task Keys_in_use_are_fetched_again_beside_it_and_the_same_ones_make_nothing_be_judged_again()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        await client.IntrospectAsync(server.Token());
        server.Time.AdvanceSeconds(299);
        var token = server.Token();
        await client.IntrospectAsync(token);
        server.KeyFetches.ShouldBe(1);
        server.Time.AdvanceSeconds(1);
        // A hit begins it, and does not wait.
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        await Until.TrueAsync(() => server.KeyFetches == 2, "the keys are fetched again");
        var keys = client.Issuers.Of(server.Issuer);
        await Until.TrueAsync(() => keys.Serve(keys.Current!, server.Time.Read() with { Wall = server.Time.Read().Wall + IssuerKeys.Fresh - TimeSpan.FromSeconds(1) }), "they are read");
        // Older than ten minutes by their first fetch, and none by their second.
        server.Time.AdvanceSeconds(301);
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        keys.Checks.ShouldBe(2);
    }

    [Fact]
    public async Task L47_A_made_up_kid_is_no_outage_while_keys_are_held()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client(options => options.Policy = options.Policy with { FailMode = FailMode.FailOpen });
        await client.IntrospectAsync(server.Token());
        server.HidesKeys = true;
        server.Time.AdvanceSeconds(6);
        var stranger = new JwtKey("nobody");
        for (var i = 0; i < 2; i++)
        {
            var result = await client.IntrospectAsync(stranger.Sign(stranger.Header(), server.Claims()));
            (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.UnknownKey));
        }
        (await client.IntrospectAsync(server.Key.Sign(server.Key.Header(), server.With("jti", "j2")))).Source.ShouldBe(IntrospectionSource.Jwt);
        // Without any key it is one.
        server.Time.AdvanceSeconds(3600);
        var outage = await client.IntrospectAsync(server.Token());
        (outage.Source, outage.Fault).ShouldBe((IntrospectionSource.Open, IntrospectionFault.KeysUnavailable));
    }

    [Fact]
    public async Task An_issuer_that_is_dead_harms_no_other()
    {
        await using var server = await JwtServer.StartAsync();
        var dead = await JwtServer.StartAsync();
        var (known, token) = (dead.Known(), dead.Token());
        await dead.DisposeAsync();
        await using var client = server.Client(options => options.Jwt.Issuers.Insert(0, known));
        (await client.IntrospectAsync(token)).Fault.ShouldBe(IntrospectionFault.KeysUnavailable);
        (await client.IntrospectAsync(server.Token())).Source.ShouldBe(IntrospectionSource.Jwt);
        (await client.IntrospectAsync("opaque")).Source.ShouldBe(IntrospectionSource.Server);
    }

    [Fact]
    public async Task JwksUri_is_used_without_metadata()
    {
        await using var server = await JwtServer.StartAsync();
        await using var keys = await JwtServer.StartAsync();
        keys.Published = [server.Key.Jwk()];
        await using var client = server.Client(options => options.Jwt.Issuers[0].JwksUri = new Uri(keys.Issuer + "/jwks"));
        (await client.IntrospectAsync(server.Token())).Source.ShouldBe(IntrospectionSource.Jwt);
        (server.KeyFetches, keys.KeyFetches).ShouldBe((0, 1));
    }
}
