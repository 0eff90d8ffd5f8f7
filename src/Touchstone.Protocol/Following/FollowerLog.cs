using System.Collections.Concurrent;
using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Following;

/// <summary>
/// The part of the revocation log that a cache outside the server has to know: the tags of the rows above a floor. Nothing is searched and removed when a row comes; each answer that is held, under way or in a shared cache
/// is judged when it is used, so none can slip in behind a row that ended it.
/// </summary>
/// <remarks>
/// It forgets by raising the floor, which is always safe: rows older than any answer that is held cost nothing, and in a storm memory stays within its bound.
/// One writer at a time; <see cref="View"/> may be read by all.
/// </remarks>
public sealed class FollowerLog
{
    private readonly TimeSpan _keep;
    private readonly int _most;
    private ConcurrentDictionary<ulong, long> _newer = new(), _older = new();
    private int _count;
    private long _newest;
    private long _olderNewest;
    private TimeSpan _begun;
    private FollowerView _view;

    /// <summary>A follower that knows nothing.</summary>
    /// <param name="keep">The longest that an answer is held.</param>
    /// <param name="most">The most rows that are remembered, at least 2; some 60 bytes each.</param>
    public FollowerLog(TimeSpan keep, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        (_keep, _most) = (keep, most);
        _view = new FollowerView(default, long.MaxValue, 0, _newer, _older);
    }

    /// <summary>What is known now.</summary>
    public FollowerView View => Volatile.Read(ref _view);

    /// <summary>
    /// Takes an answer of the feed into memory; whoever reads <see cref="View"/> afterwards is bound by it. False, and nothing is taken, when it says less than is known: it came from a node behind, or is an old one.
    /// </summary>
    /// <param name="told">The answer.</param>
    /// <param name="now">A clock that only goes forward.</param>
    public bool Take(FeedTold told, TimeSpan now)
    {
        var (head, floor) = (told.Head, _view.Floor);
        if (told.IsGone || head.Epoch != _view.Head.Epoch) return Begin(head, now);
        if (head.Seq < _view.Head.Seq) return false;

        foreach (var row in told.Events) Add(row);
        if (told.Floor is { } raised) floor = Math.Max(floor, raised);
        if (_count >= _most / 2 || now - _begun >= _keep) floor = Math.Max(floor, Turn(now));
        if (told.Events.Count > 0 || floor != _view.Floor || head != _view.Head) Show(head, floor);
        return true;
    }

    /// <summary>Nothing that is held may be used any more: an answer was not understood, or the caller is not known any more.</summary>
    public void Forget(TimeSpan now) => Begin(default, now);

    private bool Begin(LogCursor head, TimeSpan now)
    {
        (_newer, _older, _count, _newest, _olderNewest, _begun) = (new(), new(), 0, head.Seq, head.Seq, now);
        Show(head, head == default ? long.MaxValue : head.Seq);
        return true;
    }

    private void Add(FeedEvent row)
    {
        // Others may read this dictionary already, and see a row before the head that tells of it: that only ends an answer earlier.
        _newer.AddOrUpdate(row.Tag, static (_, seq) => seq, static (_, known, seq) => Math.Max(known, seq), row.Seq);
        _count++;
        _newest = Math.Max(_newest, row.Seq);
    }

    // What was older goes, and whatever was judged against less with it.
    private long Turn(TimeSpan now)
    {
        var floor = _olderNewest;
        (_older, _olderNewest) = (_newer, _newest);
        (_newer, _count, _begun) = (new(), 0, now);
        return floor;
    }

    private void Show(LogCursor head, long floor) => Volatile.Write(ref _view, new FollowerView(head, floor, _view.Stamp + 1, _newer, _older));
}
