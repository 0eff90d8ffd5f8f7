using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Signing;
using Touchstone.Server.Tests.Rfc8693;
using Touchstone.Server.Tests.Rfc9701;

namespace Touchstone.Server.Tests.Lessons;

/// <summary>One of a kind, and the client that it belongs to.</summary>
internal sealed record Specimen(string Value, TestClient Owner);

/// <summary>
/// A server where as little as can be tells the kinds apart: two clients that may do everything everywhere, and whose registered key is the server's own. So every JWT here has a signature that is good for whoever looks.
/// </summary>
public sealed class KindWorld : IAsyncLifetime
{
    private const string Everything = "orders:read touchstone:introspect touchstone:admin touchstone:revoke";

    private int _count;

    internal Acme Acme { get; private set; } = null!;

    /// <summary>A client whose access tokens are opaque.</summary>
    internal TestClient Plain { get; private set; } = null!;

    /// <summary>The same, but for its access tokens: they are JWTs.</summary>
    internal TestClient Signed { get; private set; } = null!;

    private TestClient Encrypted { get; set; } = null!;

    internal OAuthCalls OAuth => Acme.OAuth;

    internal long Now => Acme.Time.Seconds;

    private SigningKey Key => Acme.Server.Services.GetRequiredService<SigningKeys>().Current(SigningKey.Es256);

    public async ValueTask InitializeAsync()
    {
        Acme = await Acme.StartAsync(options => options.Unlimit());
        await Acme.Admin.AddClientAsync(new { client_id = "rs-stock", kind = "resource-server", audience = new[] { Exchanges.StockApi } });
        (Plain, Signed) = (await AddAsync("plain", "opaque"), await AddAsync("signed", "jwt"));
        Encrypted = await Acme.Admin.AddClientAsync(new { client_id = "rs-encrypted", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = "ECDH-ES", jwks = JwtReader.NewRecipient("ECDH-ES").Jwks });
        await Acme.Admin.IssueAsync(new { client_id = "plain", sub = "leaver" }); // Somebody whose tokens can be ended.
    }

    public ValueTask DisposeAsync() => Acme.DisposeAsync();

    internal async Task<Specimen> TokenAsync(TestClient owner, string kind = "access_token", string? issuer = null) =>
        new(await Acme.Admin.IssueAsync(new
        {
            client_id = owner.Id, kind, sub = "u-4821", scope = Everything, aud = new[] { TestServer.DefaultIssuer, Acme.OrdersApi }, grant = kind == "refresh_token" ? NewId : null,
            iss = issuer, token = issuer is null ? null : "foreign-" + NewId, expires_in = 600,
        }), owner);

    /// <summary>What the server says of an active token, as a JWT.</summary>
    internal async Task<Specimen> AnswerAsync(bool isEncrypted = false)
    {
        var answer = await OAuth.SignedAsync((await TokenAsync(Plain)).Value, isEncrypted ? Encrypted : Acme.Orders);
        answer.Status.ShouldBe(200, answer.ToString());
        return new(answer.Text, Plain);
    }

    /// <summary>A JWT that the server's own key signed, with all in its header that anybody looks for.</summary>
    internal Task<Specimen> JwtAsync(string type, Func<KindWorld, JsonObject> claims)
    {
        var head = new JsonObject { ["typ"] = type, ["alg"] = Key.Algorithm, ["kid"] = Key.Kid, ["jwk"] = JsonNode.Parse(Key.Jwk) };
        var signed = $"{Part(head)}.{Part(claims(this))}";
        var signature = new byte[Key.SignatureSize];
        var size = Key.Sign(Encoding.ASCII.GetBytes(signed), signature);
        return Task.FromResult(new Specimen($"{signed}.{Base64Url.EncodeToString(signature.AsSpan(0, size))}", Plain));
    }

    internal string NewId => $"id-{Interlocked.Increment(ref _count)}";

    private Task<TestClient> AddAsync(string id, string format) => Acme.Admin.AddClientAsync(new
    {
        client_id = id, kind = "client", audience = new[] { TestServer.DefaultIssuer, Acme.OrdersApi }, scope = Everything, may_introspect = true,
        auth_methods = new[] { "client_secret_basic", "client_secret_post", "private_key_jwt" }, jwks = JsonDocument.Parse($$"""{"keys":[{{Key.Jwk}}]}""").RootElement,
        grants = new { access_token_format = format, grant_types = new[] { "client_credentials", "refresh_token", Exchanges.Grant }, token_exchange = Exchanges.Policy() },
    });

    private static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
