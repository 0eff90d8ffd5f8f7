using System.Globalization;
using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Following;

/// <summary>What a follower keeps beside an answer, to find out whether it is still true: the state of the log that it was judged against, and the tags of what could end its token.</summary>
/// <param name="Epoch">The life of the log.</param>
/// <param name="AsOf">The number of the newest row that it was judged against, at least.</param>
/// <param name="Tags">Its tags; none where the answer is inactive.</param>
public readonly record struct FollowedMark(Guid Epoch, long AsOf, ulong[] Tags)
{
    /// <summary>Reads the two headers of an answer, <c>Touchstone-As-Of</c> and <c>Touchstone-Tags</c>. An active answer without either is not to be kept as a followed one.</summary>
    public static bool TryRead(ReadOnlySpan<char> asOf, ReadOnlySpan<char> tags, bool isActive, out FollowedMark mark)
    {
        mark = default;
        if (!TryReadAsOf(asOf, out var epoch, out var seq)) return false;
        ulong[] read = [];
        if (isActive && !FollowedTag.TryReadAll(tags, out read)) return false;
        mark = new FollowedMark(epoch, seq, read);
        return true;
    }

    /// <summary>Reads a state of the log: <c>EPOCH.SEQ</c>.</summary>
    public static bool TryReadAsOf(ReadOnlySpan<char> text, out Guid epoch, out long seq)
    {
        (epoch, seq) = (default, 0);
        var dot = text.IndexOf('.');
        return dot > 0 && LogCursor.TryParseId(text[..dot], out epoch) && long.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out seq);
    }
}
