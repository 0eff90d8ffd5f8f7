using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>An issuer over real HTTP: metadata, keys, and an introspection endpoint. It counts who asks for what.</summary>
internal sealed class JwtServer : IAsyncDisposable
{
    internal const string Api = "https://orders.acme.test/";

    private readonly OtherServer _server;
    private int _keyFetches, _introspections;

    private JwtServer(OtherServer server) => _server = server;

    internal ManualTime Time { get; } = new();

    internal string Issuer => _server.Address.OriginalString.TrimEnd('/');

    internal JwtKey Key { get; } = new("k1");

    /// <summary>What is published.</summary>
    internal JsonArray Published { get; set; } = [];

    internal bool HidesKeys { get; set; }

    internal Func<HttpContext, Task> Introspection { get; set; } = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);

    internal int KeyFetches => Volatile.Read(ref _keyFetches);

    internal int Introspections => Volatile.Read(ref _introspections);

    internal static async Task<JwtServer> StartAsync()
    {
        var issuer = new JwtServer(await OtherServer.StartAsync());
        issuer.Published.Add(issuer.Key.Jwk());
        issuer._server.Behavior = issuer.AnswerAsync;
        return issuer;
    }

    private Task AnswerAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/.well-known/oauth-authorization-server":
                return OtherServer.AnswerAsync(http, new JsonObject { ["issuer"] = Issuer, ["introspection_endpoint"] = Issuer + "/introspect", ["jwks_uri"] = Issuer + "/jwks" }.ToJsonString());
            case "/jwks":
                Interlocked.Increment(ref _keyFetches);
                return HidesKeys ? OtherServer.RefuseAsync(http, 500) : OtherServer.AnswerAsync(http, new JsonObject { ["keys"] = Published.DeepClone() }.ToJsonString());
            case "/introspect":
                Interlocked.Increment(ref _introspections);
                return Introspection(http);
            default:
                return OtherServer.RefuseAsync(http, 404);
        }
    }

    internal JsonObject Claims() => new()
    {
        ["iss"] = Issuer, ["sub"] = "alice", ["client_id"] = "web-shop", ["jti"] = "j1", ["aud"] = Api, ["iat"] = Time.Seconds, ["exp"] = Time.Seconds + 3600, ["scope"] = "orders:read",
    };

    internal JsonObject With(string name, JsonNode? value)
    {
        var claims = Claims();
        claims.Remove(name);
        if (value is not null) claims[name] = value;
        return claims;
    }

    internal string Token() => Key.Sign(Key.Header(), Claims());

    internal IntrospectionClient Client(Action<TokenIntrospectionOptions>? more = null)
    {
        var options = new TokenIntrospectionOptions { Issuer = new Uri(Issuer), ClientId = "rs", ClientSecret = "secret of rs", Retries = 0, Jwt = { Mode = JwtMode.JwtFirst, Issuers = { Known() } } };
        more?.Invoke(options);
        return new IntrospectionClient(options, time: Time);
    }

    internal JwtIssuer Known() => new() { Issuer = Issuer, Audiences = { Api } };

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
