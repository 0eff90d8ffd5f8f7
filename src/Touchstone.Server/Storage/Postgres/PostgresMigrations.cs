using Npgsql;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>The numbered steps of the schema. A step that was released never changes; a new one is added below it.</summary>
internal static class PostgresMigrations
{
    // The first half of advisory locks' keys; the second is the installation's. Any number that others don't use.
    private const int Lock = 0x7453_0001;

    // One of many nodes that start together makes the tables, and the others wait for it.
    private const string Patience = "60s";

    // Which rows were forgotten before a mark for them was added is not known: it begins at the newest row there is.
    private static readonly string[] Steps =
    [
        // Text that orders pages has the order of its bytes, as the code has it. The head is one row that every append changes: with room on its page, that costs no index entry.
        """
        CREATE TABLE head (id smallint PRIMARY KEY CHECK (id = 1), epoch uuid NOT NULL, seq bigint NOT NULL, clients bigint NOT NULL) WITH (fillfactor = 10);
        INSERT INTO head VALUES (1, gen_random_uuid(), 0, 0);
        CREATE TABLE settings (name text PRIMARY KEY, value text NOT NULL);
        CREATE TABLE clients (client_id text COLLATE "C" PRIMARY KEY, registration text NOT NULL, changed bigint NOT NULL);
        CREATE INDEX clients_by_change ON clients (changed);
        CREATE TABLE tokens (
            hash bytea PRIMARY KEY, kind smallint NOT NULL, client_id text NOT NULL, issuer text NOT NULL, born bigint NOT NULL,
            issued_at bigint NOT NULL, not_before bigint, expires_at bigint NOT NULL,
            subject text, username text, scope text, audience text, jti text,
            grant_id text, session text, tenant text, ancestors bytea,
            cnf text, act text, authorization_details text, claims text);
        CREATE INDEX tokens_by_expiry ON tokens (expires_at);
        CREATE INDEX tokens_by_descent ON tokens (expires_at) WHERE ancestors IS NOT NULL;
        CREATE INDEX tokens_by_jti ON tokens (jti) WHERE jti IS NOT NULL;
        CREATE INDEX tokens_by_subject ON tokens (subject, tenant) WHERE subject IS NOT NULL;
        CREATE TABLE revocations (
            seq bigint PRIMARY KEY, id uuid NOT NULL, at bigint NOT NULL, kind smallint NOT NULL, name text NOT NULL, issuer text, tenant text,
            issued_before bigint, forget_after bigint NOT NULL, actor text NOT NULL, reason text);
        CREATE INDEX revocations_by_name ON revocations (kind, name, seq);
        CREATE INDEX revocations_by_end ON revocations (forget_after);
        CREATE TABLE forgotten (id smallint PRIMARY KEY CHECK (id = 1), through bigint NOT NULL);
        INSERT INTO forgotten VALUES (1, 0);
        CREATE TABLE assertions (key bytea PRIMARY KEY, forget_after bigint NOT NULL);
        CREATE INDEX assertions_by_end ON assertions (forget_after);
        CREATE TABLE secret_uses (client_id text NOT NULL, secret text NOT NULL, last_used bigint NOT NULL, PRIMARY KEY (client_id, secret));
        CREATE TABLE audit (chain text NOT NULL, n bigint NOT NULL, record bytea NOT NULL, PRIMARY KEY (chain, n));
        CREATE TABLE disabled_subjects (issuer text COLLATE "C" NOT NULL, subject text COLLATE "C" NOT NULL, at bigint NOT NULL, actor text NOT NULL, reason text, PRIMARY KEY (issuer, subject));
        CREATE TABLE nodes (
            instance uuid PRIMARY KEY, name text NOT NULL, beat bigint NOT NULL, epoch uuid NOT NULL, acknowledged bigint NOT NULL, started_at bigint NOT NULL, address text) WITH (fillfactor = 50);
        """,
        """
        CREATE TABLE followers (
            caller text COLLATE "C" NOT NULL, instance text COLLATE "C" NOT NULL, name text NOT NULL, grace bigint, epoch uuid NOT NULL, acknowledged bigint NOT NULL, last_seen bigint NOT NULL, beat bigint NOT NULL,
            PRIMARY KEY (caller, instance)) WITH (fillfactor = 50);
        CREATE TABLE follower_reports (node uuid PRIMARY KEY, epoch uuid NOT NULL, seq bigint NOT NULL) WITH (fillfactor = 50);
        """,
        """
        ALTER TABLE nodes ADD COLUMN acknowledged_row uuid;
        """,
        """
        ALTER TABLE tokens ADD COLUMN lineage text, ADD COLUMN grant_expires_at bigint;
        """,
        """
        CREATE TABLE signing_keys (
            kid text PRIMARY KEY, algorithm text NOT NULL, number int NOT NULL, created_at bigint NOT NULL, signs_from bigint NOT NULL, jwk text NOT NULL,
            signs_until bigint, published_until bigint, retired_at bigint, sealed bytea, UNIQUE (algorithm, number));
        """,
        """
        CREATE TABLE refresh_uses (hash bytea PRIMARY KEY, used_at bigint NOT NULL, grant_id text NOT NULL, proof_key text, successor bytea NOT NULL, forget_after bigint NOT NULL);
        CREATE INDEX refresh_uses_by_end ON refresh_uses (forget_after);
        """,
        """
        ALTER TABLE tokens ADD COLUMN basis_issued_at bigint;
        ALTER TABLE forgotten ADD COLUMN tokens bigint NOT NULL DEFAULT 0;
        UPDATE forgotten SET tokens = (SELECT seq FROM head);
        """,
    ];

    /// <summary>The schema of this version.</summary>
    internal static int Newest => Steps.Length;

    /// <summary>Brings a database to the newest step, all steps in one transaction; says whether it was empty. Refuses a database that a newer version wrote.</summary>
    internal static async Task<bool> ApplyAsync(NpgsqlConnection connection)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, $"SET LOCAL statement_timeout = '{Patience}'; SELECT pg_advisory_xact_lock({Lock}, {PostgresDatabase.Installation})");
        // Looked for first: who may not make tables can still use those that somebody made.
        if (await ScalarAsync(connection, "SELECT (to_regclass('schema_version') IS NOT NULL)::int") == 0)
            await ExecuteAsync(connection, "CREATE TABLE schema_version (version int NOT NULL); INSERT INTO schema_version VALUES (0)");
        var version = await ScalarAsync(connection, "SELECT version FROM schema_version");
        if (version > Steps.Length) throw new StoreException($"The database is of schema {version}, and this version of touchstone knows schemas up to {Steps.Length}. Use the version that wrote it, or a newer one.");
        if (version == Steps.Length) return false;
        var isNew = version == 0;
        for (; version < Steps.Length; version++) await ExecuteAsync(connection, Steps[version]);
        await ExecuteAsync(connection, $"UPDATE schema_version SET version = {version}");
        await transaction.CommitAsync();
        return isNew;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text)
    {
        await using var command = new NpgsqlCommand(text, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<int> ScalarAsync(NpgsqlConnection connection, string text)
    {
        await using var command = new NpgsqlCommand(text, connection);
        return (int)(await command.ExecuteScalarAsync())!;
    }
}
