using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Feed;

/// <summary>What a poll is told.</summary>
/// <param name="Head">Where the next poll goes on: the newest row, or the last of a page.</param>
/// <param name="Runs">The events behind the cursor, in order.</param>
/// <param name="Floor">What was judged against less is of no use any more; null where the events say all.</param>
/// <param name="IsMore">Whether rows are left for the next page: who has not read them does not know the newest.</param>
/// <param name="Came">When the first of the rows that are told came to this node; null where none is told, or it is not known.</param>
internal readonly record struct FeedPage(LogCursor Head, IReadOnlyList<EventRun> Runs, long? Floor, bool IsMore, ClockReading? Came = null)
{
    internal int Count => Runs.Sum(run => run.Count);
}

/// <summary>The events behind a cursor: from the ring, or from the store where the ring does not reach back so far.</summary>
internal sealed class FeedReader(FeedPump pump, FollowerTags tags, ITokenStore store, ServerOptions options)
{
    /// <summary>The most events of one answer: some 350 KB. Who is further behind gets a floor, or a page.</summary>
    internal const int MaxEvents = 10_000;

    /// <summary>Whether a cursor is of the log that is followed here. A row that was forgotten says nothing against it.</summary>
    internal async ValueTask<bool> IsOfThisLogAsync(FeedRing.State state, LogCursor cursor)
    {
        if (cursor.Seq == 0) return true;
        var row = state.IdOf(cursor.Seq) ?? (await store.FindRowAsync(cursor.Seq, CancellationToken.None))?.Id;
        return row is null || row == cursor.Row;
    }

    /// <summary>What a caller that knows nothing is told: from where on it will be told.</summary>
    internal static FeedPage Nothing(FeedRing.State state) => new(state.Head, [], state.Head.Seq, IsMore: false);

    /// <summary>By what a caller may judge JWTs; null where it may not.</summary>
    internal JwtGrounds? GroundsOf(Client caller) => caller.JudgesJwts ? new JwtGrounds(tags.KeyOf(caller.Id), (long)options.MaxTokenLifetime.TotalSeconds) : null;

    /// <summary>What a caller is told behind a cursor of this log.</summary>
    internal async ValueTask<FeedPage> ReadAsync(FeedRing.State state, LogCursor after, bool wantsAll, Client caller)
    {
        if (after.Seq >= state.Head.Seq) return new FeedPage(state.Head, [], null, IsMore: false);
        if (state.After(after.Seq) is { } segments) return Tell(state, await CompleteAsync(segments, caller), after, wantsAll, caller);
        // Counted by numbers: too many rather than too few.
        if (!wantsAll && state.Head.Seq - after.Seq > MaxEvents) return Nothing(state);
        var rows = (await store.ReadRowsAsync(after.Seq, MaxEvents, CancellationToken.None)).TakeWhile(row => row.Seq <= state.Head.Seq).ToList();
        if (rows.Count == 0) return new FeedPage(state.Head, [], null, IsMore: false); // All of them are forgotten.
        var page = await pump.SegmentAsync(after, rows);
        return Tell(state, await CompleteAsync([page], caller), after, wantsAll, caller);
    }

    // Looked up once more: without it who judges JWTs would not be told of all that ended.
    private async ValueTask<IReadOnlyList<FeedSegment>> CompleteAsync(IReadOnlyList<FeedSegment> segments, Client caller)
    {
        if (!caller.JudgesJwts || !segments.Any(segment => segment.LacksOwners)) return segments;
        var complete = new List<FeedSegment>(segments.Count);
        foreach (var segment in segments) complete.Add(segment.LacksOwners ? await pump.SegmentAsync(segment.After, segment.Rows, segment.Came) : segment);
        return complete.Any(segment => segment.LacksOwners) ? throw new StoreException("The tokens that rows name can't be looked up.") : complete;
    }

    private FeedPage Tell(FeedRing.State state, IReadOnlyList<FeedSegment> segments, LogCursor after, bool wantsAll, Client caller)
    {
        var key = tags.KeyOf(caller.Id);
        var runs = new List<EventRun>(segments.Count);
        var count = 0;
        ClockReading? came = null;
        foreach (var segment in segments)
        {
            if (segment.IsBeyond) return Nothing(state);
            var run = segment.For(caller, key, after.Seq);
            if (run.Count > 0)
            {
                if (runs.Count == 0) came = segment.Came;
                runs.Add(run);
            }
            count += run.Count;
            if (count < MaxEvents || segment.End == state.Head) continue;
            return wantsAll ? new FeedPage(segment.End, runs, null, IsMore: true, came) : Nothing(state);
        }
        var end = segments[^1].End;
        return new FeedPage(end, runs, null, IsMore: end != state.Head, came);
    }
}
