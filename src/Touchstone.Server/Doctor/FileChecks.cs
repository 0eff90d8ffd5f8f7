namespace Touchstone.Server.Doctor;

/// <summary>Checks of the files of a data folder.</summary>
internal static class FileChecks
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static readonly string[] Secret = ["admin.json", "demo.json", "audit.key", "audit.hmac", "secrets.key"];

    /// <summary>Secrets for their owner alone, and the folder too.</summary>
    internal static DoctorCheck Modes(string data)
    {
        if (OperatingSystem.IsWindows()) return DoctorCheck.Skipped("modes", "Not applicable on Windows: look at the folder's permissions there.");
        var open = Secret.Select(name => Path.Combine(data, name)).Where(path => File.Exists(path) && Has(path, Others)).ToArray();
        if (open.Length > 0) return DoctorCheck.Fail("modes", $"Others than the owner can read or write {string.Join(", ", open)}.", "chmod 600 them, and make new secrets if others may have read them.");
        return Has(data, Others | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)
            ? DoctorCheck.Warn("modes", $"Others than the owner can look into {data}.", "chmod 700: the database there tells who has tokens.")
            : DoctorCheck.Ok("modes", "The folder and its secrets are for their owner alone.");
    }

    /// <summary>Whether a copy of the keys exists can't be seen from here: it is asked for.</summary>
    internal static DoctorCheck Keys(string data, bool areSecretsSealed)
    {
        var keys = ((string[])["audit.key", "audit.hmac", "secrets.key"]).Where(name => File.Exists(Path.Combine(data, name))).ToArray();
        if (areSecretsSealed && !keys.Contains("secrets.key"))
            return DoctorCheck.Fail("keys", "Secrets for client_secret_jwt are stored, and there is no secrets.key in this folder: their clients are refused at this node.", "Put it back from its copy, or copy it from the node where the first of them was registered.");
        return keys.Contains("audit.key")
            ? DoctorCheck.Skipped("keys", $"Whether there is a copy of {string.Join(", ", keys)} can't be told from here.", "Keep one apart from the database's backups, and 'touchstone audit checkpoint' where nobody who could cut the audit can reach.")
            : DoctorCheck.Warn("keys", "There is no audit.key in the folder: the next start begins a new chain.", "Put it back from its copy.");
    }

    internal static bool IsOpenToOthers(string path) => Has(path, UnixFileMode.OtherRead | UnixFileMode.OtherWrite);

    private static bool Has(string path, UnixFileMode mode) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & mode) != 0;
}
