using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Touchstone.Server.Settings;

/// <summary>What the sections of the framework may say, as far as it would otherwise tell of one error only, and in its own words.</summary>
internal static class FrameworkRules
{
    internal static IEnumerable<string> Errors(IConfiguration configuration)
    {
        foreach (var (key, value) in configuration.GetSection("Logging").AsEnumerable())
        {
            if (value is null || !key.Contains(":LogLevel:", StringComparison.OrdinalIgnoreCase)) continue;
            if (!Enum.GetNames<LogLevel>().Contains(value, StringComparer.OrdinalIgnoreCase)) yield return $"{key}: '{value}' is none of {string.Join(", ", Enum.GetNames<LogLevel>())}.";
        }
    }
}
