using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Tls;

namespace Touchstone.Server.Settings;

/// <summary>What the sections of the framework may say, as far as it would otherwise tell of one error only, and in its own words.</summary>
internal static class FrameworkRules
{
    internal static IEnumerable<string> Errors(ServerOptions options, IConfiguration configuration)
    {
        var files = CertificateFile.All(configuration);
        foreach (var fault in files.Select(file => file.Fault()).OfType<string>()) yield return fault;
        if (!configuration.GetSection("Kestrel:Certificates:Default").GetChildren().Any())
        {
            foreach (var url in ServerOptionsRules.Addresses(options, configuration).Where(url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase) && !HasOwn(configuration, url)))
                yield return $"Urls: {url} has no certificate; give one with Kestrel:Certificates:Default:Path (and KeyPath) in --config FILE.";
        }
        foreach (var (key, value) in configuration.GetSection("Logging").AsEnumerable())
        {
            if (value is null || !key.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase)) continue;
            if (!Enum.GetNames<LogLevel>().Contains(value, StringComparer.OrdinalIgnoreCase)) yield return $"{key}: '{value}' is none of {string.Join(", ", Enum.GetNames<LogLevel>())}.";
        }
    }

    private static bool HasOwn(IConfiguration configuration, string url) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Any(endpoint => endpoint["Url"] == url && (endpoint.GetSection("Certificate").GetChildren().Any() || endpoint.GetSection("Sni").GetChildren().Any()));
}
