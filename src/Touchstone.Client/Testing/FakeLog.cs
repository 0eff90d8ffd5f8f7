using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Testing;

/// <summary>What was revoked, in order, and who knows of it.</summary>
/// <param name="leases">The clock of leases: the real one, whatever the clock of the tokens is, for nobody may be there who would move another while it is waited for.</param>
internal sealed class FakeLog(TimeProvider leases)
{
    private readonly Lock _lock = new();
    private readonly Guid _epoch = Guid.NewGuid();
    private readonly List<Row> _rows = [];
    private readonly Dictionary<string, long> _followers = new(StringComparer.Ordinal); // The newest row that each has acknowledged.
    private TaskCompletionSource _changed = NewSignal();

    internal readonly record struct Row(Guid Id, string Tag, long Came);

    internal LogCursor Head
    {
        get
        {
            lock (_lock) return At(_rows.Count);
        }
    }

    /// <summary>Ends whenever something changes after it was taken.</summary>
    internal Task Changed
    {
        get
        {
            lock (_lock) return _changed.Task;
        }
    }

    internal long Append(string tag)
    {
        lock (_lock)
        {
            _rows.Add(new Row(Guid.NewGuid(), tag, leases.GetTimestamp()));
            Wake();
            return _rows.Count;
        }
    }

    /// <summary>Whoever waits looks again.</summary>
    internal void Wake()
    {
        lock (_lock)
        {
            _changed.SetResult();
            _changed = NewSignal();
        }
    }

    /// <summary>Whether a row ended what has this tag, and the state against which that is said.</summary>
    internal bool Ends(string? tag, out LogCursor asOf)
    {
        lock (_lock)
        {
            asOf = At(_rows.Count);
            return _rows.Exists(row => row.Tag == tag);
        }
    }

    /// <summary>The rows after a cursor; null where it is of another log.</summary>
    internal Row[]? After(LogCursor cursor)
    {
        lock (_lock) return cursor.Seq <= _rows.Count && cursor == At((int)cursor.Seq) ? [.. _rows[(int)cursor.Seq..]] : null;
    }

    /// <summary>How long ago a row came.</summary>
    internal TimeSpan AgeOf(Row row) => leases.GetElapsedTime(row.Came);

    /// <summary>A follower came back, and knows so much: what it does from now on is bound by it.</summary>
    internal void Acknowledge(string follower, long seq)
    {
        lock (_lock)
        {
            _followers[follower] = seq;
            Wake();
        }
    }

    /// <summary>A follower went away.</summary>
    internal void Leave(string follower)
    {
        lock (_lock)
        {
            _followers.Remove(follower);
            Wake();
        }
    }

    /// <summary>Ends when each follower has acknowledged a row, or has been silent until its lease was over.</summary>
    internal async Task EnforcedAsync(long seq, CancellationToken cancellationToken)
    {
        using var lease = new CancellationTokenSource(LeaseTerms.Follower.GoneAfter, leases);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(lease.Token, cancellationToken);
        try
        {
            while (!IsKnownToAll(seq, out var changed)) await changed.WaitAsync(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            lock (_lock)
            {
                foreach (var (silent, _) in _followers.Where(follower => follower.Value < seq).ToArray()) _followers.Remove(silent);
            }
        }
    }

    private bool IsKnownToAll(long seq, out Task changed)
    {
        lock (_lock)
        {
            changed = _changed.Task;
            return _followers.Values.All(known => known >= seq);
        }
    }

    private LogCursor At(int seq) => seq == 0 ? LogCursor.Start(_epoch) : new LogCursor(_epoch, seq, _rows[seq - 1].Id);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
