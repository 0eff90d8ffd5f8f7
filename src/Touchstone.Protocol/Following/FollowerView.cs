using System.Collections.Concurrent;
using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Following;

/// <summary>What a follower knew of the log at one moment. Taken once per check; a later one knows more.</summary>
public sealed class FollowerView
{
    private readonly ConcurrentDictionary<ulong, long> _newer, _older;

    internal FollowerView(LogCursor head, long floor, long stamp, ConcurrentDictionary<ulong, long> newer, ConcurrentDictionary<ulong, long> older)
    {
        (Head, Floor, Stamp) = (head, floor, stamp);
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

    private bool HasRowAbove(in FollowedMark mark)
    {
        foreach (var tag in mark.Tags)
        {
            if (_newer.TryGetValue(tag, out var seq) && seq > mark.AsOf) return true;
            if (_older.TryGetValue(tag, out seq) && seq > mark.AsOf) return true;
        }
        return false;
    }
}
