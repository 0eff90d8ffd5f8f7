using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>samples/kubernetes as it is shipped: the sidecar and the demo server, asked as the API server asks, with what the kubeconfig of the sample says and nothing else.</summary>
[Collection(LoadCollection.Name)]
public sealed class KubernetesTests : IAsyncLifetime
{
    private static readonly int[] PortsOfSample = [5080, 9081, 9443];

    private readonly TempFolder _folder = new();
    private ServerProcess? _server;
    private Process? _sidecar;

    public async ValueTask InitializeAsync()
    {
        foreach (var port in PortsOfSample) Assert.SkipUnless(Ports.IsFree(port), $"port {port}, which the sample uses, is taken");
        SampleProgram.Copy("kubernetes", _folder);
        var made = await Programs.Bash.RunAsync("-c", $"command -v openssl >/dev/null || exit 42; '{_folder.File("certificates.sh")}'");
        if (made.ExitCode == 42 && Environment.GetEnvironmentVariable("CI") is (null or "" or "false")) Assert.Skip("openssl is not installed");
        made.ExitCode.ShouldBe(0, made.Error);
        _server = await ServerProcess.StartAsync(ServerSetup.Demo with { Port = 5080 });
        await Until.TrueAsync(() => File.Exists(Path.Combine(_server.Data, "demo.json")), "the demo is there");
        await File.WriteAllTextAsync(_folder.File("demo-api.secret"), _server.DemoResourceServer.Secret + "\n");
        _sidecar = SampleProgram.Start(_folder.Path, TouchstoneBinary.Path, printed: null, "sidecar", "--config", _folder.File("sidecar.yaml"));
        using var http = new HttpClient();
        await Until.TrueAsync(async () =>
        {
            try
            {
                return (await http.GetAsync(new Uri("http://127.0.0.1:9081/health/ready"))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "the sidecar is ready");
    }

    public async ValueTask DisposeAsync()
    {
        if (_sidecar is not null) await _sidecar.EndAsync();
        _sidecar?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task KR01_KR02_KR04_A_token_is_reviewed_as_the_API_server_asks_until_it_is_revoked_or_nobody_can_be_asked()
    {
        using var cluster = Cluster();
        var token = _server!.DemoToken;
        foreach (var version in new[] { "v1", "v1beta1" })
        {
            var (status, answer) = await ReviewAsync(cluster, version, token, "https://kubernetes.default.svc.cluster.local", "https://api.demo.example");
            status.ShouldBe(HttpStatusCode.OK);
            (answer.GetProperty("apiVersion").GetString(), answer.GetProperty("kind").GetString()).ShouldBe(($"authentication.k8s.io/{version}", "TokenReview"));
            answer.GetProperty("status").GetRawText().ShouldBe("""{"authenticated":true,"user":{"username":"demo:alice","uid":"alice","groups":[],"extra":{"touchstone.example/scopes":["orders:read","orders:write"]}},"audiences":["https://api.demo.example"]}""");
            (await ReviewAsync(cluster, version, token, "https://kubernetes.default.svc.cluster.local")).Answer.GetProperty("status").GetRawText().ShouldBe("""{"authenticated":false}""", "it is for others");
            (await ReviewAsync(cluster, version, "never-seen", "https://api.demo.example")).Answer.GetProperty("status").GetRawText().ShouldBe("""{"authenticated":false}""");
        }
        (await _server.OAuth.PostAsync("/oauth/revoke", _server.DemoClient, ("token", token))).Status.ShouldBe(200);
        await Until.TrueAsync(async () => !(await ReviewAsync(cluster, "v1", token, "https://api.demo.example")).Answer.GetProperty("status").GetProperty("authenticated").GetBoolean(), "it is nobody's", TimeSpan.FromSeconds(2));
        await _server.Kill9Async();
        (await ReviewAsync(cluster, "v1", "another", "https://api.demo.example")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task L41_Whoever_shows_no_certificate_of_the_authority_is_not_answered()
    {
        using var nobody = new HttpClient(Handler(null)) { BaseAddress = new Uri("https://127.0.0.1:9443") };
        await Should.ThrowAsync<HttpRequestException>(() => ReviewAsync(nobody, "v1", _server!.DemoToken, "https://api.demo.example"));
        using var itself = new HttpClient(Handler(Certificate("sidecar.crt", "sidecar.key"))) { BaseAddress = new Uri("https://127.0.0.1:9443") };
        await Should.ThrowAsync<HttpRequestException>(() => ReviewAsync(itself, "v1", _server!.DemoToken, "https://api.demo.example"));
        using var plain = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:9443") };
        await Should.ThrowAsync<HttpRequestException>(() => ReviewAsync(plain, "v1", _server!.DemoToken, "https://api.demo.example"));
    }

    // As client-go reads the file: the current context names a cluster and a user; files lie beside it.
    private HttpClient Cluster()
    {
        var config = Yaml.Read(_folder.File("webhook.kubeconfig"));
        (config.Find("apiVersion").Text(), config.Find("kind").Text()).ShouldBe(("v1", "Config"));
        var context = config.Find("contexts").Named(config.Find("current-context").Text()!).Find("context");
        var cluster = config.Find("clusters").Named(context.Find("cluster").Text()!).Find("cluster");
        var user = config.Find("users").Named(context.Find("user").Text()!).Find("user");
        var sidecar = Yaml.Read(_folder.File("sidecar.yaml"));
        cluster.Find("server").Text().ShouldBe(sidecar.Find("listen").Text() + "/k8s/tokenreview");
        cluster.Find("certificate-authority").Text().ShouldBe(sidecar.Find("tls", "client_ca_file").Text());
        var certificate = Certificate(user.Find("client-certificate").Text()!, user.Find("client-key").Text()!);
        return new HttpClient(Handler(certificate, cluster.Find("certificate-authority").Text()!)) { BaseAddress = new Uri(cluster.Find("server").Text()!) };
    }

    // The bytes of the API server: the members in the order of Go, and no time of creation as null. It adds the time that it waits to the URL.
    private static async Task<(HttpStatusCode Status, JsonElement Answer)> ReviewAsync(HttpClient cluster, string version, string token, params string[] audiences)
    {
        var spec = JsonSerializer.Serialize(new { token, audiences });
        var body = $"{{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/{version}\",\"metadata\":{{\"creationTimestamp\":null}},\"spec\":{spec},\"status\":{{\"user\":{{}}}}}}\n";
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(cluster.BaseAddress!, "/k8s/tokenreview?timeout=30s")) { Content = new StringContent(body, Encoding.UTF8) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TryAddWithoutValidation("Accept", "application/json, */*");
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-apiserver/v1.34.0 (linux/amd64) kubernetes/0000000");
        using var answer = await cluster.SendAsync(request);
        return (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()));
    }

    private SocketsHttpHandler Handler(X509Certificate2? certificate, string authority = "ca.crt")
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(_folder.File(authority));
        if (certificate is not null) handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        return handler;
    }

    // TLS wants a key of its own, as it comes from a file.
    private X509Certificate2 Certificate(string certificate, string key)
    {
        using var bare = X509Certificate2.CreateFromPemFile(_folder.File(certificate), _folder.File(key));
        return X509CertificateLoader.LoadPkcs12(bare.Export(X509ContentType.Pkcs12), null);
    }
}
