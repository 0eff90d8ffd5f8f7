using Touchstone.Client.Upstream;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Memory;

/// <summary>An answer that is kept, with what is needed to find out at each use whether it is still true.</summary>
internal sealed class HeldAnswer(IntrospectedToken? token, FollowedMark? mark, ClockReading asked, int bytes)
{
    // What an answer takes beside its text: slot, key, node of the dictionary, the objects and the name of the subject, as measured (bench/client).
    private const int FixedBytes = 480;

    // What a token is bound to: the object and two hashes.
    private const int ConfirmationBytes = 160;

    private long _checked = -1;

    /// <summary>What the server said; null of an inactive token.</summary>
    internal IntrospectedToken? Token { get; } = token;

    /// <summary>When the server was asked: before the request was sent.</summary>
    internal ClockReading Asked { get; } = asked;

    /// <summary>What it takes in memory, as estimated.</summary>
    internal int Bytes { get; } = bytes;

    /// <summary>Whether the feed tells of what ends it.</summary>
    internal bool IsFollowed => mark is not null;

    /// <summary>Whether no revocation is known that ends it. With nothing new since the last time that is one comparison.</summary>
    internal bool IsAllowed(FollowerView view)
    {
        if (mark is not { } judged) return true;
        if (Volatile.Read(ref _checked) == view.Stamp) return true;
        if (!view.Allows(judged)) return false;
        // A race between two checks leaves one of two stamps, and both were checked.
        Volatile.Write(ref _checked, view.Stamp);
        return true;
    }

    /// <summary>What an answer will take, as estimated: its text, and the rest.</summary>
    internal static int SizeOf(in UpstreamAnswer answer) => FixedBytes + (answer.Token is null ? 0 : answer.Bytes) + (answer.Token?.Confirmation is null ? 0 : ConfirmationBytes) + (sizeof(ulong) * (answer.Mark?.Tags.Length ?? 0));
}
