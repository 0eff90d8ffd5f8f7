using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary>A server on https that trusts one CA, and callers with certificates.</summary>
public sealed class TlsServer : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    internal TestServer Server { get; private set; } = null!;

    internal Action<ServerOptions> Adjust { get; init; } = _ => { };

    internal TestCa Ca { get; } = TestCa.Create("Acme CA");

    public async ValueTask InitializeAsync()
    {
        var roots = Path.Combine(_folder.Path, "roots.pem");
        var pfx = Path.Combine(_folder.Path, "server.pfx");
        await File.WriteAllTextAsync(roots, Ca.Pem);
        await File.WriteAllBytesAsync(pfx, Ca.ServerCertificate("localhost").Export(X509ContentType.Pkcs12, "pfx"));
        var config = Path.Combine(_folder.Path, "touchstone.json");
        await File.WriteAllTextAsync(config, new JsonObject { ["Kestrel"] = new JsonObject { ["Certificates"] = new JsonObject { ["Default"] = new JsonObject { ["Path"] = pfx, ["Password"] = "pfx" } } } }.ToJsonString());
        Server = await TestServer.StartAsync(
            options =>
            {
                options.Urls = "http://127.0.0.1:0;https://127.0.0.1:0";
                options.ClientCertificates.TrustedRoots = roots;
                options.Unlimit();
                Adjust(options);
            },
            configFile: config);
    }

    /// <summary>Introspects over TLS, with a certificate or without.</summary>
    internal async Task<Answer> CallAsync(string clientId, X509Certificate2? certificate, string? header = null, params (string Name, string Value)[] more)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        if (certificate is not null) handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        using var http = new HttpClient(handler) { BaseAddress = new Uri(Server.App.Addresses.First(address => address.StartsWith("https:", StringComparison.Ordinal))) };
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect);
        if (header is not null) request.Headers.TryAddWithoutValidation("Client-Cert", header);
        request.Content = new FormUrlEncodedContent([new("token", "unknown"), new("client_id", clientId), .. more.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
        return await Answer.ReadAsync(await http.SendAsync(request));
    }

    internal async Task ShouldAcceptAsync(string clientId, X509Certificate2 certificate) => (await CallAsync(clientId, certificate)).ShouldBeInactive();

    internal async Task ShouldRefuseAsync(string clientId, X509Certificate2? certificate, string reason)
    {
        (await CallAsync(clientId, certificate)).ShouldBeError(401, "invalid_client", "Client authentication failed.");
        (await Server.LastFailureAsync(clientId)).ShouldBe(reason);
    }

    internal Task<TestClient> AddAsync(string id, string member, string value) => Server.AddAsync(id, "tls_client_auth", body => body[member] = value);

    internal static JsonObject CertificateKey(X509Certificate2 certificate) => new() { ["kty"] = "EC", ["x5c"] = new JsonArray(Convert.ToBase64String(certificate.RawData)) };

    internal static JsonObject CertificateSet(params X509Certificate2[] certificates) => new() { ["keys"] = new JsonArray([.. certificates.Select(CertificateKey)]) };

    internal static string Header(X509Certificate2 certificate) => $":{Convert.ToBase64String(certificate.RawData)}:";

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
