using System.Buffers;
using System.Buffers.Text;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Feed;

/// <summary>Events in the form of the wire, joined by commas, and how many they are.</summary>
internal readonly record struct EventRun(byte[] Json, int Count)
{
    internal static EventRun Empty { get; } = new([], 0);
}

/// <summary>Rows of the log that came together, as each caller is told of them. What a caller is told is made once, whatever number of its followers ask.</summary>
/// <param name="after">The row before the first of these.</param>
/// <param name="rows">At least one.</param>
/// <param name="owners">Whose the tokens are that rows name; null when that could not be found out: then everybody is told.</param>
/// <param name="came">When the first of them came to this node; null where they were read from the store.</param>
internal sealed class FeedSegment(LogCursor after, IReadOnlyList<RevocationRow> rows, TokenOwners? owners, ClockReading? came)
{
    private readonly Lock _adding = new();
    private Told? _told;

    // Of all that were told, the last; a list, because a segment has few callers.
    private sealed record Told(Client Caller, EventRun Run, Told? Next);

    internal LogCursor After { get; } = after;

    internal LogCursor End { get; } = new(after.Epoch, rows[^1].Seq, rows[^1].Id);

    internal ClockReading? Came { get; } = came;

    internal int Count => rows.Count;

    /// <summary>The segment before; null for the oldest that is kept. The ring alone changes it.</summary>
    internal FeedSegment? Previous { get; set; }

    /// <summary>The segment after; null for the newest. The ring alone changes it.</summary>
    internal FeedSegment? Next { get; set; }

    /// <summary>Whether a row is of a kind that can't be told here: who follows has to raise its floor.</summary>
    internal bool IsBeyond { get; } = rows.Any(row => row.Selector.Kind is 0 or > SelectorKind.Jwt);

    /// <summary>Whether it could not be found out whose the tokens are: who judges JWTs has to be told of them by their <c>jti</c>.</summary>
    internal bool LacksOwners => owners is null && rows.Any(row => row.Selector.Kind is SelectorKind.Token);

    internal IReadOnlyList<RevocationRow> Rows => rows;

    /// <summary>The id of the row of a number; null when it is not here.</summary>
    internal Guid? IdOf(long seq) => rows.FirstOrDefault(row => row.Seq == seq)?.Id;

    /// <summary>What a caller is told of all rows.</summary>
    internal EventRun For(Client caller, TagKey key)
    {
        if (Find(caller) is { } known) return known.Run;
        var run = Write(caller, key, rows);
        lock (_adding)
        {
            if (Find(caller) is { } other) return other.Run;
            Volatile.Write(ref _told, new Told(caller, run, _told));
        }
        return run;
    }

    /// <summary>What a caller is told of the rows above a number: for who read a part of them elsewhere.</summary>
    internal EventRun For(Client caller, TagKey key, long above) => above <= After.Seq ? For(caller, key) : Write(caller, key, rows.Where(row => row.Seq > above));

    /// <summary>The hashes of the tokens that rows name.</summary>
    internal static IReadOnlyList<Protocol.Tokens.TokenHash> HashesOf(IReadOnlyList<RevocationRow> rows) => [.. rows.Where(row => row.Selector.Kind is SelectorKind.Token).Select(row => row.Selector.Hash)];

    private Told? Find(Client caller)
    {
        for (var told = Volatile.Read(ref _told); told is not null; told = told.Next)
        {
            if (told.Caller == caller) return told;
        }
        return null;
    }

    private EventRun Write(Client caller, TagKey key, IEnumerable<RevocationRow> told)
    {
        ArrayBufferWriter<byte>? buffer = null;
        var count = 0;
        foreach (var row in told)
        {
            if (!Concerns(row.Selector, caller)) continue;
            buffer ??= new ArrayBufferWriter<byte>(64);
            Write(buffer, count++, row, key.Of(row.Selector), caller.JudgesJwts);
            // Who judges JWTs knows them by jti, never by their bytes.
            if (caller.JudgesJwts && row.Selector.Kind is SelectorKind.Token && owners is not null && owners.Known.TryGetValue(row.Selector.Hash, out var owner) && owner.Jti is { } jti)
                Write(buffer, count++, row, key.Of(Selector.Jwt(owner.Issuer, jti)), isForJwts: true);
        }
        return buffer is null ? EventRun.Empty : new EventRun(buffer.WrittenSpan.ToArray(), count);
    }

    // Who judges JWTs goes by their own audience, and not by what is registered here. A token that nobody registered yet may be registered on a node that does not have the row yet, and one that descends from another may be anybody's: of these everybody is told.
    private bool Concerns(in Selector selector, Client caller) => selector.Kind switch
    {
        SelectorKind.Token => caller.JudgesJwts || owners is null || owners.HasDescendants || !owners.Known.TryGetValue(selector.Hash, out var owner) || IntrospectionRules.IsFor(owner.Kind, owner.ClientId, owner.Audience, caller.Caller),
        SelectorKind.Registration => selector.Id == caller.Id, // What was derived from a registration are the answers to that very caller.
        _ => true,
    };

    private static void Write(ArrayBufferWriter<byte> buffer, int before, RevocationRow row, string tag, bool isForJwts)
    {
        buffer.Write(before > 0 ? ",{\"seq\":"u8 : "{\"seq\":"u8);
        Write(buffer, row.Seq);
        buffer.Write(",\"tag\":\""u8);
        buffer.Advance(System.Text.Encoding.ASCII.GetBytes(tag, buffer.GetSpan(tag.Length)));
        buffer.Write("\""u8);
        // A row that was written again after a restore does not know its time: it ends all.
        if (isForJwts && !row.Selector.EndsForEver && row.At > 0)
        {
            buffer.Write(",\"until\":"u8);
            Write(buffer, row.IssuedBefore is { } narrowed && narrowed < row.At ? narrowed : row.At);
        }
        buffer.Write("}"u8);
    }

    private static void Write(ArrayBufferWriter<byte> buffer, long number)
    {
        Utf8Formatter.TryFormat(number, buffer.GetSpan(20), out var written);
        buffer.Advance(written);
    }
}
