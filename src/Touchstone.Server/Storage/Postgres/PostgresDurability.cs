namespace Touchstone.Server.Storage.Postgres;

/// <summary>
/// Whether a commit that was acknowledged is on a second machine too. With <c>synchronous_standby_names</c>, a commit returns only when a standby has it; without, a failover can lose the newest ones,
/// revocations among them.
/// </summary>
internal sealed class PostgresDurability(Func<ValueTask<string?>> look, TimeProvider time)
{
    internal const string None = "no synchronous standby", Away = "the synchronous standby is away";

    // A role without pg_monitor sees the others' rows and nothing in them: then the setting alone tells, and a standby that is away makes writes fail.
    internal const string Query = $"""
        SELECT CASE WHEN current_setting('synchronous_standby_names') = '' THEN '{None}'
            WHEN NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')) THEN '{Away}' END
        """;

    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);
    private long? _looked;
    private string? _found;

    /// <summary>What is missing, as it was ten seconds ago at most.</summary>
    /// <exception cref="StoreException">The database can't be asked.</exception>
    internal async ValueTask<string?> FindAsync()
    {
        await _one.WaitAsync();
        try
        {
            if (_looked is { } looked && time.GetElapsedTime(looked) < Between) return _found;
            _found = await look();
            _looked = time.GetTimestamp();
            return _found;
        }
        finally
        {
            _one.Release();
        }
    }
}
