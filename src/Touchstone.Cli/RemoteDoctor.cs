using System.CommandLine;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Touchstone.Server.Doctor;

namespace Touchstone.Cli;

/// <summary>The checks of a server that can be made from outside: its TLS, its readiness, its clock, and with an administrator's credentials its clients.</summary>
internal static class RemoteDoctor
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    internal static async Task<IReadOnlyList<DoctorCheck>> ExamineAsync(ParseResult line, CancellationToken stop)
    {
        var server = line.GetRequiredValue(CommonOptions.Server);
        var checks = new List<DoctorCheck>();
        checks.AddRange(await TlsAsync(server, stop));
        using var call = new Call(line);
        checks.Add(await ReadyAsync(server, checks, stop));
        if (checks[^1].Status is DoctorStatus.Fail) return checks;
        checks.AddRange(await ClientsAsync(call, server, stop));
        return checks;
    }

    private static async Task<IReadOnlyList<DoctorCheck>> TlsAsync(Uri server, CancellationToken stop)
    {
        if (server.Scheme != Uri.UriSchemeHttps)
        {
            return [new("tls", DoctorStatus.Warn, $"{server.GetLeftPart(UriPartial.Authority)} is plain http.", "Ask the address that callers use: it has to be https.")];
        }
        X509Certificate2? shown = null;
        var more = new X509Certificate2Collection();
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
            patience.CancelAfter(Patience);
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(server.Host, server.Port, patience.Token);
            var names = SslPolicyErrors.None;
            await using var tls = new SslStream(tcp.GetStream(), false, (_, certificate, chain, errors) =>
            {
                // Looked at, whatever it is: nothing is sent over this connection.
                shown = certificate is null ? null : X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
                if (chain is not null) more.AddRange(chain.ChainPolicy.ExtraStore);
                names = errors & SslPolicyErrors.RemoteCertificateNameMismatch;
                return true;
            });
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = server.Host }, patience.Token);
            return
            [
                new("tls", DoctorStatus.Ok, $"{tls.SslProtocol} is spoken."),
                names is SslPolicyErrors.None && shown is not null
                    ? CertificateChecks.Of(server.Authority, shown, more, TimeProvider.System.GetUtcNow())
                    : new("certificate", DoctorStatus.Fail, $"The certificate of {server.Authority} names another host.", "Have one issued for the name that callers use."),
            ];
        }
        catch (Exception error) when (error is SocketException or IOException or AuthenticationException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            return [new("tls", DoctorStatus.Fail, $"No TLS connection to {server.Authority}: {error.Message}", "Is the server there, and is this its https address?")];
        }
    }

    // The clock is compared by the answer's own header, which has whole seconds and may be one old.
    private static async Task<DoctorCheck> ReadyAsync(Uri server, List<DoctorCheck> checks, CancellationToken stop)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = !server.IsLoopback, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } }) { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync(new Uri($"{server.GetLeftPart(UriPartial.Path).TrimEnd('/')}/health/ready"), stop);
            if (answer.Headers.Date is { } date)
            {
                var off = (date - TimeProvider.System.GetUtcNow()).Duration();
                var said = off < TimeSpan.FromSeconds(2) ? "The server's clock and this one agree." : string.Create(CultureInfo.InvariantCulture, $"The server's clock and this one are {off.TotalSeconds:0} s apart.");
                checks.Add(off > Tolerance ? new("clock", DoctorStatus.Warn, said, "See which of them is kept by a time server: expiry is judged by the server's.") : new("clock", DoctorStatus.Ok, said));
            }
            if (answer.IsSuccessStatusCode && await MissingAsync(answer, stop) is { } missing)
                checks.Add(new("durability", DoctorStatus.Warn, $"The server's database has a weakness: {missing}.", "docs/operations/recovery.md tells what a failover can lose then."));
            return answer.IsSuccessStatusCode
                ? new("ready", DoctorStatus.Ok, "The server is ready: it can read its store.")
                : new("ready", DoctorStatus.Fail, $"The server answers {(int)answer.StatusCode} when asked whether it is ready.", "Look at its log.");
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !stop.IsCancellationRequested))
        {
            return new("ready", DoctorStatus.Fail, $"No answer from {server.Authority}: {error.Message}", "Is 'touchstone serve' running there?");
        }
    }

    private static async Task<string?> MissingAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        try
        {
            using var ready = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(stop));
            return Describe.Text(ready.RootElement, "durability") is { Length: > 0 } missing ? missing : null;
        }
        catch (JsonException)
        {
            return null; // Something else answers there: the other checks tell.
        }
    }

    private static async Task<IReadOnlyList<DoctorCheck>> ClientsAsync(Call call, Uri server, CancellationToken stop)
    {
        var clients = await Pages.ReadAsync(call, "admin/clients", stop);
        if (clients.Failure is { } failure)
            return [new("secrets", DoctorStatus.Skipped, $"The clients can't be read: {failure.Detail}", "Name the server's data folder with --data, or set TOUCHSTONE_CLIENT_ID and TOUCHSTONE_CLIENT_SECRET.")];
        return ClientChecks.Of([.. clients.Value.Select(ClientFacts.Of)], isDemo: false, server.GetLeftPart(UriPartial.Authority), TimeProvider.System.GetUtcNow());
    }
}
