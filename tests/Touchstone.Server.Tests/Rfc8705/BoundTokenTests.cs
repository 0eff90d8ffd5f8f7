using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Server.Tests.ClientAuth;

namespace Touchstone.Server.Tests.Rfc8705;

/// <summary>Tokens that are bound to the certificate of the request. The proxy in front is this machine.</summary>
public sealed class BoundTokenTests : IAsyncLifetime
{
    private readonly X509Certificate2 _certificate = TestCa.SelfSigned("CN=shop");
    private TestServer _server = null!;
    private TestClient _bound = null!, _plain = null!, _orders = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(options =>
        {
            options.Unlimit();
            options.ClientCertificates.TrustedProxies.Add("127.0.0.1");
            options.ClientCertificates.AliasBase = "https://mtls.acme.test";
        });
        _orders = await _server.Admin.AddClientAsync(new { client_id = "orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        _plain = await _server.Admin.AddClientAsync(new { client_id = "plain", kind = "client", audience = new[] { Acme.OrdersApi } });
        _bound = await _server.Admin.AddClientAsync(new { client_id = "bound", kind = "client", audience = new[] { Acme.OrdersApi }, grants = new { tls_client_certificate_bound_access_tokens = true } });
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task M04_A_token_is_bound_to_the_certificate_of_the_request()
    {
        var token = await TokenAsync(await AskAsync(_bound, _certificate), "Bearer");
        (await _server.OAuth.IntrospectAsync(token, _orders)).ShouldBeActive().GetProperty("cnf").GetRawText().ShouldBe($$"""{"x5t#S256":"{{HashOf(_certificate)}}"}""");
    }

    [Fact]
    public async Task M04_Without_a_certificate_such_a_client_gets_nothing()
    {
        (await AskAsync(_bound, null)).ShouldBeError(400, "invalid_request", "The tokens of this client are bound to a certificate: show one that is in time.");
        (await AskAsync(_bound, TestCa.SelfSigned("CN=shop", DateTimeOffset.FromUnixTimeSeconds(_server.Time.Seconds - 1)))).ShouldBeError(400, "invalid_request");
    }

    [Fact]
    public async Task M04_Of_any_other_client_the_certificate_binds_nothing()
    {
        var token = await TokenAsync(await AskAsync(_plain, _certificate), "Bearer");
        (await _server.OAuth.IntrospectAsync(token, _orders)).ShouldBeActive().TryGetProperty("cnf", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task M23_A_renewed_certificate_is_another()
    {
        var (first, second) = (await TokenAsync(await AskAsync(_bound, _certificate), "Bearer"), await TokenAsync(await AskAsync(_bound, TestCa.SelfSigned("CN=shop")), "Bearer"));
        (await CnfAsync(first)).ShouldNotBe(await CnfAsync(second));
    }

    [Fact]
    public async Task M04_O05_A_token_may_be_bound_to_both()
    {
        var key = Signer.Of("ES256", keyId: null);
        var token = await TokenAsync(await AskAsync(_bound, _certificate, key.Proof(_server.Time.Seconds)), "DPoP");
        (await CnfAsync(token)).ShouldBe($$"""{"jkt":"{{key.Thumbprint}}","x5t#S256":"{{HashOf(_certificate)}}"}""");
    }

    [Fact]
    public async Task O04_M08_A_proof_may_name_the_endpoint_for_certificates()
    {
        var key = Signer.Of("ES256", keyId: null);
        await TokenAsync(await AskAsync(_bound, _certificate, key.Proof(_server.Time.Seconds, claims => claims["htu"] = "https://mtls.acme.test/oauth/token")), "DPoP");
        (await AskAsync(_bound, _certificate, key.Proof(_server.Time.Seconds, claims => claims["htu"] = "https://mtls.acme.test/oauth/revoke"))).ShouldBeError(400, "invalid_dpop_proof");
    }

    [Fact]
    public async Task M07_O06_What_is_refreshed_with_a_bound_token_is_bound_as_it_was()
    {
        await _server.Admin.AddClientAsync(new { client_id = "phone", kind = "client", @public = true, audience = new[] { Acme.OrdersApi }, grants = new { grant_types = new[] { "refresh_token" } } });
        var json = (await _server.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "phone", sub = "u", aud = Acme.OrdersApi, refresh = true, cnf = new Dictionary<string, string> { ["x5t#S256"] = HashOf(_certificate) } })).ShouldBeJson(201).Json;
        var refresh = json.GetProperty("refresh_token").GetString()!;
        // The registration binds nothing to certificates: the token alone does.
        (await RefreshAsync(refresh, null)).ShouldBeError(400, "invalid_grant");
        var key = Signer.Of("ES256", keyId: null);
        var answer = await RefreshAsync(refresh, key.Proof(_server.Time.Seconds), _certificate);
        (await CnfAsync(await TokenAsync(answer, "DPoP"))).ShouldBe($$"""{"jkt":"{{key.Thumbprint}}","x5t#S256":"{{HashOf(_certificate)}}"}""");
        answer = await RefreshAsync(answer.Json.GetProperty("refresh_token").GetString()!, null, _certificate);
        (await CnfAsync(await TokenAsync(answer, "Bearer"))).ShouldBe($$"""{"x5t#S256":"{{HashOf(_certificate)}}"}""");
    }

    [Fact]
    public async Task M24_A_header_that_no_proxy_sent_binds_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var bound = await server.Admin.AddClientAsync(new { client_id = "bound", kind = "client", audience = new[] { Acme.OrdersApi }, grants = new { tls_client_certificate_bound_access_tokens = true } });
        (await AskAsync(bound, _certificate, server: server)).ShouldBeError(400, "invalid_request");
    }

    [Fact]
    public async Task M04_The_metadata_says_so() => (await _server.OAuth.MetadataAsync()).GetProperty("tls_client_certificate_bound_access_tokens").GetBoolean().ShouldBeTrue();

    private static string HashOf(X509Certificate2 certificate) => Base64Url.EncodeToString(SHA256.HashData(certificate.RawData));

    private async Task<string> CnfAsync(string token) => (await _server.OAuth.IntrospectAsync(token, _orders)).ShouldBeActive().GetProperty("cnf").GetRawText();

    private static Task<string> TokenAsync(Answer answer, string type)
    {
        answer.Status.ShouldBe(200, answer.ToString());
        answer.Json.GetProperty("token_type").GetString().ShouldBe(type); // M-06
        return Task.FromResult(answer.Json.GetProperty("access_token").GetString()!);
    }

    private async Task<Answer> RefreshAsync(string token, string? proof, X509Certificate2? certificate = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Token);
        if (certificate is not null) request.Headers.TryAddWithoutValidation("Client-Cert", TlsServer.Header(certificate));
        if (proof is not null) request.Headers.TryAddWithoutValidation("DPoP", proof);
        request.Content = new FormUrlEncodedContent([new("grant_type", "refresh_token"), new("refresh_token", token), new("client_id", "phone")]);
        return await _server.OAuth.SendAsync(request);
    }

    private async Task<Answer> AskAsync(TestClient client, X509Certificate2? certificate, string? proof = null, TestServer? server = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Token);
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(client.Basic);
        if (certificate is not null) request.Headers.TryAddWithoutValidation("Client-Cert", TlsServer.Header(certificate));
        if (proof is not null) request.Headers.TryAddWithoutValidation("DPoP", proof);
        request.Content = new FormUrlEncodedContent([new("grant_type", "client_credentials")]);
        return await (server ?? _server).OAuth.SendAsync(request);
    }
}
