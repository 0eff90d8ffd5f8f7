using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Storage;

/// <summary>
/// Values that many records share (client, issuer, scope, audience), decoded once: 100,000 cached records would hold 100,000 copies of them.
/// A fixed table where a new value takes the place of an old one, so nobody can fill it.
/// </summary>
internal sealed class Interned
{
    private const int Slots = 1024;

    private sealed record Slot(byte[] Bytes, object Value);

    private readonly Slot?[] _texts = new Slot?[Slots], _scopes = new Slot?[Slots], _lists = new Slot?[Slots];

    internal string? Text(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? null : (string)Get(_texts, utf8, Encoding.UTF8.GetString);

    internal ScopeSet Scope(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? ScopeSet.Empty : (ScopeSet)Get(_scopes, utf8, ParseScope);

    /// <summary>A list kept as lines: its items are URIs and names without control characters.</summary>
    internal IReadOnlyList<string> List(ReadOnlySpan<byte> utf8) => utf8.IsEmpty ? [] : (string[])Get(_lists, utf8, bytes => Encoding.UTF8.GetString(bytes).Split('\n'));

    private static object ParseScope(ReadOnlySpan<byte> utf8) =>
        ScopeSet.TryParse(Encoding.UTF8.GetString(utf8), out var scope) ? scope : throw new StoreException("A stored scope can't be read.");

    private static object Get(Slot?[] slots, ReadOnlySpan<byte> utf8, Func<ReadOnlySpan<byte>, object> read)
    {
        // References are read and written whole, and slots never change: two threads at once do the work twice and no harm.
        ref var slot = ref slots[IndexOf(utf8)];
        if (slot is { } found && utf8.SequenceEqual(found.Bytes)) return found.Value;
        var value = read(utf8);
        slot = new Slot(utf8.ToArray(), value);
        return value;
    }

    private static uint IndexOf(ReadOnlySpan<byte> utf8)
    {
        var crc = (uint)utf8.Length;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(utf8)) crc = BitOperations.Crc32C(crc, word);
        foreach (var last in utf8[(utf8.Length & ~7)..]) crc = BitOperations.Crc32C(crc, last);
        return crc % Slots;
    }
}
