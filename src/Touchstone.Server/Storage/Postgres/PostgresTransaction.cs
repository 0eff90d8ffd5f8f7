using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>What the writes of one transaction bring to the log, to registrations and to the audit. Rows get their numbers at its end, when it holds the head of the log.</summary>
internal sealed class PostgresTransaction
{
    /// <summary>Rows in the order of the log; without their numbers until the head is held.</summary>
    internal List<RevocationRow> Rows { get; } = [];

    internal List<ClientRegistration> Registrations { get; } = [];

    /// <summary>Tokens that were put in and descend from others: rows of those have to be remembered as long as these live.</summary>
    internal List<TokenRecord> Descendants { get; } = [];

    /// <summary>Whether the head of the log has to be held.</summary>
    internal bool NeedsHead => Rows.Count + Registrations.Count + Descendants.Count > 0;

    /// <summary>Whether it brings rows and nothing else that needs the head.</summary>
    internal bool HasOnlyRows => Rows.Count > 0 && Registrations.Count + Descendants.Count == 0;

    /// <summary>The audit's events in order; made when the rows have their numbers.</summary>
    internal List<Func<AuditEvent?>> Events { get; } = [];

    /// <summary>The request that the write under way belongs to; null for what the server does by itself.</summary>
    internal AuditOrigin? Origin { get; set; }

    /// <summary>Which of the tokens of the write under way stood there already, the first of them; -1 when none did.</summary>
    internal int Taken { get; set; } = -1;

    /// <summary>A write found that it can't be done whole: what it did in the database must not stay.</summary>
    internal bool MustUndo { get; set; }

    /// <summary>The number of the newest row after this transaction, whoever wrote it.</summary>
    internal long Seq { get; private set; }

    /// <summary>The life of the log that it is written in.</summary>
    internal Guid Epoch { get; private set; }

    /// <summary>The newest row before this transaction's own.</summary>
    internal LogCursor Before { get; private set; }

    /// <summary>What the database said of itself within it.</summary>
    internal string Life { get; private set; } = "";

    /// <summary>The newest row of this transaction, where it has any.</summary>
    internal LogCursor Head { get; private set; }

    /// <summary>How often registrations have changed, after this transaction.</summary>
    internal long ClientChanges { get; private set; }

    /// <summary>The nodes right after the commit, where it brought rows.</summary>
    internal NodesSeen? Seen { get; set; }

    /// <summary>Appends a row; gives its place among <see cref="Rows"/>.</summary>
    internal int Append(RevocationRow row)
    {
        var place = Rows.Count;
        Rows.Add(row);
        var origin = Origin;
        // A registration's row says that it changed; how is recorded where it is saved.
        if (row.Selector.Kind is not SelectorKind.Registration) Events.Add(() => AuditEvent.Revoked(Rows[place], origin));
        return place;
    }

    internal void Record(AuditEvent e) => Events.Add(() => e);

    /// <summary>What a checkpoint names of other chains, where one is asked for; and whether this chain has grown.</summary>
    internal (bool HasGrown, IReadOnlyList<AuditAnchor> Others) Checkpoint { get; private set; }

    /// <summary>Signs the chain at this place.</summary>
    internal void Sign(bool hasGrown, IReadOnlyList<AuditAnchor> others)
    {
        Checkpoint = (hasGrown || Checkpoint.HasGrown, others);
        Events.Add(static () => null);
    }

    /// <summary>The head is held until the commit: the rows are its last ones.</summary>
    internal void Number(Guid epoch, long seq, long clientChanges, string life, Guid before, IReadOnlyList<long> forgetAfter)
    {
        (Epoch, Life, Before) = (epoch, life, new LogCursor(epoch, seq - Rows.Count, before));
        for (var i = 0; i < Rows.Count; i++) Rows[i] = Rows[i] with { Seq = seq - Rows.Count + i + 1, ForgetAfter = forgetAfter[i] };
        Seq = seq;
        Head = Rows.Count == 0 ? default : new LogCursor(epoch, seq, Rows[^1].Id);
        ClientChanges = clientChanges;
    }
}

/// <summary>A write: what it asks the database, and what it makes of the answers.</summary>
internal abstract class PostgresWrite
{
    internal AuditOrigin? Origin { get; init; }

    /// <summary>How many statements it takes, roughly: for the size of a batch.</summary>
    internal int Weight { get; init; } = 1;

    /// <summary>What another node may write at the same time, and then one waits for the other; null for what nobody else writes.</summary>
    internal string? Shared { get; init; }

    /// <summary>Tokens that are put in before anything that it asks.</summary>
    internal IReadOnlyList<TokenRecord> Tokens { get; init; } = [];

    /// <summary>Which of those stood there already, the first of them; -1 when none did.</summary>
    internal int Taken { get; set; } = -1;

    internal abstract void Ask(PostgresBatch batch);

    internal abstract Task TakeAsync(PostgresBatch batch, PostgresTransaction transaction);

    internal abstract void Done();

    internal abstract void Fail(Exception error);
}

/// <summary>A write with its result.</summary>
internal sealed class PostgresWrite<T>(Action<PostgresBatch> ask, Func<PostgresBatch, PostgresTransaction, Task<Func<T>>> take) : PostgresWrite
{
    // Continuations must not run in the writer's loop.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<T>? _result;

    internal Task<T> Task => _done.Task;

    internal override void Ask(PostgresBatch batch) => ask(batch);

    internal override async Task TakeAsync(PostgresBatch batch, PostgresTransaction transaction) => _result = await take(batch, transaction);

    internal override void Done() => _done.TrySetResult(_result!());

    internal override void Fail(Exception error) => _done.TrySetException(error);
}
