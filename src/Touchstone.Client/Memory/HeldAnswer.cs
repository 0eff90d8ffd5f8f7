using Touchstone.Client.Jwt;
using Touchstone.Client.Upstream;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Memory;

/// <summary>An answer that is kept, with what is needed to find out at each use whether it is still true.</summary>
internal sealed class HeldAnswer(IntrospectedToken? token, FollowedMark? mark, ClockReading asked, int bytes, TimeSpan maxTtl)
{
    // What an answer takes beside its text: slot, key, node of the dictionary, the objects and the name of the subject, as measured (bench/client).
    private const int FixedBytes = 480;

    // What a token is bound to: the object and two hashes.
    private const int ConfirmationBytes = 160;
    // A refresh that failed is not tried again by each check.
    private static readonly TimeSpan BetweenRefreshes = TimeSpan.FromSeconds(1);

    private long _checked = -1;
    private long _refreshed = long.MinValue;
    private bool _isDoubted;

    /// <summary>What the server said; null of an inactive token.</summary>
    internal IntrospectedToken? Token { get; } = token;

    /// <summary>When the server was asked: before the request was sent.</summary>
    internal ClockReading Asked { get; } = asked;

    /// <summary>What the feed is judged by; null where it tells nothing of this token.</summary>
    internal FollowedMark? Mark => mark;

    /// <summary>How long it may be used at most, as its own content says.</summary>
    internal TimeSpan MaxTtl { get; } = maxTtl;

    /// <summary>How old it was when it came from the shared cache; zero where the server was asked. From then on it is kept as long as one that just came.</summary>
    internal TimeSpan AgeWhenShared { get; init; }

    /// <summary>The keys that vouched for it, where the server was not asked: it is a JWT that was judged here.</summary>
    internal LocalProof? Proof { get; init; }

    /// <summary>What it takes in memory, as estimated.</summary>
    internal int Bytes { get; } = bytes;

    /// <summary>Whether the feed tells of what ends it.</summary>
    internal bool IsFollowed => mark is not null;

    /// <summary>Whether no revocation is known that ends it. With nothing new since the last time that is one comparison.</summary>
    internal bool IsAllowed(FollowerView view)
    {
        if (Proof is { Holds: false }) return false;
        if (mark is not { } judged) return true;
        if (Proof is not null && view.Jwts is null) return false; // Nothing would tell that it ended.
        if (Volatile.Read(ref _checked) == view.Stamp) return true;
        if (!view.Allows(judged)) return false;
        // A race between two checks leaves one of two stamps, and both were checked.
        Volatile.Write(ref _checked, view.Stamp);
        return true;
    }

    /// <summary>Whether chance wanted it to be asked again. It is not used any more, unless the server can't be asked.</summary>
    internal bool IsDoubted => Volatile.Read(ref _isDoubted);

    /// <summary>Throws the dice.</summary>
    internal bool Doubt(double probability)
    {
        if (!(Random.Shared.NextDouble() < probability)) return false;
        Volatile.Write(ref _isDoubted, true);
        return true;
    }

    /// <summary>Whether nobody began to fetch another a moment ago: then the caller does.</summary>
    internal bool IsFirstRefreshIn(ClockReading now)
    {
        var last = Volatile.Read(ref _refreshed);
        return (last == long.MinValue || now.Monotonic.Ticks - last >= BetweenRefreshes.Ticks) && Interlocked.CompareExchange(ref _refreshed, now.Monotonic.Ticks, last) == last;
    }

    /// <summary>What an answer will take, as estimated: its text, and the rest.</summary>
    internal static int SizeOf(UpstreamAnswer answer) => SizeOf(answer.Token, answer.Bytes, answer.Mark?.Tags.Length ?? 0);

    internal static int SizeOf(IntrospectedToken? token, int text, int tags) =>
        FixedBytes + (token is null ? 0 : text) + (token?.Confirmation is null ? 0 : ConfirmationBytes) + (sizeof(ulong) * tags);
}
