using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Touchstone.Cli;

/// <summary>An identifier and its secret, and where they came from. No record: its text form would show the secret.</summary>
internal sealed class Credentials(string clientId, string secret, string source)
{
    private const string Environs = "the environment";
    private const string SetBoth = "set TOUCHSTONE_CLIENT_ID and TOUCHSTONE_CLIENT_SECRET";

    internal string Source => source;

    /// <summary>What may be meant instead, when the server refuses these.</summary>
    internal string Hint => source == Environs
        ? "TOUCHSTONE_CLIENT_ID and TOUCHSTONE_CLIENT_SECRET win over --data: unset them, or set those of this server"
        : $"are they of this server? --data names its data folder, or {SetBoth}";

    /// <summary>The environment wins; otherwise what the server's first start wrote into its data folder.</summary>
    internal static Outcome<Credentials> OfAdministrator(string dataFolder)
    {
        var id = Environment.GetEnvironmentVariable("TOUCHSTONE_CLIENT_ID");
        var secret = Environment.GetEnvironmentVariable("TOUCHSTONE_CLIENT_SECRET");
        if (string.IsNullOrEmpty(id) != string.IsNullOrEmpty(secret))
            return Failure.Usage("set both TOUCHSTONE_CLIENT_ID and TOUCHSTONE_CLIENT_SECRET, or neither");

        return string.IsNullOrEmpty(id) ? FromFile(Path.Combine(dataFolder, "admin.json")) : new Credentials(id, secret!, Environs);
    }

    /// <summary>RFC 6749 §2.3.1: both parts are form-encoded first, so a colon in either does no harm.</summary>
    internal AuthenticationHeaderValue ToBasic()
    {
        var pair = $"{Uri.EscapeDataString(clientId)}:{Uri.EscapeDataString(secret)}";
        return new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(pair)));
    }

    private static Outcome<Credentials> FromFile(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var id = document.RootElement.GetProperty("client_id").GetString();
            var secret = document.RootElement.GetProperty("client_secret").GetString();
            if (!string.IsNullOrEmpty(id) && !string.IsNullOrEmpty(secret)) return new Credentials(id, secret, path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Failure.Usage($"no credentials: there is no {path}; name the server's data folder with --data, or {SetBoth}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Failure.Usage($"no credentials: {path} can't be read; run as the server's user, or {SetBoth}");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Not what the server writes: told below.
        }

        return Failure.Usage($"no credentials: {path} lacks client_id and client_secret; 'touchstone admin recover' writes a new one");
    }
}
