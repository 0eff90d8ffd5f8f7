using System.Text.Json;
using Microsoft.Data.Sqlite;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Revocation;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The prepared statements of the writer. Only its thread uses them.</summary>
internal sealed class SqliteStatements : IDisposable
{
    // From chain to chain by the index: there may be millions of records and are few chains.
    private const string Heads = """
        WITH RECURSIVE chains (chain) AS (
            SELECT min(chain) FROM audit
            UNION ALL SELECT (SELECT min(a.chain) FROM audit AS a WHERE a.chain > chains.chain) FROM chains WHERE chains.chain IS NOT NULL)
        SELECT a.chain, a.n, a.record FROM chains CROSS JOIN audit AS a WHERE chains.chain <> $own AND a.chain = chains.chain AND a.n = (SELECT max(n) FROM audit WHERE chain = chains.chain)
        """;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _token, _row, _head, _addClient, _saveClient, _set, _record, _forgetRecords, _lastDescendant;
    private readonly AuditTable _audit;
    private readonly string _chain;

    internal SqliteStatements(SqliteConnection connection, AuditRecorder recorder)
    {
        _connection = connection;
        _token = Prepare(
            """
            INSERT INTO tokens (hash, kind, client_id, issuer, born, issued_at, not_before, expires_at, subject, username, scope, audience, jti, grant_id, session, tenant, ancestors, lineage, grant_expires_at, basis_issued_at, cnf, act, authorization_details, claims)
            VALUES ($hash, $kind, $client, $issuer, $born, $issued, $notBefore, $expires, $subject, $username, $scope, $audience, $jti, $grant, $session, $tenant, $ancestors, $lineage, $grantExpires, $basis, $cnf, $act, $details, $claims)
            ON CONFLICT DO NOTHING
            """,
            "$hash", "$kind", "$client", "$issuer", "$born", "$issued", "$notBefore", "$expires", "$subject", "$username", "$scope", "$audience", "$jti", "$grant", "$session", "$tenant", "$ancestors", "$lineage", "$grantExpires", "$basis", "$cnf", "$act", "$details", "$claims");
        _row = Prepare(
            "INSERT INTO revocations (seq, id, at, kind, key, issued_before, forget_after, actor, reason) VALUES ($seq, $id, $at, $kind, $key, $before, $forget, $actor, $reason)",
            "$seq", "$id", "$at", "$kind", "$key", "$before", "$forget", "$actor", "$reason");
        _lastDescendant = Prepare("SELECT ifnull(max(expires_at), 0) FROM tokens WHERE ancestors IS NOT NULL");
        _head = Prepare("UPDATE head SET seq = $seq", "$seq");
        _addClient = Prepare("INSERT INTO clients (client_id, registration) VALUES ($id, $registration) ON CONFLICT DO NOTHING", "$id", "$registration");
        _saveClient = Prepare("UPDATE clients SET registration = $registration WHERE client_id = $id", "$id", "$registration");
        _set = Prepare("INSERT INTO settings (name, value) VALUES ($name, $value) ON CONFLICT DO UPDATE SET value = excluded.value", "$name", "$value");
        _record = Prepare("INSERT INTO audit (chain, n, record) VALUES ($chain, $n, $record)", "$chain", "$n", "$record");
        _forgetRecords = Prepare("DELETE FROM audit WHERE chain = $chain AND n IN (SELECT n FROM audit WHERE chain = $chain AND n <= $through ORDER BY n LIMIT $most)", "$chain", "$through", "$most");
        _audit = new AuditTable(recorder, (n, record) => Run(_record, recorder.Changes, n, record));
        var newest = Sql.Read(connection, "SELECT n, record FROM audit WHERE chain = $chain ORDER BY n DESC LIMIT 1", row => (N: row.GetInt64(0), Record: row.GetFieldValue<byte[]>(1)), ("$chain", recorder.Changes));
        _audit.Load(newest.Count == 0 ? null : newest[0]);
        _chain = recorder.Changes;
    }

    /// <summary>For statements of the writer that are too rare to be prepared.</summary>
    internal SqliteConnection Connection => _connection;

    /// <summary>The chain of changes: what is written here is recorded there, in the same transaction.</summary>
    internal AuditTable Audit => _audit;

    /// <summary>The request that the write under way belongs to; null for what the server does by itself.</summary>
    internal AuditOrigin? Origin { get; set; }

    internal void Begin(SqliteTransaction transaction)
    {
        _audit.Begin();
        foreach (var command in All) command.Transaction = transaction;
    }

    /// <summary>Adds all records or, when one stands there already, none; says which, or -1.</summary>
    internal int AddTokens(IReadOnlyList<TokenRecord> records)
    {
        Sql.Execute(_connection, "SAVEPOINT tokens");
        var recorded = _audit.Mark();
        for (var i = 0; i < records.Count; i++)
        {
            if (AddToken(records[i])) continue;
            Sql.Execute(_connection, "ROLLBACK TO tokens; RELEASE tokens");
            _audit.Undo(recorded); // Else the chain would go on from records that are not there.
            return i;
        }
        Sql.Execute(_connection, "RELEASE tokens");
        return -1;
    }

    internal bool AddToken(TokenRecord record)
    {
        var isNew = InsertToken(record);
        if (isNew) _audit.Append(AuditEvent.Issued(record, Origin));
        if (isNew) foreach (var ancestor in record.Ancestors) RememberFor(record, ancestor);
        return isNew;
    }

