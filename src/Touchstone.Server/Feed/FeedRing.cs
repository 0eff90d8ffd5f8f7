using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Feed;

/// <summary>The newest rows of the log, ready to be told, up to a number of them. One adds, many read without a lock.</summary>
internal sealed class FeedRing
{
    /// <summary>The most rows that are kept: some seconds of the busiest log. Who is further behind is answered from the store, or with a floor.</summary>
    internal const int MaxRows = 32_768;

    private FeedSegment? _oldest;
    private State _state = new(null, default);
    private int _rows;

    /// <summary>What there is to tell, at one moment.</summary>
    /// <param name="Newest">The last segment; null when none is kept.</param>
    /// <param name="Head">The row up to which everything is told.</param>
    internal sealed record State(FeedSegment? Newest, LogCursor Head)
    {
        /// <summary>The segments with rows above a number, the oldest first; null when the ring does not reach back so far.</summary>
        internal IReadOnlyList<FeedSegment>? After(long seq)
        {
            if (seq >= Head.Seq) return [];
            var found = new List<FeedSegment>();
            var segment = Newest;
            for (; segment is not null && segment.End.Seq > seq; segment = segment.Previous) found.Add(segment);
            if (found.Count == 0 || found[^1].After.Seq > seq) return null;
            found.Reverse();
            return found;
        }

        /// <summary>The id of the row of a number, where it is kept.</summary>
        internal Guid? IdOf(long seq)
        {
            if (seq == Head.Seq) return Head.Row;
            var segment = Newest;
            while (segment is not null && segment.After.Seq >= seq) segment = segment.Previous;
            return segment?.IdOf(seq);
        }
    }

    internal State Now => Volatile.Read(ref _state);

    /// <summary>Begins anew behind a row: nothing older is kept.</summary>
    internal void Begin(LogCursor head)
    {
        (_oldest, _rows) = (null, 0);
        Volatile.Write(ref _state, new State(null, head));
    }

    /// <summary>Adds the rows behind the head; false when they are not that: another life of the log began meanwhile.</summary>
    internal bool Add(FeedSegment segment)
    {
        var state = _state;
        if (segment.After != state.Head) return false;
        segment.Previous = state.Newest;
        if (state.Newest is not null) state.Newest.Next = segment;
        _oldest ??= segment;
        _rows += segment.Count;
        while (_rows > MaxRows && _oldest != segment)
        {
            _rows -= _oldest!.Count;
            _oldest = _oldest.Next;
            _oldest!.Previous = null; // Who walks just now meets the end, and asks the store.
        }
        Volatile.Write(ref _state, new State(segment, segment.End));
        return true;
    }
}
