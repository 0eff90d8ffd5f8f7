using System.Globalization;
using System.Text.Json;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Client.Follow;

/// <summary>An answer of the feed as it came over the wire (docs/feed.md).</summary>
/// <param name="Nonce">What it echoes.</param>
/// <param name="Told">What it says.</param>
/// <param name="Offset">From the poll's arrival to the begin of the node's lease; null where it gives none.</param>
/// <param name="Age">How long the node had known the first of the rows that it tells of; null where it does not say. Nothing is decided by it.</param>
internal sealed record FeedAnswer(ulong Nonce, FeedTold Told, TimeSpan? Offset, TimeSpan? Age)
{
    private const long MostAge = int.MaxValue;

    /// <summary>Reads one; null when anything in it is not understood, and then nothing of it counts.</summary>
    internal static FeedAnswer? Read(ReadOnlyMemory<byte> json, bool isGone, bool isFromStart, TimeSpan lease)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, isGone, isFromStart, lease);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null; // The reader has no other way to say it.
        }
    }

    private static FeedAnswer? Read(JsonElement answer, bool isGone, bool isFromStart, TimeSpan lease)
    {
        if (!ulong.TryParse(answer.GetProperty("nonce"u8).GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var nonce)) return null;
        if (!LogCursor.TryParse(answer.GetProperty("head"u8).GetString(), out var head)) return null;
        long? floor = answer.TryGetProperty("floor"u8, out var raised) ? raised.GetInt64() : null;
        var list = answer.GetProperty("events"u8);
        var events = new List<FeedEvent>(list.GetArrayLength());
        foreach (var one in list.EnumerateArray())
        {
            if (!FollowedTag.TryRead(one.GetProperty("tag"u8).GetString(), out var tag)) return null;
            events.Add(new FeedEvent(one.GetProperty("seq"u8).GetInt64(), tag, one.TryGetProperty("until"u8, out var until) ? until.GetInt64() : long.MaxValue));
        }
        JwtGrounds? jwts = null;
        if (answer.TryGetProperty("tag_key"u8, out var text))
        {
            if (!TagKey.TryRead(text.GetString(), out var key)) return null;
            jwts = new JwtGrounds(key, answer.GetProperty("reach_seconds"u8).GetInt64());
        }
        return new FeedAnswer(nonce, new FeedTold(head, events, floor, isGone, jwts, isFromStart), LeaseOffset(answer, lease), AgeOf(answer));
    }

    private static TimeSpan? AgeOf(JsonElement answer) => answer.TryGetProperty("age_ms"u8, out var age) && age.TryGetInt64(out var ms) && ms is >= 0 and <= MostAge ? TimeSpan.FromMilliseconds(ms) : null;

    // A lease of another length than the one that this follower counts with is none, and one that is over or is yet to come by more than its length; a page has no lease.
    private static TimeSpan? LeaseOffset(JsonElement answer, TimeSpan lease)
    {
        if (answer.TryGetProperty("more"u8, out _) || answer.GetProperty("lease_seconds"u8).GetDouble() < lease.TotalSeconds) return null;
        var offset = answer.GetProperty("offset_ms"u8).GetInt64();
        return offset < -lease.TotalMilliseconds || offset > lease.TotalMilliseconds ? null : TimeSpan.FromMilliseconds(offset);
    }
}
