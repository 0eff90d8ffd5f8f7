namespace Touchstone.Client.Redis;

/// <summary>What a reply is. Flags, so that a call can say which of them it understands.</summary>
[Flags]
internal enum RespKind : byte
{
    Null = 1,
    Text = 2,
    Error = 4,
    Integer = 8,
    Bulk = 16,
    Items = 32,
    Push = 64,
}

/// <summary>One reply of Redis, RESP2 or RESP3.</summary>
/// <param name="Kind">What it is. A map is the items of its pairs; a number with a fraction is a text; a boolean is 0 or 1.</param>
/// <param name="Bytes">Of a text, an error or a bulk.</param>
/// <param name="Number">Of an integer.</param>
/// <param name="Items">Of an array, a set, a map or a push.</param>
internal readonly record struct RespValue(RespKind Kind, byte[]? Bytes = null, long Number = 0, RespValue[]? Items = null)
{
    /// <summary>Whether it is a text or a bulk with these bytes.</summary>
    internal bool Is(ReadOnlySpan<byte> text) => Kind is RespKind.Text or RespKind.Bulk && Bytes.AsSpan().SequenceEqual(text);

    /// <summary>The value of a key in the items of a map; null where there is none.</summary>
    internal RespValue? Find(ReadOnlySpan<byte> key)
    {
        for (var i = 0; i + 1 < Items?.Length; i += 2)
        {
            if (Items[i].Is(key)) return Items[i + 1];
        }
        return null;
    }
}
