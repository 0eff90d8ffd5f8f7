using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Feed;

/// <summary>Who can no longer accept what a row ended, and since when. Its lock is its own; it is asked and told by many.</summary>
/// <param name="row">The row.</param>
/// <param name="begun">This node's clocks before the row was written.</param>
/// <param name="committed">This node's clocks after it bound every node.</param>
/// <param name="at">When it was committed at the latest, in seconds since 1970.</param>
/// <param name="nodes">The nodes. Of the followers of another node nothing is known here: with one, only time completes the receipt.</param>
internal sealed class Receipt(LogCursor row, ClockReading? begun, ClockReading committed, long at, IReadOnlyList<ReceiptParty> nodes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Follower, Party> _followers = [];
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan? _completed;

    /// <summary>A follower's part in it; how long it took where that is known.</summary>
    internal readonly record struct Party(string State, TimeSpan? After)
    {
        internal const string Confirmed = "confirmed", Lapsed = "lapsed", Pending = "pending", Unknown = "unknown";
    }

    internal LogCursor Row { get; } = row;

    /// <summary>Done when nobody is waited for any more.</summary>
    internal Task Complete => _complete.Task;

    /// <summary>Takes a follower that is known when the row was written, or comes later without it.</summary>
    internal void Add(Follower follower, ClockReading now)
    {
        lock (_lock) Note(follower, follower.State.Acknowledged, now);
    }

    /// <summary>A follower came back.</summary>
    internal void Acknowledge(Follower follower, LogCursor cursor, ClockReading now)
    {
        lock (_lock)
        {
            // Who comes first when the row is there already never had anything older.
            if (!_followers.ContainsKey(follower) && cursor.Covers(Row)) return;
            Note(follower, cursor, now);
            Judge(now);
        }
    }

    /// <summary>Looks at the clock: leases end.</summary>
    internal void Look(ClockReading now)
    {
        lock (_lock)
        {
            foreach (var (follower, party) in _followers.ToArray())
            {
                if (party.State == Party.Pending) Note(follower, follower.State.Acknowledged, now);
            }
            Judge(now);
        }
    }

    /// <summary>How it stands.</summary>
    internal ReceiptView View(IReadOnlyList<string> unfollowed, ClockReading now)
    {
        lock (_lock)
        {
            var items = _followers.Select(pair => new ReceiptParty(pair.Key.State.Identity.Name, pair.Key.Instance, pair.Value.State, Milliseconds(pair.Value.After), pair.Key.Caller));
            return new ReceiptView(
                Row.Row == Guid.Empty ? null : Row.Row, Row.Seq, _completed is not null || _complete.Task.IsCompleted, Milliseconds(_complete.Task.IsCompleted ? _completed : Since(now)), Bound is { } bound ? at + (long)Math.Ceiling(bound.TotalSeconds) : null,
                ReceiptParties.Of([.. nodes.Select(node => node with { AfterMs = node.State == Party.Confirmed ? Milliseconds(Since(committed)) : null })]), ReceiptParties.Of([.. items]), unfollowed);
        }
    }

    private void Note(Follower follower, LogCursor known, ClockReading now)
    {
        var state = follower.State;
        if (known.Covers(Row)) _followers[follower] = new Party(Party.Confirmed, Since(now));
        else if (known.Epoch != Row.Epoch && known.Epoch != Guid.Empty) _followers[follower] = new Party(Party.Pending, null); // It is told to drop everything, and comes back.
        else if (state.IsLapsed(now)) _followers[follower] = new Party(Party.Lapsed, Since(now));
        else _followers[follower] = new Party(Party.Pending, null);
    }

    private void Judge(ClockReading now)
    {
        if (_complete.Task.IsCompleted) return;
        var isOver = Bound is { } bound && now.AtLeastSince(committed) >= bound;
        if (!isOver && (nodes.Any(node => node.State == Party.Unknown) || _followers.Values.Any(party => party.State == Party.Pending))) return;
        _completed = Since(now);
        _complete.TrySetResult();
    }

    // After this long nobody who is known can hold a lease from before the row; null when one says that it goes on without.
    private TimeSpan? Bound
    {
        get
        {
            var longest = TimeSpan.Zero;
            foreach (var follower in _followers.Keys)
            {
                if (follower.State.Identity.Grace is not { } grace) return null;
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

    internal static ReceiptParties Of(IReadOnlyList<ReceiptParty> all) => new(
        all.Count(party => party.State == Receipt.Party.Confirmed), all.Count(party => party.State == Receipt.Party.Lapsed), all.Count(party => party.State == Receipt.Party.Pending), all.Count(party => party.State == Receipt.Party.Unknown),
        [.. all.OrderBy(party => party.State == Receipt.Party.Confirmed).ThenBy(party => party.Caller, StringComparer.Ordinal).ThenBy(party => party.Name, StringComparer.Ordinal).ThenBy(party => party.Instance, StringComparer.Ordinal).Take(MaxItems)]);
}

/// <summary>A node or a follower in a receipt.</summary>
internal sealed record ReceiptParty(string Name, string Instance, string State, long? AfterMs, string? Caller = null);
