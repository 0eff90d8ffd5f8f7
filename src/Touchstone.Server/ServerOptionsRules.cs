using System.Net;
using Microsoft.Extensions.Configuration;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Settings;

namespace Touchstone.Server;

/// <summary>What a setting may be, beyond the bounds that stand at each (<see cref="SettingAttribute"/>). Every error is reported at once, each with what to do.</summary>
internal static class ServerOptionsRules
{
    internal static IReadOnlyList<string> Errors(ServerOptions options, IConfiguration configuration)
    {
        var errors = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Data)) errors.Add("Data: name a folder.");
        CheckIssuer(options, errors);
        var addresses = Addresses(options, configuration);
        Check(addresses.Count > 0, "Urls: name at least one address, such as http://127.0.0.1:5080.");
        foreach (var url in addresses) CheckAddress(url, options.AllowInsecureHttp, errors);
        Check(options.AccessTokenLifetime <= options.MaxTokenLifetime, "AccessTokenLifetime: must be 1 second to MaxTokenLifetime.");
        Check(TokenFormat.IsPrefix(options.AccessTokenPrefix), "AccessTokenPrefix: must be 1 to 16 characters of A-Z a-z 0-9 _ -.");
        Check(TokenFormat.IsPrefix(options.RefreshTokenPrefix), "RefreshTokenPrefix: must be 1 to 16 characters of A-Z a-z 0-9 _ -.");
        Check(
            options.AccessTokenPrefix is not { } access || options.RefreshTokenPrefix is not { } refresh
                || (!access.StartsWith(refresh, StringComparison.Ordinal) && !refresh.StartsWith(access, StringComparison.Ordinal)),
            "AccessTokenPrefix and RefreshTokenPrefix: neither may begin with the other.");
        ClientAuth.ClientCertificateRules.Check(options.ClientCertificates, errors);
        errors.AddRange(options.RefreshTokens.Errors(options));
        errors.AddRange(options.Limits.Errors());
        errors.AddRange(options.AuthorizationDetails.Errors());

        errors.AddRange(options.Signing.Errors());
        errors.AddRange(options.Audit.Errors());
        errors.AddRange(options.Otlp.Errors());
        errors.AddRange(ServerSettings.Faults(options));
        errors.AddRange(options.Postgres.Errors());
        return errors;

        void Check(bool holds, string error)
        {
            if (!holds) errors.Add(error);
        }
    }

    /// <summary>The addresses that Kestrel will listen on: its own section, else the urls.</summary>
    internal static IReadOnlyList<string> Addresses(ServerOptions options, IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]).OfType<string>().ToArray();
        return endpoints.Length > 0 ? endpoints : (options.Urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    internal static bool IsLoopback(Uri url) => url.IsLoopback || (IPAddress.TryParse(url.Host, out var address) && IPAddress.IsLoopback(address));

    private static void CheckIssuer(ServerOptions options, List<string> errors)
    {
        if (!Uri.TryCreate(options.EffectiveIssuer, UriKind.Absolute, out var issuer) || (issuer.Scheme != "https" && issuer.Scheme != "http"))
            errors.Add("Issuer: must be an absolute https URL; give --issuer https://as.example.com.");
        else if (issuer.Query.Length > 0 || issuer.Fragment.Length > 0 || options.EffectiveIssuer.AsSpan().ContainsAny('?', '#'))
            errors.Add("Issuer: must have no query and no fragment (RFC 8414 section 2).");
        else if (issuer.Scheme == "http" && !IsLoopback(issuer))
            errors.Add($"Issuer: {options.EffectiveIssuer} is plain http and not loopback; give --issuer with the https URL that clients use.");
        else if (issuer.Port == 0)
            errors.Add("Issuer: port 0 is no address that clients can use; give --issuer, or --urls with a port.");
        else if (options.EffectiveIssuer.EndsWith('/'))
            errors.Add("Issuer: must not end with '/'.");
    }

    private static void CheckAddress(string url, bool allowInsecure, List<string> errors)
    {
        // "*" and "+" are Kestrel's words for every address.
        var parsable = url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(parsable, UriKind.Absolute, out var address) || (address.Scheme != "http" && address.Scheme != "https"))
            errors.Add($"Urls: '{url}' is not an http or https address such as http://127.0.0.1:5080.");
        else if (address.AbsolutePath != "/" && !address.Host.StartsWith("unix", StringComparison.Ordinal))
            errors.Add($"Urls: '{url}' has a path, and an address has none; a path of the issuer belongs into --issuer.");
        else if (address.Scheme == "http" && !allowInsecure && !IsLoopback(address) && !address.Host.StartsWith("unix", StringComparison.Ordinal))
            errors.Add($"Urls: {url} would carry tokens in clear beyond this machine. Configure https (Kestrel:Endpoints in --config FILE), or, behind a proxy that ends TLS, give --allow-insecure-http.");
    }
}
