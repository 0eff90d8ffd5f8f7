using System.Buffers;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Detection;
using Touchstone.Server.Revocation;

namespace Touchstone.Server.Storage;

/// <summary>A record as it is held in memory: what decides, the state it was judged against, and the answer in the form of the wire.</summary>
internal sealed class TokenEntry
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    private readonly byte[] _answer;
    private ViewedAnswer[] _viewed = [];
    private RevocationMatch? _match;
    private long _asOf;

    // The links and the mark of RecordCache, which alone touches them.
    internal TokenEntry? Next, Newer, Older;
    internal bool IsVisited;

    // From where it is introspected, and when that was told last; TokenSpread alone touches them.
    internal AddressSketch Addresses;
    internal int SpreadTold;

    /// <summary>Takes a record that was judged against the rows up to <paramref name="judgedAt"/>, 0 for none, in a life of the log. Of a token of another issuer a row may name the <c>jti</c>, so that stays.</summary>
    internal TokenEntry(TokenRecord record, long judgedAt, Mac128 key, int era = 0, bool isForeign = false)
    {
        Era = era;
        Key = key;
        Record = record.WithoutTold(keepsJti: isForeign);
        _answer = Write(record);
        HasLocations = DetailsFilter.IsNeeded(record.AuthorizationDetails.Span);
        _asOf = judgedAt;
    }

    /// <summary>The MAC of the token, by which it is found in memory.</summary>
    internal Mac128 Key { get; }

    /// <summary>The life of the log that it was judged in (<see cref="RevocationIndex.Era"/>): it is of no use in another.</summary>
    internal int Era { get; }

    /// <summary>What decides about the token; what is only told stands in <see cref="Answer"/>.</summary>
    internal TokenRecord Record { get; }

    /// <summary>The answer for who may see the whole record.</summary>
    internal ReadOnlySpan<byte> Answer => _answer;

    /// <summary>Whether its authorization details say for whom they are, so that even who may see everything is told his part only.</summary>
    internal bool HasLocations { get; }

    /// <summary>No row up to this one ends the token; 0 when it was judged against none. It is of use only at or above the floor of memory.</summary>
    internal long AsOf => Volatile.Read(ref _asOf);

    /// <summary>The answers for who may not, as far as they are kept. Changed by <see cref="RecordCache"/> alone, which counts them.</summary>
    internal ViewedAnswer[] Viewed { get => Volatile.Read(ref _viewed); set => Volatile.Write(ref _viewed, value); }

    /// <summary>What it takes in memory, roughly: the objects (428 bytes), their strings, the answers.</summary>
    internal int Size =>
        428 + _answer.Length + SizeOf(_viewed) + (2 * (Length(Record.Subject) + Length(Record.Grant) + Length(Record.Session))) + SizeOfJti() + (Record.Ancestors.Count * TokenHash.Size) + SizeOf(Record.Lineage);

    /// <summary>The kept answer of a view, or null: a comparison of references.</summary>
    internal byte[]? Find(IntrospectionView view)
    {
        foreach (ref readonly var viewed in Viewed.AsSpan())
        {
            if (viewed.View == view) return viewed.Answer;
        }
        return null;
    }

    /// <summary>The answer for a view, made now.</summary>
    internal byte[] Write(IntrospectionView view)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        view.Write(buffer, _answer);
        return buffer.WrittenSpan.ToArray();
    }

    internal static int SizeOf(ViewedAnswer[] viewed)
    {
        var size = 0;
        foreach (var answer in viewed) size += answer.Size;
        return size;
    }

    /// <summary>
    /// The row that ends this token, or null. With nothing new in the log since the last time that costs one comparison.
    /// A match is for ever (rows are only added), so it is written and never taken back: a thread that looked before the row was there must not undo what one that looked after it found.
    /// </summary>
    internal RevocationMatch? Judge(RevocationIndex index)
    {
        var seq = index.Seq; // Read before the look-up: rows that come meanwhile are looked for the next time.
        if (AsOf == seq) return null;
        var match = Volatile.Read(ref _match);
        if (match is not null) return match;
        match = index.Match(Record);
        if (match is null) Volatile.Write(ref _asOf, seq);
        else Volatile.Write(ref _match, match);
        return match;
    }

    private static byte[] Write(TokenRecord record)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        IntrospectionResponse.WriteActive(buffer, record);
        return buffer.WrittenSpan.ToArray();
    }

    private static int SizeOf(IReadOnlyList<Selector> lineage)
    {
        var size = 0;
        for (var i = 0; i < lineage.Count; i++) size += 136 + (2 * (Length(lineage[i].Id) + Length(lineage[i].Issuer) + Length(lineage[i].Group))); // With the headers of its strings.
        return size;
    }

    // With the object that it stands in.
    private int SizeOfJti() => Record.Jti is { } jti ? 160 + (2 * jti.Length) : 0;

    private static int Length(string? text) => text?.Length ?? 0;
}
