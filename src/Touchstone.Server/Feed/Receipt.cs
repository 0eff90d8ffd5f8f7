using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Feed;

/// <summary>Who can no longer accept what a row ended, and since when. Its lock is its own; it is asked and told by many.</summary>
/// <param name="row">The row.</param>
/// <param name="begun">This node's clocks before the row was written; null when that is not known.</param>
/// <param name="committed">This node's clocks after it bound every node.</param>
/// <param name="at">When that was, in seconds since 1970.</param>
/// <param name="isShared">Whether other nodes have followers too: what is known of those comes with <see cref="See"/>.</param>
internal sealed class Receipt(LogCursor row, ClockReading? begun, ClockReading committed, long at, bool isShared)
{
    internal const string Confirmed = "confirmed", Lapsed = "lapsed", Pending = "pending", Unknown = "unknown";

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Caller, string Instance), Party> _followers = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<ReceiptParty>? _nodes;
    private TimeSpan? _completed;
    private bool _isLookedAt;

    private sealed record Party(string Name, TimeSpan? Grace, string State, TimeSpan? After);

    internal LogCursor Row { get; } = row;

    /// <summary>Done when nobody is waited for any more.</summary>
    internal Task Complete => _complete.Task;

    /// <summary>Whether there is nothing left to learn: it is complete, and no node is unknown.</summary>
    internal bool IsSettled
    {
        get
        {
            lock (_lock) return _complete.Task.IsCompleted && IsKnown;
        }
    }

    /// <summary>Takes a follower of this node as it is now.</summary>
    internal void Add(Follower follower, ClockReading now)
    {
        lock (_lock) Note(follower, follower.State.Acknowledged, now);
    }

    /// <summary>A follower came back to this node.</summary>
    internal void Acknowledge(Follower follower, LogCursor cursor, ClockReading now)
    {
        lock (_lock)
        {
            // Who comes first when the row is there already never had anything older.
            if (!_followers.ContainsKey((follower.Caller, follower.Instance)) && cursor.Covers(Row)) return;
            Note(follower, cursor, now);
            Judge(now);
        }
    }

    /// <summary>Takes what all nodes know of their followers: the largest row counts. A node that has not told since it had the row may have others.</summary>
    internal void See(IReadOnlyList<NodeRow> nodes, FollowersSeen seen, ClockReading now)
    {
        lock (_lock)
        {
            _nodes = [.. nodes.Select(node => new ReceiptParty(node.Name, node.Instance.ToString("N"), seen.Reports.TryGetValue(node.Instance, out var report) && report.Covers(Row) ? Confirmed : Unknown, null))];
            // Time completed it: who follows was judged then, and only nodes may have become known since.
            if (_complete.Task.IsCompleted) return;
            foreach (var (follower, _) in seen.Followers)
            {
                var key = (follower.Caller, follower.Instance);
                var isConfirmed = follower.Acknowledged.Covers(Row);
                if (_followers.TryGetValue(key, out var known) && (known.State == Confirmed || (known.State == Pending && !isConfirmed))) continue;
                _followers[key] = new Party(follower.Name, follower.Grace, isConfirmed ? Confirmed : Pending, isConfirmed ? Since(now) : null);
            }
            // Who is not told of any more was silent for longer than any lease.
            var there = seen.Followers.Select(each => (each.Follower.Caller, each.Follower.Instance)).ToHashSet();
            Lapse(party => !there.Contains(party), now);
            Judge(now);
        }
    }

    /// <summary>Looks at the clock: leases end. Judged only after the first look: before it, those who are waited for are still being gathered.</summary>
    internal void Look(IEnumerable<Follower> followers, ClockReading now)
    {
        lock (_lock)
        {
            var there = new HashSet<(string, string)>();
            foreach (var follower in followers)
            {
                there.Add((follower.Caller, follower.Instance));
                if (_followers.TryGetValue((follower.Caller, follower.Instance), out var party) && party.State == Pending) Note(follower, follower.State.Acknowledged, now);
            }
            // Who was forgotten here was silent for longer than any lease; with other nodes, what they know says so.
            if (!isShared) Lapse(party => !there.Contains(party), now);
            _isLookedAt = true;
            Judge(now);
        }
    }

    /// <summary>How it stands.</summary>
    /// <param name="self">This node, where it is the only one.</param>
    /// <param name="unfollowed">Who asks without following.</param>
    /// <param name="now">This node's clocks.</param>
    internal ReceiptView View(ReceiptParty self, IReadOnlyList<string> unfollowed, ClockReading now)
    {
        lock (_lock)
        {
            var isComplete = _complete.Task.IsCompleted;
            var nodes = (_nodes ?? [self with { State = isShared ? Unknown : Confirmed }]).Select(node => node.State == Confirmed ? node with { AfterMs = Milliseconds(Since(committed)) } : node);
            var followers = _followers.Select(pair => new ReceiptParty(pair.Value.Name, pair.Key.Instance, pair.Value.State, Milliseconds(pair.Value.After), pair.Key.Caller));
            return new ReceiptView(
                Row.Row == Guid.Empty ? null : Row.Row, Row.Seq, isComplete, Milliseconds(isComplete ? _completed : Since(now)), Bound is { } bound ? at + (long)Math.Ceiling(bound.TotalSeconds) : null,
                ReceiptParties.Of([.. nodes]), ReceiptParties.Of([.. followers]), unfollowed);
        }
    }

    private void Note(Follower follower, LogCursor known, ClockReading now)
    {
        var state = follower.State;
        var key = (follower.Caller, follower.Instance);
        // With other nodes, who is silent here may have gone to one of them.
        var (name, after) = known.Covers(Row) ? (Confirmed, Since(now)) : !isShared && state.IsLapsed(now) ? (Lapsed, Since(now)) : (Pending, (TimeSpan?)null);
        _followers[key] = new Party(state.Identity.Name, state.Identity.Grace, name, after);
    }

    private void Judge(ClockReading now)
    {
        if (!_isLookedAt || _complete.Task.IsCompleted) return;
        var isOver = Bound is { } bound && now.AtLeastSince(committed) >= bound;
        // With any node unknown, only time completes it.
        if (!isOver && (!IsKnown || _followers.Values.Any(party => party.State == Pending))) return;
        // Who has not come by now can use nothing any more that it held.
        Lapse(static _ => true, now);
        _completed = Since(now);
        _complete.TrySetResult();
    }

    // Of those who are waited for.
    private void Lapse(Func<(string Caller, string Instance), bool> isGone, ClockReading now)
    {
        foreach (var (key, party) in _followers.Where(pair => pair.Value.State == Pending && isGone(pair.Key)).ToArray()) _followers[key] = party with { State = Lapsed, After = Since(now) };
    }

    private bool IsKnown => !isShared || (_nodes is not null && _nodes.All(node => node.State == Confirmed));

    // After this long nobody who is known can hold a lease from before the row; null when one says that it goes on without.
    private TimeSpan? Bound
    {
        get
        {
            var longest = TimeSpan.Zero;
            foreach (var party in _followers.Values)
            {
                if (party.Grace is not { } grace) return null;
                if (grace > longest) longest = grace;
            }
            return LeaseTerms.Node.GoneAfter + LeaseTerms.Follower.GoneAfter + longest;
        }
    }

    private TimeSpan? Since(ClockReading now) => begun is { } start ? now.AtLeastSince(start) : null;

    private static long? Milliseconds(TimeSpan? time) => (long?)time?.TotalMilliseconds;
}

