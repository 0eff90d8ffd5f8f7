namespace Touchstone.Server.Settings;

/// <summary>A setting as it is in force.</summary>
/// <param name="Name">Its name, with its section: <c>Touchstone:Urls</c>.</param>
/// <param name="Value">Its value; null when it has none. A secret is <c>***</c>.</param>
/// <param name="Source">Where it comes from: <c>default</c>, the path of the file, <c>environment</c> with the variable, or the option of the line.</param>
public sealed record SettingValue(string Name, string? Value, string Source)
{
    internal const string Mask = "***";

    /// <summary>Whether a setting of the framework holds a secret: passwords of certificates, headers of exporters.</summary>
    internal static bool IsSecret(string name)
    {
        var last = name[(name.LastIndexOf(':') + 1)..];
        return last.Contains("Password", StringComparison.OrdinalIgnoreCase) || last.Contains("Secret", StringComparison.OrdinalIgnoreCase) || last.EndsWith("Headers", StringComparison.OrdinalIgnoreCase);
    }
}
