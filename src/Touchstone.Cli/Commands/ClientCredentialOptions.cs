using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary>How a caller proves itself: options that commands about clients share.</summary>
internal static class ClientCredentialOptions
{
    internal static readonly Option<string> Jwks = new("--jwks") { Description = "A file with its public keys or certificates, a JSON Web Key Set.", HelpName = "file" };

    internal static readonly Option<string> JwksUri = new("--jwks-uri") { Description = "Where the server reads its public keys.", HelpName = "url" };

    internal static readonly Option<string> Secret = new("--secret")
    {
        Description = "A secret of your own, in place of a generated one; only '-', which reads it from standard input.",
        HelpName = "-",
    };

    private static readonly (Option<string> Option, string Member)[] Names =
    [
        (Name("--tls-subject-dn", "The subject of its TLS certificate, such as 'CN=billing,O=Acme'.", "name"), "tls_client_auth_subject_dn"),
        (Name("--tls-san-dns", "The DNS name in its TLS certificate.", "name"), "tls_client_auth_san_dns"),
        (Name("--tls-san-uri", "The URI in its TLS certificate.", "uri"), "tls_client_auth_san_uri"),
        (Name("--tls-san-ip", "The address in its TLS certificate.", "address"), "tls_client_auth_san_ip"),
        (Name("--tls-san-email", "The mail address in its TLS certificate.", "address"), "tls_client_auth_san_email"),
    ];

    private static readonly Option<bool> LegacyAudience = new("--token-endpoint-audience")
    {
        Description = "Its assertions may name the token endpoint as their audience, as older libraries do.",
    };

    static ClientCredentialOptions() => Secret.TakesOneOf("-");

    internal static IEnumerable<Option> OfNewClient => [Secret, Jwks, JwksUri, .. Names.Select(name => name.Option), LegacyAudience];

    /// <summary>Adds what was given to the body of a request; says why it can't.</summary>
    internal static async Task<Failure?> AddAsync(Call call, JsonObject body, CancellationToken stop)
    {
        foreach (var (option, member) in Names)
        {
            if (call.Get(option) is { } name) body[member] = name;
        }
        if (call.Get(LegacyAudience)) body["token_endpoint_audience"] = true;
        return AddKeys(call, body) ?? await AddSecretAsync(call, body, stop);
    }

    internal static Failure? AddKeys(Call call, JsonObject body)
    {
        if (call.Get(JwksUri) is { } uri) body["jwks_uri"] = uri;
        if (call.Get(Jwks) is not { } path) return null;
        if (Directory.Exists(path)) return Failure.Usage($"--jwks {path} is a directory: name a file");
        try
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("-----BEGIN "u8)) return Failure.Usage($"--jwks {path}: this is PEM; a JSON Web Key Set is needed, such as {{\"keys\":[...]}}.");
            body["jwks"] = JsonNode.Parse(bytes);
            return null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            return Failure.Usage($"--jwks {path} can't be read: {unreadable.Message}");
        }
    }

    internal static async Task<Failure?> AddSecretAsync(Call call, JsonObject body, CancellationToken stop)
    {
        if (!call.Has(Secret)) return null;
        var secret = await StandardInput.ReadLineAsync("secret", stop);
        if (secret.Failure is null) body["client_secret"] = secret.Value;
        return secret.Failure;
    }

    private static Option<string> Name(string name, string description, string help) => new(name) { Description = description, HelpName = help };
}
