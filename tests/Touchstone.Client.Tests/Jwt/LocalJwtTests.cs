using Touchstone.Client.Jwt;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>JWT access tokens that are judged without asking anybody.</summary>
public sealed class LocalJwtTests
{
    [Fact]
    public async Task H06_A_JWT_of_a_known_issuer_is_judged_here_and_says_what_an_answer_would()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        var result = await client.IntrospectAsync(server.Token());
        (result.Outcome, result.Source).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Jwt));
        (result.Token!.Subject, result.Token.ClientId, result.Token.Issuer, result.Token.ExpiresAt).ShouldBe(("alice", "web-shop", server.Issuer, server.Time.Seconds + 3600));
        result.Token.Scopes.ShouldBe(["orders:read"]);
        result.Token.Audience.ShouldBe([JwtServer.Api]);
        var members = result.Token.ReadMembers();
        members.GetProperty("active").GetBoolean().ShouldBeTrue();
        members.GetProperty("jti").GetString().ShouldBe("j1");
        server.Introspections.ShouldBe(0);
    }

    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("PS256")]
    [InlineData("RS256")]
    [InlineData("RS512")]
    public async Task H01_Each_algorithm_verifies(string algorithm)
    {
        await using var server = await JwtServer.StartAsync();
        var key = new JwtKey("k2", algorithm);
        server.Published.Add(key.Jwk());
        await using var client = server.Client();
        (await client.IntrospectAsync(key.Sign(key.Header("application/AT+JWT"), server.Claims()))).Source.ShouldBe(IntrospectionSource.Jwt);
        await using var narrow = server.Client(options => options.Jwt.Issuers[0].Algorithms = ["ES256"]);
        (await narrow.IntrospectAsync(key.Sign(key.Header(), server.Claims()))).IsActive.ShouldBe(algorithm == "ES256");
    }

    [Fact]
    public async Task A_hit_asks_nobody_checks_no_signature_and_allocates_nothing()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        var token = server.Token();
        await client.IntrospectAsync(token);
        var keys = client.Issuers.Of(server.Issuer);
        keys.Checks.ShouldBe(1);
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 200; i++) client.TryIntrospect(token, null, out _);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 200; i++) client.TryIntrospect(token, null, out _).ShouldBeTrue();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        least.ShouldBe(0);
        keys.Checks.ShouldBe(1);
    }

    [Fact]
    public async Task I17_L22_What_is_kept_ends_with_the_token_and_is_judged_again_after_ten_minutes()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        var (brief, token) = (server.Key.Sign(server.Key.Header(), server.With("exp", server.Time.Seconds + 60)), server.Token());
        await client.IntrospectAsync(brief);
        await client.IntrospectAsync(token);
        server.Time.AdvanceSeconds(60);
        (await client.IntrospectAsync(brief)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        server.Time.AdvanceSeconds(540);
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Jwt);
        server.KeyFetches.ShouldBe(2);
    }

    [Fact]
    public async Task L07_An_endpoint_that_wants_both_asks_although_the_JWT_is_kept()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        var token = server.Token();
        (await client.IntrospectAsync(token)).IsActive.ShouldBeTrue();
        var both = client.Policy with { AlsoIntrospectJwts = true };
        (await client.IntrospectAsync(token, both)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        server.Introspections.ShouldBe(1);
        (await client.IntrospectAsync(server.Key.Sign(server.Key.Header(), server.With("aud", "https://other.test")), both)).Source.ShouldBe(IntrospectionSource.Jwt);
        server.Introspections.ShouldBe(1, "what is refused here is not asked about");
        server.Introspection = http => OtherServer.RefuseAsync(http, 500);
        (await client.IntrospectAsync(server.Key.Sign(server.Key.Header(), server.With("jti", "j2")), both with { FailMode = FailMode.StaleIfError })).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
    }

    [Theory]
    [InlineData("tst_at_opaque")]
    [InlineData("eyJ1c2VyIjoxfQ.XyZ.abc")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL290aGVyLnRlc3QifQ.c2ln")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.")]
    [InlineData("eyJ..")]
    [InlineData("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d")]
    public async Task What_is_no_JWT_of_a_known_issuer_is_introspected(string token)
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Server);
        server.Introspections.ShouldBe(1);
    }

    [Fact]
    public async Task By_default_a_JWT_is_introspected_as_all_others_are()
    {
        await using var server = await JwtServer.StartAsync();
        server.Introspection = http => OtherServer.AnswerAsync(http, OtherServer.Active);
        await using var client = server.Client(options => options.Jwt = new());
        (await client.IntrospectAsync(server.Token())).Source.ShouldBe(IntrospectionSource.Server);
        server.KeyFetches.ShouldBe(0);
    }

    [Fact]
    public async Task Where_the_issuer_may_have_a_feed_its_JWTs_are_introspected_as_well_unless_they_are_trusted_until_they_expire()
    {
        await using var server = await JwtServer.StartAsync();
        await using var safe = server.Client(options => options.Feed = FeedMode.Required);
        (await safe.IntrospectAsync(server.Token())).Source.ShouldBe(IntrospectionSource.Server);
        await using var trusting = server.Client(options => (options.Feed, options.Jwt.Issuers[0].Revocation) = (FeedMode.Required, JwtRevocation.None));
        (await trusting.IntrospectAsync(server.Token())).Source.ShouldBe(IntrospectionSource.Jwt);
    }

    [Fact]
    public async Task L10_Any_other_character_makes_a_JWT_inactive()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        var token = server.Token();
        (await client.IntrospectAsync(token)).IsActive.ShouldBeTrue();
        for (var i = 0; i < token.Length; i++)
        {
            var changed = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];
            (await client.IntrospectAsync(changed)).Outcome.ShouldBe(IntrospectionOutcome.Inactive, $"character {i}");
            (await client.IntrospectAsync(token[..i])).Outcome.ShouldBe(IntrospectionOutcome.Inactive, $"cut at {i}");
        }
        foreach (var last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        {
            if (last != token[^1]) (await client.IntrospectAsync(token[..^1] + last)).Outcome.ShouldBe(IntrospectionOutcome.Inactive, $"{last} at the end");
        }
        (await client.IntrospectAsync(token + "A")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public void What_is_wrong_with_the_options_is_said_all_at_once()
    {
        var options = new TokenIntrospectionOptions
        {
            IntrospectionEndpoint = new Uri("https://as.acme.test/introspect"), ClientId = "rs", ClientSecret = "s", RequireSignedAnswers = true, BatchWindow = TimeSpan.FromMilliseconds(1), SignedAnswerAlgorithms = { "HS256" },
            Jwt = { Mode = JwtMode.JwtFirst, Issuers = { new JwtIssuer { Issuer = "http://as.acme.test", Algorithms = { "none" } }, new JwtIssuer { Issuer = "http://as.acme.test", Audiences = { "a" }, JwksUri = new Uri("ftp://x") } } },
        };
        var message = Should.Throw<ArgumentException>(() => new IntrospectionClient(options)).Message;
        foreach (var part in new[] { "twice", "AllowInsecureHttp", "needs Audiences", ".Algorithms may have", "JwksUri must", "SignedAnswerAlgorithms may have", "needs Issuer", "without BatchWindow" }) message.ShouldContain(part);
        JwtOptionsRules.Find(new TokenIntrospectionOptions { Jwt = { Mode = JwtMode.JwtFirst } }).ShouldHaveSingleItem().ShouldContain("Jwt.Issuers");
    }
}
