using System.Text.Json.Nodes;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>RFC 8725 at a resource server: whose keys count, for whom a JWT is, and what its header can't make the client do.</summary>
public sealed class PartiesTests
{
    [Fact]
    public async Task W07_Keys_of_one_issuer_prove_nothing_for_another_even_with_the_same_name()
    {
        await using var one = await JwtServer.StartAsync();
        await using var two = await JwtServer.StartAsync();
        await using var client = one.Client(options => options.Jwt.Issuers.Add(two.Known()));
        foreach (var (issuer, other) in ((JwtServer, JwtServer)[])[(one, two), (two, one)])
        {
            (await client.IntrospectAsync(issuer.Token())).Source.ShouldBe(IntrospectionSource.Jwt);
            (await client.IntrospectAsync(issuer.Key.Sign(issuer.Key.Header(), With(other, "jti", "crossed")))).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        }
        foreach (var subject in (JsonNode?[])[null, "", 17, new JsonArray("alice")])
            (await client.IntrospectAsync(one.Key.Sign(one.Key.Header(), one.With("sub", subject)))).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (one.Introspections, two.Introspections).ShouldBe((0, 0));
    }

    [Fact]
    public async Task W08_What_is_for_a_neighbour_is_refused()
    {
        await using var server = await JwtServer.StartAsync();
        await using var client = server.Client();
        foreach (var audience in (JsonNode?[])["https://billing.acme.test/", "https://orders.acme.test", JwtServer.Api.ToUpperInvariant(), "web-shop", new JsonArray("https://billing.acme.test/"), new JsonArray(), null])
            (await client.IntrospectAsync(server.Key.Sign(server.Key.Header(), server.With("aud", audience)))).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (await client.IntrospectAsync(server.Key.Sign(server.Key.Header(), server.With("aud", new JsonArray("https://billing.acme.test/", JwtServer.Api))))).IsActive.ShouldBeTrue();
        server.Introspections.ShouldBe(0);
    }

    [Theory]
    [InlineData("jku")]
    [InlineData("x5u")]
    public async Task W24_W09_An_address_in_a_header_is_never_called(string name)
    {
        await using var server = await JwtServer.StartAsync();
        await using var listener = await OtherServer.StartAsync();
        var stranger = new JwtKey("stranger");
        listener.Behavior = http => OtherServer.AnswerAsync(http, new JsonObject { ["keys"] = new JsonArray(stranger.Jwk()) }.ToJsonString());
        JsonObject Pointing(JwtKey key, string type = "at+jwt")
        {
            var header = key.Header(type);
            header[name] = listener.Address + "jwks";
            return header;
        }

        await using (var client = server.Client())
        {
            (await client.IntrospectAsync(stranger.Sign(Pointing(stranger), server.Claims()))).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
            (await client.IntrospectAsync(server.Key.Sign(Pointing(server.Key), server.Claims()))).Source.ShouldBe(IntrospectionSource.Jwt);
        }

        var answer = new JsonObject { ["iss"] = server.Issuer, ["aud"] = "rs", ["iat"] = server.Time.Seconds, ["token_introspection"] = new JsonObject { ["active"] = true, ["sub"] = "alice" } };
        foreach (var (key, isGood) in ((JwtKey, bool)[])[(stranger, false), (server.Key, true)])
        {
            server.Introspection = http => OtherServer.AnswerAsync(http, key.Sign(Pointing(key, "token-introspection+jwt"), answer), "application/token-introspection+jwt");
            await using var client = server.Client(options => (options.Jwt, options.RequireSignedAnswers) = (new(), true));
            (await client.IntrospectAsync("t")).IsActive.ShouldBe(isGood);
        }
        listener.Calls.ShouldBe(0);
        server.KeyFetches.ShouldBeGreaterThan(0, "where keys are looked for, that is seen");
    }

    private static JsonObject With(JwtServer server, string name, string value) => server.With(name, value);
}
