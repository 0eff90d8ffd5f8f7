using System.Buffers;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Revocation;

namespace Touchstone.Server.Storage;

/// <summary>A record as it is held in memory: with the state it was judged against, and the answer in the form of the wire.</summary>
internal sealed class TokenEntry(TokenRecord record, long judgedAt)
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    private byte[]? _answer;
    private RevocationMatch? _match;
    private long _asOf = judgedAt;

    // The links and the marks of RecordCache, which alone touches them.
    internal TokenEntry? Newer, Older;
    internal bool IsVisited;
    internal int Size;

    internal TokenRecord Record { get; } = record;

    /// <summary>No row up to this one ends the token; 0 when it was judged against none. It is of use only at or above the floor of memory.</summary>
    internal long AsOf => Volatile.Read(ref _asOf);

    /// <summary>
    /// The row that ends this token, or null. With nothing new in the log since the last time that costs one comparison.
    /// A match is for ever (rows are only added), so two threads that find it at once agree.
    /// </summary>
    internal RevocationMatch? Judge(RevocationIndex index)
    {
        var seq = index.Seq; // Read before the look-up: rows that come meanwhile are looked for the next time.
        if (AsOf == seq) return null;
        if (_match is not null) return _match;
        _match = index.Match(Record);
        if (_match is null) Volatile.Write(ref _asOf, seq);
        return _match;
    }

    /// <summary>The answer for who may see the whole record, written once.</summary>
    internal ReadOnlySpan<byte> Answer => _answer ??= Write();

    private byte[] Write()
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(1024);
        buffer.ResetWrittenCount();
        IntrospectionResponse.WriteActive(buffer, Record);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What it takes in memory, roughly but never far too little: objects, strings and the answer that will come.</summary>
    internal static int SizeOf(TokenRecord record) =>
        600
        + (3 * (Length(record.Subject) + Length(record.Username) + Length(record.Jti) + Length(record.Grant) + Length(record.Session)))
        + (2 * (record.Confirmation.Length + record.Actor.Length + record.AuthorizationDetails.Length + record.Claims.Length))
        + record.Scope.Text.Length + (record.Ancestors.Count * TokenHash.Size);

    private static int Length(string? text) => text?.Length ?? 0;
}
