using System.Text.Json.Nodes;

namespace Touchstone.Server.Tests.Lessons;

/// <summary>A kind of what is sent to a server, and how a fresh one is made.</summary>
internal sealed record Kind(string Name, Func<KindWorld, Task<Specimen>> Make);

/// <summary>The table of kinds: a new one is a line here, and a name in the places that take it.</summary>
internal static class Kinds
{
    internal const string Opaque = "opaque access token", Jwt = "JWT access token", Foreign = "access token of another issuer", Refresh = "refresh token", Secret = "client secret",
        Assertion = "client assertion", AssertionAsJwt = "client assertion without a type of its own", Proof = "DPoP proof";

    /// <summary>The types that JWTs of an issuer may have.</summary>
    internal static string[] Types { get; } =
        ["at+jwt", "token-introspection+jwt", "secevent+jwt", "statuslist+jwt", "dpop+jwt", "client-authentication+jwt", "logout+jwt", "oauth-authz-req+jwt", "JWT"];

    /// <summary>What JWTs of each kind say.</summary>
    internal static Dictionary<string, Func<KindWorld, JsonObject>> Claims { get; } = new()
    {
        ["access token"] = world => Said(world, "u-4821", TestServer.DefaultIssuer, ("client_id", "plain"), ("scope", "orders:read touchstone:introspect touchstone:admin")),
        ["introspection answer"] = world => new() { ["iss"] = TestServer.DefaultIssuer, ["aud"] = "plain", ["iat"] = world.Now, ["token_introspection"] = new JsonObject { ["active"] = true } },
        ["assertion"] = world => Said(world, "plain", TestServer.DefaultIssuer, ("iss", "plain")),
        ["proof"] = world => new() { ["jti"] = world.NewId, ["htm"] = "POST", ["htu"] = TestServer.DefaultIssuer + OAuthCalls.Token, ["iat"] = world.Now },
        ["ID token"] = world => Said(world, "u-4821", "plain", ("nonce", "n"), ("auth_time", world.Now)),
        ["event"] = world => Said(world, "u-4821", "plain", ("events", new JsonObject { ["http://schemas.openid.net/event/backchannel-logout"] = new JsonObject() })),
        ["status list"] = world => Said(world, TestServer.DefaultIssuer + "/statuslists/1", "plain", ("status_list", new JsonObject { ["bits"] = 1, ["lst"] = "eNrbuRgAAhcBXQ" })),
        ["request"] = world => Said(world, "plain", TestServer.DefaultIssuer, ("iss", "plain"), ("client_id", "plain"), ("response_type", "code")),
    };

    internal static Kind[] All { get; } =
    [
        new(Opaque, world => world.TokenAsync(world.Plain)),
        new(Jwt, world => world.TokenAsync(world.Signed)),
        new(Foreign, world => world.TokenAsync(world.Plain, issuer: "https://other.test")),
        new(Refresh, world => world.TokenAsync(world.Plain, "refresh_token")),
        new(Secret, world => Task.FromResult(new Specimen(world.Plain.Secret!, world.Plain))),
        new(Assertion, world => world.JwtAsync("client-authentication+jwt", Claims["assertion"])),
        new(AssertionAsJwt, world => world.JwtAsync("JWT", Claims["assertion"])),
        new(Proof, world => world.JwtAsync("dpop+jwt", Claims["proof"])),
        new("signed introspection answer", world => world.AnswerAsync()),
        new("encrypted introspection answer", world => world.AnswerAsync(isEncrypted: true)),
        new("ID token", world => world.JwtAsync("JWT", Claims["ID token"])),
        new("logout token", world => world.JwtAsync("logout+jwt", Claims["event"])),
        new("security event token", world => world.JwtAsync("secevent+jwt", Claims["event"])),
        new("status list token", world => world.JwtAsync("statuslist+jwt", Claims["status list"])),
        new("authorization request", world => world.JwtAsync("oauth-authz-req+jwt", Claims["request"])),
        new("JWT access token that was never issued", world => world.JwtAsync("at+jwt", Claims["access token"])),
    ];

    private static JsonObject Said(KindWorld world, string subject, string audience, params (string Name, JsonNode Value)[] more)
    {
        var claims = new JsonObject { ["iss"] = TestServer.DefaultIssuer, ["sub"] = subject, ["aud"] = audience, ["iat"] = world.Now, ["exp"] = world.Now + 60, ["jti"] = world.NewId };
        foreach (var (name, value) in more) claims[name] = value;
        return claims;
    }
}