    // The row of an ancestor was to be forgotten with the ancestor, and ends this one too.
    private void RememberFor(TokenRecord record, in TokenHash ancestor) => Sql.Execute(
        _connection,
        "UPDATE revocations SET forget_after = $end WHERE kind = $kind AND key = $key AND forget_after < $end",
        ("$end", record.ExpiresAt + RevocationLog.ForgetMargin), ("$kind", (long)SelectorKind.Token), ("$key", Selector.Token(ancestor).Key));

    private bool InsertToken(TokenRecord record) => 1 == Run(
        _token,
        record.Hash.ToArray(), (long)record.Kind, record.ClientId, record.Issuer, record.Born, record.IssuedAt, record.NotBefore, record.ExpiresAt, record.Subject, record.Username,
        record.Scope.IsEmpty ? null : record.Scope.Text, record.Audience.Count == 0 ? null : string.Join('\n', record.Audience), record.Jti, record.Grant, record.Session, record.Tenant,
        record.Ancestors.Count == 0 ? null : record.Ancestors.SelectMany(hash => hash.ToArray()).ToArray(), LineageText.Of(record.Lineage), record.GrantExpiresAt, record.BasisIssuedAt,
        Json(record.Confirmation), Json(record.Actor), Json(record.AuthorizationDetails), Json(record.Claims));

    internal RevocationRow Append(RevocationRow row, SqliteWriter.Committed committed)
    {
        if (committed.Rows.Count == 0) committed.Head = Sql.Scalar(_connection, "SELECT seq FROM head");
        var numbered = row with { Seq = ++committed.Head };
        // A token's row also ends what descends from it, which may live longer. Whose descendant each is stands in no index: it stays for the last of them all.
        if (row.Selector.Kind is SelectorKind.Token && (long)_lastDescendant.ExecuteScalar()! is > 0 and var last) numbered = numbered with { ForgetAfter = Math.Max(row.ForgetAfter, last + RevocationLog.ForgetMargin) };
        Run(_row, numbered.Seq, numbered.Id.ToByteArray(), numbered.At, (long)numbered.Selector.Kind, numbered.Selector.Key, numbered.IssuedBefore, numbered.ForgetAfter, numbered.Actor, numbered.Reason);
        committed.Rows.Add(numbered);
        // A registration's row says that it changed; how is recorded where it is saved.
        if (numbered.Selector.Kind is not SelectorKind.Registration) _audit.Append(AuditEvent.Revoked(numbered, Origin));
        return numbered;
    }

    internal void AdvanceHead(long seq) => Run(_head, seq);

    internal bool AddClient(ClientRegistration registration)
    {
        var isNew = 1 == Run(_addClient, registration.ClientId, Json(registration));
        if (isNew) _audit.Append(AuditEvent.ClientAdded(registration, Origin));
        return isNew;
    }

    /// <summary>Saves a registration. False, and nothing is written, where another one stands there than the one that was read.</summary>
    internal bool SaveClient(ClientRegistration registration, ClientRegistration read)
    {
        var old = Sql.Read(_connection, "SELECT registration FROM clients WHERE client_id = $id", row => row.GetString(0), ("$id", registration.ClientId)).FirstOrDefault();
        if (old is null || !ClientRegistrationText.Is(old, read)) return false;
        var changed = Json(registration);
        Run(_saveClient, registration.ClientId, changed);
        _audit.Append(AuditEvent.ClientChanged(registration, AuditDifference.Members(old, changed), Origin));
        return true;
    }

    internal string? Get(string name) => Sql.Read(_connection, "SELECT value FROM settings WHERE name = $name", row => row.GetString(0), ("$name", name)).FirstOrDefault();

    internal void Set(string name, string value)
    {
        Run(_set, name, value);
        _audit.Append(AuditEvent.SettingChanged(name, Origin));
    }

    public void Dispose()
    {
        foreach (var command in All) command.Dispose();
    }

    /// <summary>The newest records of the other chains.</summary>
    internal IReadOnlyList<AuditAnchor> OtherHeads() =>
        Sql.Read(_connection, Heads, row => new AuditAnchor(row.GetString(0), row.GetInt64(1), AuditHash.Of(row.GetFieldValue<byte[]>(2))), ("$own", _chain));

    /// <summary>Deletes the oldest records of a chain of changes up to a number; gives how many.</summary>
    internal int ForgetAudit(string chain, long through, int most) => Run(_forgetRecords, chain, through, most);

    private ReadOnlySpan<SqliteCommand> All => new[] { _token, _row, _head, _addClient, _saveClient, _set, _record, _forgetRecords, _lastDescendant };

    private static string Json(ClientRegistration registration) => ClientRegistrationText.Of(registration);

    private static string? Json(ReadOnlyMemory<byte> utf8) => utf8.IsEmpty ? null : System.Text.Encoding.UTF8.GetString(utf8.Span);

    private SqliteCommand Prepare(string text, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        foreach (var name in parameters) command.Parameters.AddWithValue(name, DBNull.Value);
        command.Prepare();
        return command;
    }

    private static int Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            // A parameter keeps the type of its first value unless it is told to infer anew.
            command.Parameters[i].ResetSqliteType();
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }
        return command.ExecuteNonQuery();
    }
}
