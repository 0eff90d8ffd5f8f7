using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Client.Tests.AspNetCore;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>
/// The tables of kinds and places on the side that asks: a new one is a line. One key signs everything, the proofs too, and bound tokens are bound to it: no signature tells the kinds apart.
/// </summary>
public sealed class ClientKinds : IAsyncLifetime
{
    private const string AnswerType = "application/token-introspection+jwt", Proof = "DPoP proof", Access = "access token", Bound = "bound access token", Opaque = "opaque access token", Signed = "signed introspection answer", Encrypted = "encrypted introspection answer";

    private readonly ECDiffieHellman _curve = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private IntrospectionClient _plain = null!, _signed = null!, _encrypted = null!;
    private string _body = OtherServer.Inactive;
    private BoundApi _api = null!;
    private int _count;

    internal sealed record Kind(string Name, Func<ClientKinds, string> Make);

    /// <summary>A place, the kinds that it takes, and of JWTs the claims and type that it takes together.</summary>
    internal sealed record Place(string Name, string[] Takes, Func<ClientKinds, string, Task<bool>> TryAsync, (string Claims, string Type) Jwts = default);

    internal static Dictionary<string, Func<ClientKinds, JsonObject>> Claims { get; } = new()
    {
        ["access token"] = world => world.Said(JwtServer.Api),
        ["introspection answer"] = world => new() { ["iss"] = world.Server.Issuer, ["aud"] = "rs", ["iat"] = world.Server.Time.Seconds, ["token_introspection"] = new JsonObject { ["active"] = true, ["sub"] = "alice" } },
        ["assertion"] = world => world.Said(world.Server.Issuer, ("iss", "web-shop"), ("sub", "web-shop")),
        ["proof"] = world => new() { ["jti"] = world.NewId, ["htm"] = "GET", ["htu"] = world._api.Url(), ["iat"] = world.Server.Time.Seconds, ["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(world.BoundToken))) },
        ["ID token"] = world => world.Said("web-shop", ("nonce", "n")),
        ["event"] = world => world.Said(JwtServer.Api, ("events", new JsonObject { ["http://schemas.openid.net/event/backchannel-logout"] = new JsonObject() })),
        ["status list"] = world => world.Said("web-shop", ("status_list", new JsonObject { ["bits"] = 1, ["lst"] = "eNrbuRgAAhcBXQ" })),
    };

    internal static string[] Types { get; } = ["at+jwt", "token-introspection+jwt", "secevent+jwt", "statuslist+jwt", "dpop+jwt", "client-authentication+jwt", "logout+jwt", "oauth-authz-req+jwt", "JWT"];

    internal static Kind[] Kinds { get; } =
    [
        new(Access, world => world.Sign("at+jwt", Claims["access token"](world))),
        new(Bound, world => world.BoundToken),
        new(Opaque, _ => "tst_at_good"),
        new("refresh token", _ => "tst_rt_good"),
        new(Signed, world => world.Sign("token-introspection+jwt", Claims["introspection answer"](world))),
        new(Encrypted, world => world.Encrypt(world.Sign("token-introspection+jwt", Claims["introspection answer"](world)))),
        new("encrypted access token", world => world.Encrypt(world.Sign("at+jwt", Claims["access token"](world)))),
        new(Proof, world => world.Sign("dpop+jwt", Claims["proof"](world))),
        new("client assertion", world => world.Sign("client-authentication+jwt", Claims["assertion"](world))),
        new("ID token", world => world.Sign("JWT", Claims["ID token"](world))),
        new("security event token", world => world.Sign("secevent+jwt", Claims["event"](world))),
        new("logout token", world => world.Sign("logout+jwt", Claims["event"](world))),
        new("status list token", world => world.Sign("statuslist+jwt", Claims["status list"](world))),
    ];

    internal static Place[] Places { get; } =
    [
        new("token of the client, judged here", [Access, Bound], async (world, it) => (await world.AskAsync(world._plain, it)) is { IsActive: true, Source: var source } && (source is IntrospectionSource.Jwt || (source is IntrospectionSource.Memory && it.Contains('.'))), ("access token", "at+jwt")),
        new("token of the client, judged here or there", [Access, Bound, Opaque], async (world, it) => (await world.AskAsync(world._plain, it)).IsActive, ("access token", "at+jwt")),
        new("answer that has to be signed", [Signed, Encrypted], (world, it) => world.AnswerAsync(world._signed, it), ("introspection answer", "token-introspection+jwt")),
        new("answer that has to be encrypted", [Encrypted], (world, it) => world.AnswerAsync(world._encrypted, it)),
        new("answer that has to be encrypted, within", [Signed], (world, it) => world.AnswerAsync(world._encrypted, world.Encrypt(it)), ("introspection answer", "token-introspection+jwt")),
        new("bearer at the API", [Access, Opaque], (world, it) => world.CallAsync("Bearer " + it), ("access token", "at+jwt")),
        new("token of DPoP at the API", [Bound], (world, it) => world.CallAsync("DPoP " + it, world.Sign("dpop+jwt", With(Claims["proof"](world), "ath", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(it))))))),
        new("DPoP header at the API", [Proof], (world, it) => world.CallAsync("DPoP " + world.BoundToken, it), ("proof", "dpop+jwt")),
    ];

