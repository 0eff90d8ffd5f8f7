using Touchstone.Protocol.Revocation;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>
/// What leaves. Readers have their snapshots and never wait for it; other writes wait as long as a batch holds the writer. The pages that it frees are used again: the file does not shrink.
/// </summary>
internal sealed partial class SqliteTokenStore : ICleanedStore
{
    public Task<CleanedBatch> RemoveTokensAsync(long expiredBefore, int most) => CleanAsync(
        "DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE expires_at < $before ORDER BY expires_at LIMIT $most)", ("$before", expiredBefore), ("$most", most));

    public Task<CleanedBatch> ForgetAssertionsAsync(long forgetBefore, int most) => CleanAsync(
        "DELETE FROM assertions WHERE key IN (SELECT key FROM assertions WHERE forget_after < $before LIMIT $most)", ("$before", forgetBefore), ("$most", most));

    public Task<CleanedBatch> ForgetRefreshUsesAsync(long forgetBefore, int most) => CleanAsync(
        "DELETE FROM refresh_uses WHERE hash IN (SELECT hash FROM refresh_uses WHERE forget_after < $before ORDER BY forget_after LIMIT $most)", ("$before", forgetBefore), ("$most", most));

    public Task<CleanedBatch> RemoveSecretUsesAsync(IReadOnlyList<SecretUse> gone) => WriteAsync((statements, _) =>
    {
        var started = time.GetTimestamp();
        foreach (var use in gone) Run(statements, "DELETE FROM secret_uses WHERE client_id = $client AND secret = $secret", ("$client", use.ClientId), ("$secret", use.Secret));
        return new CleanedBatch(gone.Count, time.GetElapsedTime(started));
    });

    public Task<ForgottenRows> ForgetRowsAsync(long forgetBefore, int most) => WriteAsync((statements, committed) =>
    {
        committed.WantsCopy = true;
        var started = time.GetTimestamp();
        var rows = Sql.Read(
            statements.Connection,
            "DELETE FROM revocations WHERE seq IN (SELECT seq FROM revocations WHERE forget_after < $before AND seq < (SELECT seq FROM head) ORDER BY forget_after LIMIT $most) RETURNING seq, kind, key",
            row => (Selector.TryParse((SelectorKind)row.GetByte(1), row.GetString(2), out var selector) ? selector : throw new StoreException($"Row {row.GetInt64(0)} of the revocation log can't be read."), row.GetInt64(0)),
            ("$before", forgetBefore), ("$most", most));
        var through = ForgottenRows.ThroughOf(rows);
        if (through > 0) Run(statements, "UPDATE head SET forgotten = max(forgotten, $through)", ("$through", through));
        var forgotten = new ForgottenRows(rows, through, time.GetElapsedTime(started));
        if (forgotten.ThroughTokens is > 0 and var tokens) Run(statements, "UPDATE head SET forgotten_tokens = max(forgotten_tokens, $through)", ("$through", tokens));
        return forgotten;
    });

    private Task<CleanedBatch> CleanAsync(string text, params (string Name, object? Value)[] parameters) => WriteAsync((statements, committed) =>
    {
        committed.WantsCopy = true;
        var started = time.GetTimestamp();
        return new CleanedBatch(Run(statements, text, parameters), time.GetElapsedTime(started));
    });
}
