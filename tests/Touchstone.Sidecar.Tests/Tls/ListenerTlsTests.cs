using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Tests.ForwardAuth;

namespace Touchstone.Sidecar.Tests.Tls;

/// <summary>Proxies over TLS, with a certificate of their own.</summary>
public sealed class ListenerTlsTests
{
    [Fact]
    public async Task F12_L41_A_peer_that_shows_a_certificate_of_the_authority_is_trusted_wherever_it_is()
    {
        using var folder = new TempFolder();
        using var authority = Issue("CN=authority", null);
        using var own = Issue("CN=localhost", authority);
        using var stranger = Issue("CN=stranger", null);
        using var proxy = Issue("CN=proxy", authority);
        File.WriteAllText(folder.File("ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(folder.File("tls.crt"), own.ExportCertificatePem());
        File.WriteAllText(folder.File("tls.key"), own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await using var site = await SidecarSite.OpenAsync(more: $"trusted_proxies: 10.0.0.0/8\ntls: {{ certificate_file: \"{folder.File("tls.crt")}\", key_file: \"{folder.File("tls.key")}\", client_ca_file: \"{folder.File("ca.pem")}\" }}", listen: "https://127.0.0.1:0");

        (await AskAsync(site, proxy)).ShouldBe(HttpStatusCode.OK);
        await Should.ThrowAsync<HttpRequestException>(() => AskAsync(site, stranger));
        await Should.ThrowAsync<HttpRequestException>(() => AskAsync(site, null));
    }

    [Fact]
    public async Task Who_shows_a_certificate_may_introspect_without_a_secret_where_the_file_says_so()
    {
        using var folder = new TempFolder();
        using var authority = Issue("CN=authority", null);
        using var own = Issue("CN=localhost", authority);
        using var someone = Issue("CN=reports", authority);
        File.WriteAllText(folder.File("ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(folder.File("tls.crt"), own.ExportCertificatePem());
        File.WriteAllText(folder.File("tls.key"), own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var tls = $"tls: {{ certificate_file: \"{folder.File("tls.crt")}\", key_file: \"{folder.File("tls.key")}\", client_ca_file: \"{folder.File("ca.pem")}\" }}";
        await using var site = await SidecarSite.OpenAsync(more: tls + "\nintrospect: { certificate_peers: true }", listen: "https://127.0.0.1:0");
        await using var closed = await SidecarSite.OpenAsync(more: tls + "\nintrospect: { callers: { client_id: a, client_secret: b } }", listen: "https://127.0.0.1:0");

        (await IntrospectAsync(site, new AuthenticationHeaderValue("Basic", "YTpi"))).ShouldBe(HttpStatusCode.Unauthorized, "a wrong secret is no missing one");
        (await IntrospectAsync(site, null)).ShouldBe(HttpStatusCode.OK);
        (await IntrospectAsync(closed, null)).ShouldBe(HttpStatusCode.Unauthorized);
        SidecarConfigReader.Read("issuers: { issuer: https://as.acme.test, client_id: a, client_secret: b }\nrules: { name: r, paths: /** }\nintrospect: { certificate_peers: true }", ".").Faults.ShouldHaveSingleItem().Message.ShouldContain("client_ca_file");

        async Task<HttpStatusCode> IntrospectAsync(SidecarSite at, AuthenticationHeaderValue? credentials)
        {
            using var http = NewHttp(someone);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(at.Address, "/introspect")) { Content = new FormUrlEncodedContent([new("token", "tst_at_nobody_knows")]), Headers = { Authorization = credentials } };
            return (await http.SendAsync(request)).StatusCode;
        }
    }

    [Fact]
    public async Task Operators_show_a_certificate_over_TLS()
    {
        using var folder = new TempFolder();
        using var authority = Issue("CN=authority", null);
        using var own = Issue("CN=localhost", authority);
        using var stranger = Issue("CN=stranger", null);
        using var someone = Issue("CN=operator", authority);
        File.WriteAllText(folder.File("ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(folder.File("tls.crt"), own.ExportCertificatePem());
        File.WriteAllText(folder.File("tls.key"), own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var files = $"certificate_file: \"{folder.File("tls.crt")}\", key_file: \"{folder.File("tls.key")}\"";
        await using var site = await SidecarSite.OpenAsync("- { name: any token, paths: /any }", $"admin_tls: {{ {files}, client_ca_file: \"{folder.File("ca.pem")}\" }}", admin: "https://127.0.0.1:0");

        (await SetAsync(someone)).ShouldBe(HttpStatusCode.OK);
        await Should.ThrowAsync<HttpRequestException>(() => SetAsync(stranger));
        await Should.ThrowAsync<HttpRequestException>(() => SetAsync(null));
        SidecarConfigReader.Read($"issuers: {{ issuer: https://as.acme.test, client_id: a, client_secret: b }}\nrules: {{ name: r, paths: /** }}\nadmin: https://10.0.0.1:9081\nadmin_tls: {{ {files} }}", ".").Faults.ShouldHaveSingleItem().Message.ShouldContain("give client_ca_file");
        SidecarConfigReader.Read($"issuers: {{ issuer: https://as.acme.test, client_id: a, client_secret: b }}\nrules: {{ name: r, paths: /** }}\nadmin: https://10.0.0.1:9081\nadmin_tls: {{ {files}, client_ca_file: \"{folder.File("ca.pem")}\" }}", ".").Config.ShouldNotBeNull();

        async Task<HttpStatusCode> SetAsync(X509Certificate2? certificate)
        {
            using var http = NewHttp(certificate);
            using var body = new StringContent("""{"rule":"any token","fail_mode":"open","for_seconds":60}""", System.Text.Encoding.UTF8, "application/json");
            return (await http.PostAsync(new Uri(site.Admin, "/overrides"), body)).StatusCode;
        }
    }

    private static HttpClient NewHttp(X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true } };
        if (certificate is not null) handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        return new HttpClient(handler);
    }

    private static async Task<HttpStatusCode> AskAsync(SidecarSite site, X509Certificate2? certificate)
    {
        using var http = NewHttp(certificate);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(site.Address, "/auth/nginx")) { Headers = { { "X-Original-Method", "GET" }, { "X-Original-Host", "a.test" }, { "X-Original-URI", "/healthz" } } };
        return (await http.SendAsync(request)).StatusCode;
    }

    private static X509Certificate2 Issue(string name, X509Certificate2? authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority is null, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        if (authority is null) return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        using var bare = request.Create(authority, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        using var with = bare.CopyWithPrivateKey(key);
        // As it comes from a file: TLS wants a key of its own.
        return X509CertificateLoader.LoadPkcs12(with.Export(X509ContentType.Pkcs12), null);
    }
}
