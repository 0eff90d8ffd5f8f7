using System.Globalization;

namespace Touchstone.Server.Feed;

/// <summary>Who a follower says it is: <c>Touchstone-Follower: orders-7f9c;instance=k3J…;grace=30</c>.</summary>
/// <param name="Name">For people: 1 to 100 visible ASCII characters without <c>;</c>.</param>
/// <param name="Instance">Random for each start of a process: 8 to 64 characters of <c>A-Z a-z 0-9 _ -</c>. What an earlier process acknowledged says nothing about this one.</param>
/// <param name="Grace">For how long it goes on with what it holds when its lease is over; null when without end.</param>
internal sealed record FollowerIdentity(string Name, string Instance, TimeSpan? Grace)
{
    internal const string Header = "Touchstone-Follower";

    /// <summary>What a header should look like.</summary>
    internal const string Shape = Header + ": NAME;instance=ID, ID random for each start (8 to 64 characters of A-Z a-z 0-9 _ -), perhaps ;grace=SECONDS or ;grace=unbounded";

    private const int MaxName = 100, MaxInstance = 64, MinInstance = 8, MaxGrace = 30 * 86400;

    internal static FollowerIdentity? Parse(string? header)
    {
        var parts = (header ?? "").Split(';', StringSplitOptions.TrimEntries);
        var name = parts[0];
        if (name.Length is 0 or > MaxName || name.AsSpan().ContainsAnyExceptInRange('!', '~')) return null;
        string? instance = null;
        TimeSpan? grace = TimeSpan.Zero;
        var saysGrace = false;
        foreach (var part in parts[1..])
        {
            if (part.StartsWith("instance=", StringComparison.Ordinal) && instance is null) instance = part["instance=".Length..];
            else if (saysGrace || !part.StartsWith("grace=", StringComparison.Ordinal) || !TryReadGrace(part["grace=".Length..], out grace)) return null;
            else saysGrace = true;
        }
        return instance is { Length: >= MinInstance and <= MaxInstance } && IsPlain(instance) ? new FollowerIdentity(name, instance, grace) : null;
    }

    /// <summary>Whether a text has only characters that need no escape anywhere.</summary>
    internal static bool IsPlain(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-')) return false;
        }
        return true;
    }

    private static bool TryReadGrace(string text, out TimeSpan? grace)
    {
        grace = null;
        if (text == "unbounded") return true;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > MaxGrace) return false;
        grace = TimeSpan.FromSeconds(seconds);
        return true;
    }
}
