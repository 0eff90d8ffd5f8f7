using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Audit;

/// <summary>Records on their way to a collector.</summary>
public sealed class SyslogTests
{
    [Fact]
    public async Task Over_TLS_messages_are_framed_by_length_and_hold_the_record_as_it_is()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = SelfSigned(key);
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("ca.pem"), certificate.ExportCertificatePem());
        using var listener = Listen();

        var receiving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(certificate);
            return await ReadToEndAsync(tls);
        });
        string[] written;
        await using (var server = await TestServer.StartAsync(options => Send(options, PortOf(listener), tls: true, folder.File("ca.pem"))))
        {
            await server.Admin.AddClientAsync(new { client_id = "x", kind = "client" });
            await server.App.DisposeAsync(); // Sends what waits.
            using var query = AuditQuery.Open(server.Data, new AuditFilter(), TestStore.Connection(server.Data));
            written = [.. query.All().Select(record => record.GetRawText())];
        }

        var messages = Split(await receiving);
        messages.ShouldAllBe(message => Regex.IsMatch(message, "^<(108|110)>1 [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z [!-~]+ touchstone [0-9]+ [a-z_]+ - \\{"));
        messages.Select(message => message[message.IndexOf('{', StringComparison.Ordinal)..]).Order(StringComparer.Ordinal).ShouldBe(written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_collector_whose_certificate_nobody_vouches_for_gets_nothing()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = SelfSigned(key);
        using var listener = Listen();
        var receiving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(client.GetStream());
            try
            {
                await tls.AuthenticateAsServerAsync(certificate);
                return await ReadToEndAsync(tls);
            }
            catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
            {
                return [];
            }
        });
        await using var server = await TestServer.StartAsync(options => Send(options, PortOf(listener), tls: true, ca: null));
        (await receiving).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_buffer_has_no_room_for_is_counted_and_stands_in_the_audit_all_the_same()
    {
        using var listener = Listen();
        var port = PortOf(listener);
        listener.Stop(); // Nobody is there.
        await using var server = await TestServer.StartAsync(options =>
        {
            Send(options, port, tls: false, ca: null);
            options.Audit.Syslog.BufferBytes = 64 << 10;
            options.Audit.Introspection = IntrospectionAudit.All;
        });
        var journal = server.Services.GetRequiredService<IntrospectionJournal>();
        var body = Encoding.ASCII.GetBytes("{\"at\":1,\"kind\":\"introspected\",\"outcome\":\"active\",\"reason\":\"" + new string('x', 1000) + "\"}");
        for (var i = 0; i < 100; i++) await journal.WriteAsync(body);
        server.Services.GetRequiredService<AuditCounts>().SyslogDropped.ShouldBeGreaterThan(30);
        AuditVerification.Verify(server.Data, postgres: TestStore.Connection(server.Data)).Findings.ShouldBeEmpty();
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static void Send(ServerOptions options, int port, bool tls, string? ca)
    {
        options.Audit.Syslog.Host = "localhost";
        options.Audit.Syslog.Port = port;
        options.Audit.Syslog.Tls = tls;
        options.Audit.Syslog.CaFile = ca;
    }

    private static X509Certificate2 SelfSigned(ECDsa key)
    {
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private static async Task<byte[]> ReadToEndAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }

    private static List<string> Split(byte[] received)
    {
        var messages = new List<string>();
        for (var text = Encoding.ASCII.GetString(received); text.Length > 0;)
        {
            var blank = text.IndexOf(' ', StringComparison.Ordinal);
            var length = int.Parse(text[..blank], System.Globalization.CultureInfo.InvariantCulture);
            messages.Add(text.Substring(blank + 1, length));
            text = text[(blank + 1 + length)..];
        }
        return messages;
    }
}
