using Touchstone.Protocol.Revocation;

namespace Touchstone.Server.Storage;

/// <summary>
/// Which subjects get no more tokens. Looked up in the store at each issue, never in memory: an issue takes its <c>born</c> first, so that a subject that is disabled
/// after the look is met by its row.
/// </summary>
internal interface ISubjectStore
{
    /// <summary>Disables a subject and appends the row that ends its tokens, in one commit; null when it was disabled already.</summary>
    Task<RevocationRow?> DisableAsync(DisabledSubject subject, RevocationRow row);

    /// <summary>Enables a subject; false when it was not disabled. No row and no token changes.</summary>
    Task<bool> EnableAsync(string issuer, string subject);

    /// <summary>The subject, where it is disabled.</summary>
    ValueTask<DisabledSubject?> FindDisabledAsync(string issuer, string subject, CancellationToken cancellationToken);

    /// <summary>Up to <paramref name="most"/> of them in order of issuer and subject, beginning behind the given one.</summary>
    ValueTask<IReadOnlyList<DisabledSubject>> ListDisabledAsync(Selector? after, int most, CancellationToken cancellationToken);

    /// <summary>Whether a token of this subject (of this tenant's, for a member) is known, expired or not.</summary>
    ValueTask<bool> HasTokensAsync(Selector subject, CancellationToken cancellationToken);
}

/// <summary>A disabled subject: since when (seconds since 1970), by whom and why.</summary>
internal sealed record DisabledSubject(string Issuer, string Subject, long At, string Actor, string? Reason);
