using Touchstone.Protocol.Revocation;
using Touchstone.Server.Audit;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The part of the store that is about subjects.</summary>
internal sealed partial class SqliteTokenStore : ISubjectStore
{
    public Task<RevocationRow?> DisableAsync(DisabledSubject subject, RevocationRow row) => WriteAsync((statements, committed) =>
    {
        var isNew = 1 == Run(
            statements, "INSERT INTO disabled_subjects (issuer, subject, at, actor, reason) VALUES ($issuer, $subject, $at, $actor, $reason) ON CONFLICT DO NOTHING",
            ("$issuer", subject.Issuer), ("$subject", subject.Subject), ("$at", subject.At), ("$actor", subject.Actor), ("$reason", subject.Reason));
        if (!isNew) return null;
        statements.Audit.Append(AuditEvent.SubjectChanged(subject.Issuer, subject.Subject, isEnabled: false, subject.Reason, statements.Origin));
        return statements.Append(row, committed);
    });

    public Task<bool> EnableAsync(string issuer, string subject) => WriteAsync((statements, _) =>
    {
        var wasDisabled = 1 == Run(statements, "DELETE FROM disabled_subjects WHERE issuer = $issuer AND subject = $subject", ("$issuer", issuer), ("$subject", subject));
        if (wasDisabled) statements.Audit.Append(AuditEvent.SubjectChanged(issuer, subject, isEnabled: true, reason: null, statements.Origin));
        return wasDisabled;
    });

    public ValueTask<DisabledSubject?> FindDisabledAsync(string issuer, string subject, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(static (reader, asked) => reader.FindDisabled(asked.issuer, asked.subject), (issuer, subject)));

    public ValueTask<IReadOnlyList<DisabledSubject>> ListDisabledAsync(Selector? after, int most, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Read(static (reader, asked) => reader.ListDisabled(asked.after, asked.most), (after, most)));

    public ValueTask<bool> HasTokensAsync(Selector subject, CancellationToken cancellationToken) => ValueTask.FromResult(Read(static (reader, subject) => reader.HasTokens(subject), subject));
}
