using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The part of the store that is about refresh tokens.</summary>
internal sealed partial class SqliteTokenStore
{
    public Task<RefreshUse?> UseRefreshTokenAsync(RefreshUse use, IReadOnlyList<TokenRecord> records, Guid? epoch = null) => WriteAsync((statements, _) =>
    {
        var isFirst = 1 == Run(
            statements, "INSERT INTO refresh_uses (hash, used_at, grant_id, proof_key, successor, forget_after) VALUES ($hash, $used, $grant, $key, $successor, $forget) ON CONFLICT DO NOTHING",
            ("$hash", use.Token.ToArray()), ("$used", use.UsedAt), ("$grant", use.Grant), ("$key", use.ProofKey), ("$successor", use.Successor.ToArray()), ("$forget", use.ForgetAfter));
        if (!isFirst) return Sql.Read(statements.Connection, SqliteRows.SelectRefreshUse, SqliteRows.ReadRefreshUse, ("$hash", use.Token.ToArray()))[0];
        // The use has not to stay where they don't: this write fails whole.
        if (records.Any(record => !statements.AddToken(record))) throw new InvalidOperationException("a new random token was there already");
        return null;
    });

    public ValueTask<RefreshUse?> FindRefreshUseAsync(TokenHash hash, CancellationToken cancellationToken) => ValueTask.FromResult(Read(static (reader, hash) => reader.FindRefreshUse(hash), hash));
}