    internal JwtServer Server { get; private set; } = null!;

    private string BoundToken { get; set; } = "";

    private string NewId => $"id-{Interlocked.Increment(ref _count)}";

    public async ValueTask InitializeAsync()
    {
        Server = await JwtServer.StartAsync();
        var jwk = Server.Key.Jwk();
        var thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{jwk["x"]}}","y":"{{jwk["y"]}}"}""")));
        BoundToken = Sign("at+jwt", Said(JwtServer.Api, ("cnf", new JsonObject { ["jkt"] = thumbprint })));
        // A server that knows the one opaque token. Answers that have to be signed are what the test says.
        Server.Introspection = http => http.Request.Headers.Accept == AnswerType
            ? OtherServer.AnswerAsync(http, _body, AnswerType)
            : OtherServer.AnswerAsync(http, http.Request.Form["token"] == "tst_at_good" ? OtherServer.Active : OtherServer.Inactive);
        _plain = Server.Client();
        _signed = Server.Client(options => (options.Jwt, options.RequireSignedAnswers, options.SignedAnswerKeys) = (new(), true, [Opener]));
        _encrypted = Server.Client(options => (options.Jwt, options.RequireSignedAnswers, options.RequireEncryptedAnswers, options.SignedAnswerKeys) = (new(), true, true, [Opener]));
        _api = await BoundApi.StartAsync(scheme => scheme.Introspection = new() { Issuer = new Uri(Server.Issuer), ClientId = "rs", ClientSecret = "s", Retries = 0, Jwt = { Mode = JwtMode.JwtFirst, Issuers = { Server.Known() } } });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in (IntrospectionClient[])[_plain, _signed, _encrypted]) await client.DisposeAsync();
        await _api.DisposeAsync();
        await Server.DisposeAsync();
        _curve.Dispose();
    }

    /// <summary>A JWT with all in its header that anybody looks for.</summary>
    internal string Sign(string type, JsonObject claims)
    {
        var header = Server.Key.Header(type);
        header["jwk"] = Server.Key.Jwk();
        return Server.Key.Sign(header, claims);
    }

    private DecryptionKey Opener() => new(_curve);

    private string Encrypt(string jwt)
    {
        var point = _curve.ExportParameters(includePrivateParameters: false).Q;
        var key = EncryptionKey.TryRead(JsonElement.Parse($$"""{"kty":"EC","use":"enc","crv":"P-256","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}"""))!;
        return Encoding.ASCII.GetString(EncryptedJwt.Encrypt(key, "A256GCM", Encoding.ASCII.GetBytes(jwt)));
    }

    private JsonObject Said(string audience, params (string Name, JsonNode Value)[] more)
    {
        var claims = Server.Claims();
        (claims["aud"], claims["jti"]) = (audience, NewId);
        foreach (var (name, value) in more) claims[name] = value;
        return claims;
    }

    private static JsonObject With(JsonObject claims, string name, string value)
    {
        claims[name] = value;
        return claims;
    }

    // Whatever can't be told is a failure of the test: it is taken or it is not.
    private async Task<IntrospectionResult> AskAsync(IntrospectionClient client, string token)
    {
        var result = await client.IntrospectAsync(token);
        result.Outcome.ShouldBeOneOf(IntrospectionOutcome.Active, IntrospectionOutcome.Inactive);
        return result;
    }

    private async Task<bool> AnswerAsync(IntrospectionClient client, string body)
    {
        _body = body;
        var result = await client.IntrospectAsync(NewId);
        if (!result.IsActive) (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Malformed));
        return result.IsActive;
    }

    private async Task<bool> CallAsync(string authorization, params string[] proofs)
    {
        using var response = await _api.SendAsync("/orders", authorization, proofs);
        response.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.Unauthorized);
        return response.StatusCode is HttpStatusCode.OK;
    }
}
