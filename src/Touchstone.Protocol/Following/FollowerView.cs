using System.Collections.Concurrent;
using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Following;

/// <summary>What a follower knew of the log at one moment. Taken once per check; a later one knows more.</summary>
public sealed class FollowerView
{
    private readonly ConcurrentDictionary<ulong, FollowedRow> _newer, _older;

    internal FollowerView(LogCursor head, long floor, long stamp, ConcurrentDictionary<ulong, FollowedRow> newer, ConcurrentDictionary<ulong, FollowedRow> older, JwtGrounds? jwts)
    {
        (Head, Floor, Stamp, Jwts) = (head, floor, stamp, jwts);
        (_newer, _older) = (newer, older);
    }

    /// <summary>The newest row that is known.</summary>
    public LogCursor Head { get; }

    /// <summary>What was judged against less may not be used.</summary>
    public long Floor { get; }

    /// <summary>Grows whenever something was learned: what was allowed at this stamp is allowed as long as it is the same.</summary>
    public long Stamp { get; }

    /// <summary>Whether an answer is still true, as far as is known here: of this life of the log, not below the floor, and no row above it has one of its tags.</summary>
    public bool Allows(in FollowedMark mark) => mark.Epoch == Head.Epoch && mark.AsOf >= Floor && !HasRowAbove(mark);

    /// <summary>Whether it is known that an answer is not true any more. Not the opposite of <see cref="Allows"/>: of what is below the floor, or of another life of the log, neither is known.</summary>
    public bool Ends(in FollowedMark mark) => mark.Epoch == Head.Epoch && HasRowAbove(mark);

    /// <summary>By what JWTs may be judged that the server was not asked about; null where they may not.</summary>
    public JwtGrounds? Jwts { get; }

    /// <summary>What the rows say of a JWT that the server was not asked about. A row that is known ends it, also where others are not.</summary>
    public JwtStanding Judge(in FollowedJwt jwt)
    {
        if (Jwts is null || Head == default) return JwtStanding.Unknown;
        if (jwt.Born is { } born)
        {
            // Who says against which state of the log it was issued is ended by newer rows alone, and those above the floor are all known.
            // What ends for ever ends whatever its birth: the server makes none that it ended before, and who is told otherwise asks it.
            if (jwt.Tags.Any(tag => IsReached(_newer, tag, long.MaxValue) || IsReached(_older, tag, long.MaxValue))) return JwtStanding.Ended;
            if (born.Epoch != Head.Epoch || born.Seq > Head.Seq) return JwtStanding.Unknown;
            return HasRowAbove(new FollowedMark(born.Epoch, born.Seq, jwt.Tags)) ? JwtStanding.Ended : born.Seq < Floor ? JwtStanding.Unknown : JwtStanding.Good;
        }
        foreach (var tag in jwt.Tags)
        {
            if (IsReached(_newer, tag, jwt.IssuedAt) || IsReached(_older, tag, jwt.IssuedAt)) return JwtStanding.Ended;
        }
        return Floor > 0 ? JwtStanding.Unknown : JwtStanding.Good;
    }

    private static bool IsReached(ConcurrentDictionary<ulong, FollowedRow> rows, ulong tag, long? issuedAt) => rows.TryGetValue(tag, out var row) && (issuedAt is not { } issued || issued <= row.Until);

    private bool HasRowAbove(in FollowedMark mark)
    {
        foreach (var tag in mark.Tags)
        {
            if (_newer.TryGetValue(tag, out var row) && row.Seq > mark.AsOf) return true;
            if (_older.TryGetValue(tag, out row) && row.Seq > mark.AsOf) return true;
        }
        return false;
    }
}
