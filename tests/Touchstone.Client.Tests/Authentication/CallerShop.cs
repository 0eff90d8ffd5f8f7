using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Client.Follow;

namespace Touchstone.Client.Tests.Authentication;

/// <summary>A real server over http and https, callers with any method, and clients that follow its feed.</summary>
internal sealed class CallerShop : IAsyncDisposable
{
    internal const string Password = "pfx of this test";

    private readonly TempFolder _folder = new();
    private readonly X509Certificate2 _certificate = SelfSigned("CN=localhost");

    private CallerShop()
    {
    }

    internal TestServer Server { get; private set; } = null!;

    internal Uri Https => new(Server.App.Addresses.First(address => address.StartsWith("https:", StringComparison.Ordinal)));

    internal string File(string name) => _folder.File(name);

    internal static async Task<CallerShop> OpenAsync()
    {
        var shop = new CallerShop();
        var (pfx, config) = (shop.File("server.pfx"), shop.File("touchstone.json"));
        await System.IO.File.WriteAllBytesAsync(pfx, shop._certificate.Export(X509ContentType.Pkcs12, Password));
        await System.IO.File.WriteAllTextAsync(config, JsonSerializer.Serialize(new { Kestrel = new { Certificates = new { Default = new { Path = pfx, Password } } } }));
        shop.Server = await TestServer.StartAsync(
            options =>
            {
                options.Urls = "http://127.0.0.1:0;https://127.0.0.1:0";
                options.Unlimit();
            },
            configFile: config);
        await shop.Server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Shop.Api }, scope = "orders:read" });
        return shop;
    }

    internal async Task<TestClient> AddAsync(string method, JsonObject? jwks = null, string? secret = null)
    {
        var body = new JsonObject { ["client_id"] = "rs-orders", ["kind"] = "resource-server", ["audience"] = new JsonArray(Shop.Api), ["auth_methods"] = new JsonArray(method) };
        if (jwks is not null) body["jwks"] = jwks;
        if (secret is not null) body["client_secret"] = secret;
        return await Server.Admin.AddClientAsync(body.ToJsonString());
    }

    internal Task<string> TokenAsync() => Server.Admin.IssueAsync(new { client_id = "web-shop", sub = "u-4821", scope = "orders:read", aud = Shop.Api });

    internal IntrospectionClient Client(ClientAuthentication caller, Uri? address = null, HttpClient? http = null)
    {
        var at = address ?? Server.Address;
        return new IntrospectionClient(
            new TokenIntrospectionOptions
            {
                IntrospectionEndpoint = new Uri(at, "/oauth/introspect"), FeedEndpoint = new Uri(at, "/feed"), TokenEndpoint = new Uri(at, "/oauth/token"), Authentication = caller, Retries = 0,
            },
            http,
            time: Server.Time);
    }

    internal async Task<string[]> FailuresAsync() =>
        [.. (await Server.Admin.GetAsync($"{AdminCalls.Clients}/rs-orders/failures")).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("reason").GetString()!)];

    /// <summary>Asks, is answered from memory, is told of a revocation by the feed, and asks again: introspection and feed both take this caller.</summary>
    internal async Task ShouldFollowAsync(IntrospectionClient client)
    {
        var token = await TokenAsync();
        var first = await client.IntrospectAsync(token);
        (first.Outcome, first.Source, first.Fault).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Server, IntrospectionFault.None));
        client.Follower.At(Server.Time.Read()).ShouldBe(Freshness.Followed);
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);
        await RevokeAsync(client, token);
        (await client.IntrospectAsync(token)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    /// <summary>Revokes, and ends when the client was told.</summary>
    internal async Task RevokeAsync(IntrospectionClient client, string token)
    {
        var seq = (await Server.Admin.RevokeAsync(token)).GetProperty("seq").GetInt64();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (client.Follower.View.Head.Seq < seq)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    internal static X509Certificate2 SelfSigned(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _certificate.Dispose();
        _folder.Dispose();
    }
}
