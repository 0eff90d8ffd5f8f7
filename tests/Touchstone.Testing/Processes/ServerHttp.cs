using System.Net;

namespace Touchstone.Testing.Processes;

/// <summary>HTTP to a server process.</summary>
internal static class ServerHttp
{
    internal static HttpClient CreateClient(Uri address, string? certificateSha256)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) };
        if (certificateSha256 is not null)
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256) == certificateSha256;
        return new HttpClient(handler) { BaseAddress = address, Timeout = Until.Deadline };
    }

    internal static async Task<bool> IsReadyAsync(HttpClient http)
    {
        // One look may hang on a process that was stopped or is not yet listening; the next one is as good.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), TimeProvider.System);
        try
        {
            using var answer = await http.GetAsync("/health/ready", patience.Token);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }
}
