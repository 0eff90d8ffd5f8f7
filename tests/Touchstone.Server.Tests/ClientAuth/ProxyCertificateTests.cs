using System.Security.Cryptography.X509Certificates;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary>TLS ends at a proxy, which passes the certificate on (RFC 9440).</summary>
public sealed class ProxyCertificateTests
{
    private static readonly TestCa Ca = TestCa.Create("Acme CA");

    private static async Task<TestServer> StartAsync(TempFolder folder, params string[] proxies)
    {
        var roots = Path.Combine(folder.Path, "roots.pem");
        await File.WriteAllTextAsync(roots, Ca.Pem);
        return await TestServer.StartAsync(options =>
        {
            options.ClientCertificates.TrustedRoots = roots;
            foreach (var proxy in proxies) options.ClientCertificates.TrustedProxies.Add(proxy);
        });
    }

    private static async Task<Answer> CallAsync(TestServer server, string clientId, params string[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect);
        foreach (var header in headers) request.Headers.TryAddWithoutValidation("Client-Cert", header);
        request.Content = new FormUrlEncodedContent([new("token", "unknown"), new("client_id", clientId)]);
        return await server.OAuth.SendAsync(request);
    }

    private static Task<TestClient> AddAsync(TestServer server) => server.AddAsync("rs", "tls_client_auth", body => body["tls_client_auth_subject_dn"] = "CN=billing");

    [Theory]
    [InlineData("127.0.0.1"), InlineData("127.0.0.0/8"), InlineData("::ffff:127.0.0.1")]
    public async Task M10_The_header_of_a_trusted_proxy_counts(string proxy)
    {
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, "192.0.2.1", proxy);
        await AddAsync(server);
        (await CallAsync(server, "rs", TlsServer.Header(Ca.Issue("CN=billing")))).ShouldBeInactive();
        (await CallAsync(server, "rs", TlsServer.Header(Ca.Issue("CN=other")))).ShouldBeError(401, "invalid_client");
        (await CallAsync(server, "rs", TlsServer.Header(TestCa.SelfSigned("CN=billing")))).ShouldBeError(401, "invalid_client");
        (await CallAsync(server, "rs")).ShouldBeError(401, "invalid_client");
        (await server.LastFailureAsync("rs")).ShouldBe("certificate_missing");
    }

    [Theory]
    [InlineData(), InlineData("192.0.2.1"), InlineData("10.0.0.0/8"), InlineData("::1")]
    public async Task M24_The_header_of_anybody_else_is_ignored(params string[] proxies)
    {
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, proxies);
        await AddAsync(server);
        (await CallAsync(server, "rs", TlsServer.Header(Ca.Issue("CN=billing")))).ShouldBeError(401, "invalid_client");
        (await server.LastFailureAsync("rs")).ShouldBe("certificate_missing");
    }

    [Fact]
    public async Task M10_What_is_no_certificate_and_more_than_one_are_refused()
    {
        using var folder = new TempFolder();
        await using var server = await StartAsync(folder, "127.0.0.1");
        await AddAsync(server);
        var good = TlsServer.Header(Ca.Issue("CN=billing"));
        string[] bad = ["::", ":", ":!:", good[1..], good[..^1], good.Replace(":", "", StringComparison.Ordinal), good + ";a=1", ":" + good, ":aGVsbG8=:", Uri.EscapeDataString(good), ":" + new string('A', 20_000) + ":"];
        foreach (var header in bad)
        {
            (await CallAsync(server, "rs", header)).ShouldBeError(401, "invalid_client");
            (await server.LastFailureAsync("rs")).ShouldBe("certificate_unreadable", header);
        }
        (await CallAsync(server, "rs", good, good)).ShouldBeError(401, "invalid_client");
        (await CallAsync(server, "rs", good)).ShouldBeInactive();
    }

    [Theory]
    [InlineData("0.0.0.0/0"), InlineData("::/0"), InlineData("128.0.0.0/1"), InlineData("proxy.acme.test"), InlineData("10.0.0.1/33"), InlineData("")]
    public async Task M10_A_range_of_everybody_and_what_is_no_range_are_refused_at_start(string proxy) =>
        (await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.ClientCertificates.TrustedProxies.Add(proxy)))).Message.ShouldContain("TrustedProxies");

    [Fact]
    public async Task M09_Roots_that_cannot_be_read_are_refused_at_start()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "roots.pem");
        await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.ClientCertificates.TrustedRoots = file));
        await File.WriteAllTextAsync(file, "nothing");
        await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.ClientCertificates.TrustedRoots = file));
    }

    [Fact]
    public async Task M08_Aliases_are_published_where_configured()
    {
        await using var server = await TestServer.StartAsync(options => options.ClientCertificates.AliasBase = "https://mtls.acme.test");
        var aliases = (await server.OAuth.MetadataAsync()).GetProperty("mtls_endpoint_aliases");
        aliases.GetProperty("introspection_endpoint").GetString().ShouldBe("https://mtls.acme.test/oauth/introspect");
        await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.ClientCertificates.AliasBase = "http://mtls.acme.test"));
        await using var without = await TestServer.StartAsync(options => options.ClientCertificates.Enabled = false);
        (await without.OAuth.MetadataAsync()).GetProperty("token_endpoint_auth_methods_supported").EnumerateArray().Select(name => name.GetString()).ShouldBe(["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"]);
    }
}
