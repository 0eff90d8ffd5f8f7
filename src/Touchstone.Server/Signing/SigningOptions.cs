using System.Buffers.Text;
using Touchstone.Server.Settings;

namespace Touchstone.Server.Signing;

/// <summary>The keys that sign JWTs (docs/keys.md). Under <c>Touchstone:Signing</c>.</summary>
public sealed class SigningOptions
{
    /// <summary>A file with 32 random bytes in base64, the same at every node, that signing keys are encrypted with in the database. Default: with SQLite a file of the data folder; with PostgreSQL a key in the database itself, so that a copy of it holds both.</summary>
    [Setting(Range = "a file with 32 bytes in base64", Default = "none")]
    public string? KeyFile { get; set; }

    /// <summary>Whether keys that <see cref="KeyFile"/> does not open are replaced by new ones, in place of refusing to start: for a file that was changed or lost. What they signed stays good until it expires. Default false. Set it for one start.</summary>
    public bool ReplaceUnreadable { get; set; }

    /// <summary>How long a key signs before the next one does, 1 day to 3,650 days; 0: until the command. Default 90 days.</summary>
    [Setting(Zero = "until `touchstone keys rotate`", Min = "1 day", Max = "3650 days")]
    public TimeSpan RotateAfter { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long a new key is published before it signs, so that caches of <c>jwks.json</c> know it by then, 10 min to 12 h. Default 1 h.</summary>
    [Setting(Min = "10 minutes", Max = "12 hours")]
    public TimeSpan Overlap { get; set; } = TimeSpan.FromHours(1);

    internal IEnumerable<string> Errors()
    {
        if (KeyFile is null) yield break;
        if (TryReadKey(KeyFile, out _, out var error)) yield break;
        yield return $"Signing:KeyFile: {error}";
    }

    /// <summary>Reads a key file.</summary>
    internal static bool TryReadKey(string path, out byte[] key, out string error)
    {
        (key, error) = ([], "");
        try
        {
            // A pipe or a device has no length, and would be read for ever. A link has one of its own.
            if (path.Length == 0) error = "name a file, or take the setting away.";
            else if (!IsShort(new FileInfo(path))) error = $"{path} is no file with 1 to 1,024 bytes.";
            else if (File.ReadAllText(path).Trim() is var text && (!Base64.IsValid(text) || (key = Convert.FromBase64String(text)).Length != KeySeal.KeySize)) error = $"{path} must hold 32 random bytes in base64, such as 'openssl rand -base64 32' makes.";
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            error = $"{path} can't be read: {unreadable.Message}";
        }
        return error.Length == 0;
    }

    private static bool IsShort(FileInfo file) => file.Exists && ((file.ResolveLinkTarget(returnFinalTarget: true) ?? file) as FileInfo) is { Exists: true, Length: > 0 and <= 1024 };
}
