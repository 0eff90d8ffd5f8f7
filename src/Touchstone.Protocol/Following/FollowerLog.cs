using System.Collections.Concurrent;
using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Following;

/// <summary>
/// The part of the revocation log that a cache outside the server has to know: the tags of the rows above a floor. Nothing is searched and removed when a row comes; each answer that is held, under way or in a shared cache
/// is judged when it is used, so none can slip in behind a row that ended it.
/// </summary>
/// <remarks>
/// Who is to judge what it never asked about, JWTs, and is given the means for it, reads all rows from the first on and keeps them, as far as there is room.
/// It forgets by raising the floor, which is always safe: rows older than any answer that is held cost nothing, and in a storm memory stays within its bound.
/// One writer at a time; <see cref="View"/> may be read by all.
/// </remarks>
public sealed class FollowerLog
{
    private readonly TimeSpan _keep;
    private readonly int _most;
    private readonly bool _judgesJwts;
    private ConcurrentDictionary<ulong, FollowedRow> _newer = new(), _older = new();
    private int _count;
    private long _newest;
    private long _olderNewest;
    private TimeSpan _begun;
    private FollowerView _view;

    /// <summary>A follower that knows nothing.</summary>
    /// <param name="keep">The longest that an answer is held.</param>
    /// <param name="most">The most rows that are remembered, at least 2; some 60 bytes each.</param>
    /// <param name="judgesJwts">Whether it keeps all rows, however old they are, once it is given the means to judge JWTs.</param>
    public FollowerLog(TimeSpan keep, int most, bool judgesJwts = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        (_keep, _most, _judgesJwts) = (keep, most, judgesJwts);
        _view = new FollowerView(default, long.MaxValue, 0, _newer, _older, jwts: null);
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
        var jwts = _judgesJwts ? told.Jwts : null;
        if (jwts is not null && jwts.HasKeyOf(_view.Jwts) && jwts.ReachSeconds == _view.Jwts!.ReachSeconds) jwts = _view.Jwts; // Nothing was learned.
        if (HasToBeginAnew(told, jwts)) return Begin(default, now);
        if (jwts is not null && told.IsFromStart) floor = BeginWithAll(now);
        else if (told.IsGone || head.Epoch != _view.Head.Epoch) return Begin(head, now);
        else if (head.Seq < _view.Head.Seq) return false;

        foreach (var row in told.Events) Add(row);
        if (told.Floor is { } raised) floor = Math.Max(floor, raised);
        if (_count >= _most / 2 || (jwts is null && now - _begun >= _keep)) floor = Math.Max(floor, Turn(now));
        if (told.Events.Count > 0 || floor != _view.Floor || head != _view.Head || jwts != _view.Jwts) Show(head, floor, jwts);
        return true;
    }

    // To judge JWTs it has to know all rows of this life of the log, told as they are under this key.
    private bool HasToBeginAnew(FeedTold told, JwtGrounds? jwts)
    {
        if (jwts is null) return _view.Jwts is not null;
        if (told.IsGone) return true;
        return !told.IsFromStart && (_view.Head.Epoch != told.Head.Epoch || !jwts.HasKeyOf(_view.Jwts));
    }

    /// <summary>Nothing that is held may be used any more: an answer was not understood, or the caller is not known any more.</summary>
    public void Forget(TimeSpan now) => Begin(default, now);

    private bool Begin(LogCursor head, TimeSpan now)
    {
        (_newer, _older, _count, _newest, _olderNewest, _begun) = (new(), new(), 0, head.Seq, head.Seq, now);
        Show(head, head == default ? long.MaxValue : head.Seq, jwts: null);
        return true;
    }

    // Nothing was known, and what comes begins with the first row: there is nothing that it does not tell of.
    private long BeginWithAll(TimeSpan now)
    {
        (_newer, _older, _count, _newest, _olderNewest, _begun) = (new(), new(), 0, 0, 0, now);
        return 0;
    }

    private void Add(FeedEvent row)
    {
        // Others may read this dictionary already, and see a row before the head that tells of it: that only ends an answer earlier.
        _newer.AddOrUpdate(row.Tag, static (_, row) => row, static (_, known, row) => known.With(row), new FollowedRow(row.Seq, row.Until));
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

    private void Show(LogCursor head, long floor, JwtGrounds? jwts) => Volatile.Write(ref _view, new FollowerView(head, floor, _view.Stamp + 1, _newer, _older, jwts));
}
