using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.Serve;

/// <summary>TLS comes from Kestrel's usual settings, in the file of <c>--config</c> (C-19).</summary>
public sealed class HttpsTests : IDisposable
{
    private const string Password = "only for this test";

    private readonly TempFolder _folder = new();
    private readonly X509Certificate2 _certificate = CreateCertificate();

    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task C19_An_endpoint_with_its_certificate_serves_https_and_the_command_line_checks_it()
    {
        var port = Ports.Take();
        var kestrel = new { Endpoints = new { Https = new { Url = $"https://127.0.0.1:{port}", Certificate = CertificateSetting() } } };
        await using var server = await StartAsync(port, kestrel, urls: "", "--issuer", $"https://127.0.0.1:{port}", "--demo");

        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        server.DemoJson.GetProperty("server").GetString().ShouldBe($"https://127.0.0.1:{port}");

        var cli = Cli.For(server);
        var stranger = await cli.RunAsync("introspect", server.DemoToken);
        stranger.ShouldEndWith(3);
        stranger.Error.ShouldContain("TLS");

        var pem = _folder.File("trusted.pem");
        await File.WriteAllTextAsync(pem, _certificate.ExportCertificatePem());
        (await cli.With("SSL_CERT_FILE", pem).RunAsync("introspect", server.DemoToken)).ShouldEndWith(0);
    }

    [Fact]
    public async Task C19_Https_urls_take_the_default_certificate()
    {
        var port = Ports.Take();
        await using var server = await StartAsync(port, new { Certificates = new { Default = CertificateSetting() } }, urls: $"https://127.0.0.1:{port}", "--demo");

        server.DemoJson.GetProperty("server").GetString().ShouldBe($"https://127.0.0.1:{port}");
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
    }

    private object CertificateSetting()
    {
        var path = _folder.File("server.pfx");
        File.WriteAllBytes(path, _certificate.Export(X509ContentType.Pfx, Password));
        return new { Path = path, Password };
    }

    private async Task<ServerProcess> StartAsync(int port, object kestrel, string urls, params string[] arguments)
    {
        var config = _folder.File("touchstone.json");
        await File.WriteAllTextAsync(config, JsonSerializer.Serialize(new { Kestrel = kestrel }));
        return await ServerProcess.StartAsync(new ServerSetup
        {
            Port = port,
            Urls = urls,
            Address = new Uri($"https://127.0.0.1:{port}"),
            CertificateSha256 = _certificate.GetCertHashString(HashAlgorithmName.SHA256),
            Arguments = ["--config", config, .. arguments],
        });
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=touchstone test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
