using Microsoft.Data.Sqlite;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>The numbered steps of the schema. A step that was released never changes; a new one is added below it.</summary>
internal static class Migrations
{
    // Which rows were forgotten before a mark for them was added is not known: it begins at the newest row there is.
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), epoch BLOB NOT NULL, seq INTEGER NOT NULL) STRICT;
        CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
        CREATE TABLE clients (client_id TEXT PRIMARY KEY, registration TEXT NOT NULL) STRICT;
        CREATE TABLE tokens (
            hash BLOB PRIMARY KEY, kind INTEGER NOT NULL, client_id TEXT NOT NULL, issuer TEXT NOT NULL, born INTEGER NOT NULL,
            issued_at INTEGER NOT NULL, not_before INTEGER, expires_at INTEGER NOT NULL,
            subject TEXT, username TEXT, scope TEXT, audience TEXT, jti TEXT,
            grant_id TEXT, session TEXT, tenant TEXT, ancestors BLOB,
            cnf TEXT, act TEXT, authorization_details TEXT, claims TEXT) STRICT, WITHOUT ROWID;
        CREATE INDEX tokens_by_expiry ON tokens (expires_at);
        CREATE TABLE revocations (
            seq INTEGER PRIMARY KEY, id BLOB NOT NULL, at INTEGER NOT NULL, kind INTEGER NOT NULL, key TEXT NOT NULL,
            issued_before INTEGER, forget_after INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT) STRICT;
        CREATE INDEX revocations_by_key ON revocations (kind, key, seq);
        """,
        "CREATE INDEX tokens_by_jti ON tokens (jti) WHERE jti IS NOT NULL",
        """
        CREATE TABLE assertions (key BLOB PRIMARY KEY, forget_after INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX assertions_by_end ON assertions (forget_after);
        CREATE TABLE secret_uses (client_id TEXT NOT NULL, secret TEXT NOT NULL, last_used INTEGER NOT NULL, PRIMARY KEY (client_id, secret)) STRICT, WITHOUT ROWID;
        """,
        "CREATE TABLE audit (chain TEXT NOT NULL, n INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (chain, n)) STRICT, WITHOUT ROWID;",
        """
        CREATE TABLE disabled_subjects (issuer TEXT NOT NULL, subject TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT, PRIMARY KEY (issuer, subject)) STRICT, WITHOUT ROWID;
        CREATE INDEX tokens_by_subject ON tokens (subject, tenant) WHERE subject IS NOT NULL;
        """,
        """
        CREATE INDEX revocations_by_end ON revocations (forget_after);
        CREATE INDEX descendants_by_expiry ON tokens (expires_at) WHERE ancestors IS NOT NULL;
        ALTER TABLE head ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
        """,
        """
        ALTER TABLE tokens ADD COLUMN lineage TEXT;
        ALTER TABLE tokens ADD COLUMN grant_expires_at INTEGER;
        """,
        """
        CREATE TABLE signing_keys (
            kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, number INTEGER NOT NULL, created_at INTEGER NOT NULL, signs_from INTEGER NOT NULL, jwk TEXT NOT NULL,
            signs_until INTEGER, published_until INTEGER, retired_at INTEGER, sealed BLOB, UNIQUE (algorithm, number)) STRICT;
        """,
        """
        CREATE TABLE refresh_uses (hash BLOB PRIMARY KEY, used_at INTEGER NOT NULL, grant_id TEXT NOT NULL, proof_key TEXT, successor BLOB NOT NULL, forget_after INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX refresh_uses_by_end ON refresh_uses (forget_after);
        """,
        """
        ALTER TABLE tokens ADD COLUMN basis_issued_at INTEGER;
        ALTER TABLE head ADD COLUMN forgotten_tokens INTEGER NOT NULL DEFAULT 0;
        UPDATE head SET forgotten_tokens = seq;
        """,
    ];

    /// <summary>The schema of this version.</summary>
    internal static int Newest => Steps.Length;

    /// <summary>Whether nothing was ever kept in a database.</summary>
    internal static bool IsNew(SqliteConnection connection) => Sql.Scalar(connection, "PRAGMA user_version") == 0;

    /// <summary>Brings a database to the newest step, each step in one transaction. Refuses a database that a newer version wrote.</summary>
    internal static void Apply(SqliteConnection connection)
    {
        var version = (int)Sql.Scalar(connection, "PRAGMA user_version");
        if (version > Steps.Length) throw new StoreException($"The database is of schema {version}, and this version of touchstone knows schemas up to {Steps.Length}. Use the version that wrote it, or a newer one.");
        for (; version < Steps.Length; version++)
        {
            using var transaction = connection.BeginTransaction();
            Sql.Execute(connection, Steps[version]);
            if (version == 0) Sql.Execute(connection, "INSERT INTO head VALUES (1, $epoch, 0)", ("$epoch", Guid.NewGuid().ToByteArray()));
            Sql.Execute(connection, $"PRAGMA user_version = {version + 1}");
            transaction.Commit();
        }
    }
}
