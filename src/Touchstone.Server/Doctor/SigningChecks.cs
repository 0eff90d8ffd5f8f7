using Touchstone.Server.Clients;
using Touchstone.Server.Signing;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Doctor;

/// <summary>What signing keys are encrypted with (docs/keys.md), and whether it opens those that are to sign, as the next start needs it.</summary>
internal static class SigningChecks
{
    private const string Name = "signing", Advice = "Put the right one back; docs/keys.md says what to do if it is lost.";

    internal static DoctorCheck Of(ServerOptions options, FolderFacts facts, DateTimeOffset now)
    {
        if (options.Signing.KeyFile is { } file)
        {
            if (!SigningOptions.TryReadKey(file, out var key, out var error)) return DoctorCheck.Fail(Name, error, "Put the file back from its copy: the server does not start without it.");
            if (Locked(new KeySeal(key), facts, now) is { } other) return DoctorCheck.Fail(Name, $"{file} does not open the signing key {other}: the next start is refused.", Advice);
            return FileChecks.IsOpenToOthers(file)
                ? DoctorCheck.Fail(Name, $"Others than the owner can read or write {file}, which opens the signing keys.", "chmod 600 it; and make a new one, if others may have read it.")
                : DoctorCheck.Ok(Name, $"Signing keys are encrypted with {file}.");
        }
        return facts.IsShared ? OfShared(facts, now) : OfFolder(options, facts, now);
    }

    private static DoctorCheck OfShared(FolderFacts facts, DateTimeOffset now)
    {
        var seal = facts.SigningSecret is { } secret ? new KeySeal(Convert.FromBase64String(secret)) : null;
        return Locked(seal, facts, now) is { } locked
            ? DoctorCheck.Fail(Name, $"The key in the database does not open the signing key {locked}: the next start is refused.", "Name the file that signing keys were encrypted with in Signing:KeyFile.")
            : DoctorCheck.Warn(Name, "Signing keys are encrypted with a key of the same database: a copy of it holds both.", "Give every node the same file with Signing:KeyFile.");
    }

    private static DoctorCheck OfFolder(ServerOptions options, FolderFacts facts, DateTimeOffset now)
    {
        var vault = new SecretVault(options);
        try
        {
            var seal = vault.Secret(mayMake: false) is { } secret ? new KeySeal(secret) : null;
            if (Locked(seal, facts, now) is not { } locked) return DoctorCheck.Ok(Name, $"Signing keys are encrypted with {vault.File}: a copy of the folder holds both, and one of the database does not.");
            return seal is null
                ? DoctorCheck.Fail(Name, $"Signing keys are stored, and there is no {vault.File}, which opens them: the next start is refused.", "Put it back from its copy.")
                : DoctorCheck.Fail(Name, $"{vault.File} does not open the signing key {locked}: the next start is refused.", Advice);
        }
        catch (Exception unreadable) when (unreadable is StartupException or FormatException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return DoctorCheck.Fail(Name, $"{vault.File}: {unreadable.Message}", "Put it back from its copy.");
        }
    }

    // As the start looks at them.
    private static string? Locked(KeySeal? seal, FolderFacts facts, DateTimeOffset now)
    {
        var ring = new KeyRing(facts.SigningKeys.Select(key => new HeldKey(key, seal is null || key.Sealed is null ? null : SigningKeys.Open(seal, key))));
        return SigningKey.Algorithms.Select(algorithm => ring.Locked(algorithm, now.ToUnixTimeSeconds())?.Stored.Kid).FirstOrDefault(kid => kid is not null);
    }
}
