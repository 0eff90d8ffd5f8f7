using Touchstone.Server.Signing;

namespace Touchstone.Server.Doctor;

/// <summary>What signing keys are encrypted with (docs/keys.md).</summary>
internal static class SigningChecks
{
    private const string Name = "signing";

    internal static DoctorCheck Of(ServerOptions options, FolderFacts facts)
    {
        if (options.Signing.KeyFile is { } file)
        {
            if (!SigningOptions.TryReadKey(file, out _, out var error)) return DoctorCheck.Fail(Name, error, "Put the file back from its copy: the server does not start without it.");
            return FileChecks.IsOpenToOthers(file)
                ? DoctorCheck.Fail(Name, $"Others than the owner can read or write {file}, which opens the signing keys.", "chmod 600 it; and make a new one, if others may have read it.")
                : DoctorCheck.Ok(Name, $"Signing keys are encrypted with {file}.");
        }
        if (facts.IsShared) return DoctorCheck.Warn(Name, "Signing keys are encrypted with a key of the same database: a copy of it holds both.", "Give every node the same file with Signing:KeyFile.");
        var own = Path.Combine(options.Data, "secrets.key");
        return facts.SigningKeys > 0 && !File.Exists(own)
            ? DoctorCheck.Fail(Name, $"Signing keys are stored, and there is no {own}, which opens them: the next start is refused.", "Put it back from its copy.")
            : DoctorCheck.Ok(Name, $"Signing keys are encrypted with {own}: a copy of the folder holds both, and one of the database does not.");
    }
}
