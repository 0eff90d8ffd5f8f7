using System.Buffers.Text;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Tokens that are bound to a client certificate, over real TLS (RFC 8705 §3).</summary>
public sealed class BoundCertificateTests : IAsyncLifetime
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), Until = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 _ca = Authority();
    private X509Certificate2 _mine = null!, _others = null!;
    private BoundApi _api = null!;

    public async ValueTask InitializeAsync()
    {
        (_mine, _others) = (Issue("CN=mine"), Issue("CN=other"));
        _api = await BoundApi.StartAsync(certificate: Issue("CN=server", isServer: true));
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        foreach (var certificate in new[] { _ca, _mine, _others }) certificate.Dispose();
    }

    [Fact]
    public async Task M05_The_certificate_of_the_token_is_let_in_from_memory_as_well()
    {
        var token = _api.Token(Bound(_mine));
        (await GetAsync(_mine, "Bearer " + token)).ShouldBe((HttpStatusCode.OK, "Server", ""));
        (await GetAsync(_mine, "Bearer " + token)).ShouldBe((HttpStatusCode.OK, "Memory", ""));
    }

    [Fact]
    public async Task M20_M21_L22_L48_No_certificate_and_that_of_another_are_refused_from_memory_as_well()
    {
        var token = _api.Token(Bound(_mine));
        var refused = (HttpStatusCode.Unauthorized, "", "Bearer realm=\"orders\", error=\"invalid_token\", error_description=\"The token is not active.\"");
        for (var i = 0; i < 2; i++)
        {
            (await GetAsync(null, "Bearer " + token)).ShouldBe(refused);
            (await GetAsync(_others, "Bearer " + token)).ShouldBe(refused);
            (await GetAsync(_mine, "Bearer " + token)).Status.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task M06_Nobody_has_to_vouch_for_the_certificate_and_the_scheme_stays_Bearer()
    {
        using var mine = Authentication.CallerShop.SelfSigned("CN=mine");
        using var others = Authentication.CallerShop.SelfSigned("CN=mine");
        var token = _api.Token(Bound(mine) + ",\"token_type\":\"Bearer\"");
        (await GetAsync(mine, "Bearer " + token)).Status.ShouldBe(HttpStatusCode.OK);
        (await GetAsync(others, "Bearer " + token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task M23_A_renewed_certificate_of_the_same_name_is_another()
    {
        using var renewed = Issue("CN=mine");
        (await GetAsync(renewed, "Bearer " + _api.Token(Bound(_mine)))).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task M24_A_header_is_no_certificate()
    {
        var token = _api.Token(Bound(_mine));
        var header = ":" + Convert.ToBase64String(_mine.RawData) + ":";
        (await GetAsync(null, "Bearer " + token, ("Client-Cert", header), ("X-ARR-ClientCert", Convert.ToBase64String(_mine.RawData)))).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_plain_token_is_good_with_any_certificate_and_none()
    {
        var token = _api.Token();
        foreach (var certificate in new[] { null, _mine }) (await GetAsync(certificate, "Bearer " + token)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task L48_A_token_that_is_bound_to_both_needs_both()
    {
        var key = new DPoPKey();
        var token = _api.Token($$"""
            "cnf":{"x5t#S256":"{{Hash(_mine)}}","jkt":"{{key.Thumbprint}}"}
            """);
        for (var i = 0; i < 2; i++)
        {
            (await GetAsync(_mine, "DPoP " + token, ("DPoP", key.Proof(_api.Url(), token, _api.Time.Seconds)))).Status.ShouldBe(HttpStatusCode.OK);
            (await GetAsync(null, "DPoP " + token, ("DPoP", key.Proof(_api.Url(), token, _api.Time.Seconds)))).Status.ShouldBe(HttpStatusCode.Unauthorized);
            (await GetAsync(_mine, "Bearer " + token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
            (await GetAsync(_mine, "DPoP " + token, ("DPoP", new DPoPKey().Proof(_api.Url(), token, _api.Time.Seconds)))).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }
        var ofCertificate = _api.Token(Bound(_mine));
        (await GetAsync(_mine, "DPoP " + ofCertificate, ("DPoP", key.Proof(_api.Url(), ofCertificate, _api.Time.Seconds)))).Status.ShouldBe(HttpStatusCode.Unauthorized, "it is bound to no key");
    }

    [Fact]
    public async Task B01_The_metadata_of_gRPC_is_the_Authorization_header()
    {
        var token = _api.Token();
        using var http = Client(null);
        foreach (var (authorization, status) in new[] { ("Bearer " + token, HttpStatusCode.OK), ("Bearer at.never-seen", HttpStatusCode.Unauthorized) })
        {
            using var call = new HttpRequestMessage(HttpMethod.Post, "/orders") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent([0, 0, 0, 0, 0]) };
            call.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
            call.Headers.TryAddWithoutValidation("te", "trailers");
            call.Headers.TryAddWithoutValidation("authorization", authorization);
            (await http.SendAsync(call)).StatusCode.ShouldBe(status);
        }
    }

    private static string Bound(X509Certificate2 certificate) => $$"""
        "cnf":{"x5t#S256":"{{Hash(certificate)}}"}
        """;

    private static string Hash(X509Certificate2 certificate) => Base64Url.EncodeToString(SHA256.HashData(certificate.RawData));

    private async Task<(HttpStatusCode Status, string Body, string Challenge)> GetAsync(X509Certificate2? certificate, string authorization, params (string Name, string Value)[] headers)
    {
        using var http = Client(certificate);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(), response.Challenge());
    }

    private HttpClient Client(X509Certificate2? certificate)
    {
        var ssl = new SslClientAuthenticationOptions { CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { _ca } } };
        if (certificate is not null) (ssl.ClientCertificates, ssl.LocalCertificateSelectionCallback) = ([certificate], (_, _, _, _, _) => certificate);
        return new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = ssl }) { BaseAddress = _api.Address };
    }

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(From, Until);
    }

    private X509Certificate2 Issue(string subject, bool isServer = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isServer ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        if (isServer) request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(_ca, From, Until, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