/// <summary>A receipt as the admin API shows it (docs/feed.md).</summary>
internal sealed record ReceiptView(
    Guid? Id, long Seq, bool Complete, long? ElapsedMs, long? CompleteBy, ReceiptParties Nodes, ReceiptParties Followers, IReadOnlyList<string> Unfollowed);

/// <summary>How many are in which state, and the first thousand of them, those that are waited for first.</summary>
internal sealed record ReceiptParties(int Confirmed, int Lapsed, int Pending, int Unknown, IReadOnlyList<ReceiptParty> Items)
{
    private const int MaxItems = 1000;

    internal static ReceiptParties Of(IReadOnlyList<ReceiptParty> all)
    {
        return new ReceiptParties(
            Count(Receipt.Confirmed), Count(Receipt.Lapsed), Count(Receipt.Pending), Count(Receipt.Unknown),
            [.. all.OrderBy(party => party.State == Receipt.Confirmed).ThenBy(party => party.Caller, StringComparer.Ordinal).ThenBy(party => party.Name, StringComparer.Ordinal).ThenBy(party => party.Instance, StringComparer.Ordinal).Take(MaxItems)]);

        int Count(string state) => all.Count(party => party.State == state);
    }
}

/// <summary>A node or a follower in a receipt.</summary>
internal sealed record ReceiptParty(string Name, string Instance, string State, long? AfterMs, string? Caller = null);
