namespace Touchstone.Server.Storage;

/// <summary>What is stored about callers beside their registrations.</summary>
internal interface ICallerStore
{
    /// <summary>Notes the use of an assertion; false when it was used before. Done when it is on the disk.</summary>
    Task<bool> UseAssertionAsync(byte[] key, long forgetAfter);

    /// <summary>Keeps when secrets were last used, where nobody kept a later use: another node has its own callers.</summary>
    Task SaveSecretUsesAsync(IReadOnlyList<SecretUse> uses);

    /// <summary>When secrets were last used.</summary>
    ValueTask<IReadOnlyList<SecretUse>> LoadSecretUsesAsync();
}

/// <summary>The last use of one stored secret of a client, in seconds since 1970.</summary>
internal sealed record SecretUse(string ClientId, string Secret, long LastUsed);
