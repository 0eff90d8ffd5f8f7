using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Touchstone.Server.Settings;
using Touchstone.Server.Startup;
using Touchstone.Server.Tests.ClientAuth;
using Touchstone.Server.Tests.Telemetry;
using Touchstone.Server.Tls;

namespace Touchstone.Server.Tests.Tls;

/// <summary>Certificates change in their files: new handshakes show the new one, connections live on, and what can't be used changes nothing. The metrics of a process are one, so nothing runs beside this.</summary>
[Collection(nameof(Alone))]
public sealed class CertificateReloadTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestCa _ca = TestCa.Create("Acme CA");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task C19_New_handshakes_see_the_new_certificate_and_old_connections_live_on()
    {
        using var first = Write("first");
        await using var server = await StartAsync(DefaultPem());
        await using var old = await Connection.OpenAsync(server);
        old.Shown.ShouldBe(first.Thumbprint);
        (await old.AskAsync()).ShouldStartWith("HTTP/1.1 200 OK");

        using var second = Write("second");
        await using (var before = await Connection.OpenAsync(server)) before.Shown.ShouldBe(first.Thumbprint, "nobody looked yet");
        server.Time.Advance(ServerCertificates.Interval);

        await using (var after = await Connection.OpenAsync(server)) after.Shown.ShouldBe(second.Thumbprint);
        (await old.AskAsync()).ShouldStartWith("HTTP/1.1 200 OK");
        server.Logs.Of(80).ShouldHaveSingleItem().Text.ShouldStartWith($"New connections to default get the certificate of {_folder.File("tls.pem")}");
        var metrics = await MetricsAsync(server);
        metrics.Value("touchstone_server_certificate_expiry_seconds", ("certificate", "default")).ShouldBe(new DateTimeOffset(second.NotAfter).ToUnixTimeSeconds());
        metrics.Value("touchstone_server_certificate_reloads_total", ("result", "loaded")).ShouldBe(1);
        metrics.Value("touchstone_server_certificate_reloads_total", ("result", "refused")).ShouldBe(0);
    }

    [Fact]
    public async Task Whoever_trusts_the_root_alone_is_shown_the_intermediate_too_after_a_change_as_before()
    {
        Write("first", through: _ca.Intermediate("Acme issuing CA"));
        await using var server = await StartAsync(DefaultPem());
        await using (var connection = await Connection.OpenAsync(server, _ca)) connection.IsTrusted.ShouldBeTrue();
        Write("second", through: _ca.Intermediate("Acme other issuing CA"));
        server.Time.Advance(ServerCertificates.Interval);
        await using (var connection = await Connection.OpenAsync(server, _ca)) connection.IsTrusted.ShouldBeTrue();
        server.Logs.Of(80).ShouldHaveSingleItem();
    }

    public static TheoryData<string> Bad => new() { "no certificate", "half", "the key of another", "ended", "gone" };

    [Theory, MemberData(nameof(Bad))]
    public async Task A_bad_file_keeps_the_old_certificate_is_told_once_and_a_good_one_is_taken_later(string what)
    {
        using var first = Write("first");
        await using var server = await StartAsync(DefaultPem());
        var pem = await File.ReadAllTextAsync(_folder.File("tls.pem"), TestContext.Current.CancellationToken);
        switch (what)
        {
            case "no certificate": await File.WriteAllTextAsync(_folder.File("tls.pem"), "-----BEGIN CERTIFICATE-----\nMII"); break;
            case "half": await File.WriteAllTextAsync(_folder.File("tls.pem"), pem[..(pem.Length / 2)]); break;
            case "the key of another": await File.WriteAllTextAsync(_folder.File("tls.key"), KeyOf(_ca.ServerCertificate("other"))); break;
            case "ended": Write("ended", until: DateTimeOffset.FromUnixTimeSeconds(ManualTime.Start - 1)); break;
            default: File.Delete(_folder.File("tls.pem")); break;
        }
        for (var i = 0; i < 3; i++) server.Time.Advance(ServerCertificates.Interval);

        await using (var connection = await Connection.OpenAsync(server)) connection.Shown.ShouldBe(first.Thumbprint);
        server.Logs.Of(81).ShouldHaveSingleItem().Text.ShouldStartWith($"The new certificate in {_folder.File("tls.pem")} can't be used, and the old one stays");
        (await MetricsAsync(server)).Value("touchstone_server_certificate_reloads_total", ("result", "refused")).ShouldBe(1);

        using var good = Write("good");
        server.Time.Advance(ServerCertificates.Interval);
        await using (var connection = await Connection.OpenAsync(server)) connection.Shown.ShouldBe(good.Thumbprint);
    }

    [Fact]
    public async Task An_endpoint_with_a_certificate_of_its_own_follows_its_own_files()
    {
        using var common = Write("common");
        using var own = WritePfx("own");
        var kestrel = new
        {
            Certificates = new { Default = new { Path = _folder.File("tls.pem"), KeyPath = _folder.File("tls.key") } },
            Endpoints = new { A = new { Url = "https://127.0.0.1:0" }, B = new { Url = "https://127.0.0.1:0", Certificate = new { Path = _folder.File("own.pfx"), Password = "pfx" } } },
        };
        await using var server = await StartAsync(kestrel);
        await ShouldShowAsync(common, own);
        using var next = WritePfx("next");
        server.Time.Advance(ServerCertificates.Interval);
        await ShouldShowAsync(common, next);
        using var other = Write("other");
        server.Time.Advance(ServerCertificates.Interval);
        await ShouldShowAsync(other, next);

        async Task ShouldShowAsync(params X509Certificate2[] certificates)
        {
            var shown = new List<string>();
            foreach (var address in server.App.Addresses)
            {
                await using var connection = await Connection.OpenAsync(new Uri(address));
                shown.Add(connection.Shown);
            }
            shown.ShouldBe(certificates.Select(certificate => certificate.Thumbprint), ignoreOrder: true);
        }
    }

    [Fact]
    public async Task Certificates_by_server_name_follow_their_files_each()
    {
        using var common = Write("common");
        using var own = WritePfx("own");
        var pfx = new { Path = _folder.File("own.pfx"), Password = "pfx" };
        await using var server = await StartAsync(new
        {
            Certificates = new { Default = new { Path = _folder.File("tls.pem"), KeyPath = _folder.File("tls.key") } },
            Endpoints = new { A = new { Url = "https://127.0.0.1:0", Sni = new Dictionary<string, object> { ["tokens.acme.test"] = new { Certificate = pfx }, ["*"] = new { } } } },
        });
        await ShouldShowAsync(own, common);
        using var next = WritePfx("next");
        server.Time.Advance(ServerCertificates.Interval);
        await ShouldShowAsync(next, common);
        using var other = Write("other");
        server.Time.Advance(ServerCertificates.Interval);
        await ShouldShowAsync(next, other);
        (await MetricsAsync(server)).Value("touchstone_server_certificate_expiry_seconds", ("certificate", "A/tokens.acme.test")).ShouldBe(new DateTimeOffset(next.NotAfter).ToUnixTimeSeconds());

        async Task ShouldShowAsync(X509Certificate2 byName, X509Certificate2 byAnother)
        {
            await using (var named = await Connection.OpenAsync(server.Address, host: "tokens.acme.test")) named.Shown.ShouldBe(byName.Thumbprint);
            await using var another = await Connection.OpenAsync(server.Address, host: "other.acme.test");
            another.Shown.ShouldBe(byAnother.Thumbprint);
        }
    }

    [Theory]
    [InlineData("""{"Kestrel":{"Endpoints":{"A":{"Url":"https://127.0.0.1:5443"}}}}""", "Urls: https://127.0.0.1:5443 has no certificate; give one with Kestrel:Certificates:Default:Path (and KeyPath) in --config")]
    [InlineData("""{"Kestrel":{"Certificates":{"Default":{"Path":"/no/such.pem"}}}}""", "Kestrel:Certificates:Default: Could not find")]
    [InlineData("""{"Kestrel":{"Endpoints":{"A":{"Url":"https://127.0.0.1:5443","Certificate":{"Path":"FILE"}}}}}""", "Kestrel:Endpoints:A:Certificate: FILE is no usable certificate: ")]
    public void A_certificate_that_is_missing_or_none_is_told_at_start_with_everything_else(string json, string error)
    {
        var file = _folder.File("touchstone.json");
        File.WriteAllText(file, json.Replace("FILE", file, StringComparison.Ordinal));
        ServerConfiguration.Read(file).Errors.ShouldHaveSingleItem().ShouldStartWith(error.Replace("FILE", file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Https_without_any_certificate_is_an_error_of_settings() =>
        (await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.Urls = "https://127.0.0.1:0"))).IsUsage.ShouldBeTrue();

    private object DefaultPem() => new { Certificates = new { Default = new { Path = _folder.File("tls.pem"), KeyPath = _folder.File("tls.key") } } };

    private Task<TestServer> StartAsync(object kestrel)
    {
        File.WriteAllText(_folder.File("touchstone.json"), JsonSerializer.Serialize(new { Kestrel = kestrel }));
        return TestServer.StartAsync(options => options.Urls = "https://127.0.0.1:0", configFile: _folder.File("touchstone.json"));
    }

    private X509Certificate2 Write(string name, TestCa? through = null, DateTimeOffset? until = null)
    {
        var certificate = (through ?? _ca).Issue($"CN={name}", san => san.AddIpAddress(System.Net.IPAddress.Loopback), TestCa.ForServers, until);
        File.WriteAllText(_folder.File("tls.key"), KeyOf(certificate));
        File.WriteAllText(_folder.File("tls.pem"), certificate.ExportCertificatePem() + "\n" + through?.Pem);
        return certificate;
    }

    private X509Certificate2 WritePfx(string name)
    {
        var certificate = _ca.ServerCertificate(name);
        File.WriteAllBytes(_folder.File("own.pfx"), certificate.Export(X509ContentType.Pkcs12, "pfx"));
        return certificate;
    }

    private static string KeyOf(X509Certificate2 certificate) => certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();

    private static async Task<Exposition> MetricsAsync(TestServer server)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        return Exposition.Parse(await http.GetStringAsync(new Uri(server.Address, "/metrics")));
    }

    /// <summary>One connection of TLS, kept open.</summary>
    private sealed class Connection(TcpClient tcp, SslStream tls) : IAsyncDisposable
    {
        internal string Shown => ((X509Certificate2)tls.RemoteCertificate!).Thumbprint;

        internal bool IsTrusted { get; private set; }

        internal static Task<Connection> OpenAsync(TestServer server, TestCa? trusted = null) => OpenAsync(server.Address, trusted);

        internal static async Task<Connection> OpenAsync(Uri address, TestCa? trusted = null, string host = "127.0.0.1")
        {
            var tcp = new TcpClient();
            await tcp.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
            var isTrusted = false;
            var tls = new SslStream(tcp.GetStream(), false, (_, _, chain, _) =>
            {
                isTrusted = trusted is not null && trusted.Vouches(chain!);
                return true;
            });
            await tls.AuthenticateAsClientAsync(host);
            return new Connection(tcp, tls) { IsTrusted = isTrusted };
        }

        internal async Task<string> AskAsync()
        {
            await tls.WriteAsync("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            var text = "";
            var buffer = new byte[4096];
            while (!text.EndsWith('}'))
            {
                var read = await tls.ReadAsync(buffer, TestContext.Current.CancellationToken);
                if (read == 0) break;
                text += Encoding.UTF8.GetString(buffer, 0, read);
            }
            return text;
        }

        public async ValueTask DisposeAsync()
        {
            await tls.DisposeAsync();
            tcp.Dispose();
        }
    }
}
