using System.Buffers.Binary;

namespace Touchstone.Protocol.Tokens;

/// <summary>Big-endian base 62 with a fixed number of digits. The framework has none; double-click selects the whole of a base-62 token, which base64url's <c>-</c> prevents.</summary>
internal static class Base62
{
    internal const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Writes 32 bytes as 43 digits (62^43 exceeds 2^256).</summary>
    internal static void Write(ReadOnlySpan<byte> bytes, Span<char> destination)
    {
        Span<uint> limbs = stackalloc uint[bytes.Length / sizeof(uint)];
        for (var i = 0; i < limbs.Length; i++) limbs[i] = BinaryPrimitives.ReadUInt32BigEndian(bytes[(i * sizeof(uint))..]);

        for (var digit = destination.Length - 1; digit >= 0; digit--)
        {
            ulong rest = 0;
            for (var i = 0; i < limbs.Length; i++)
            {
                var value = (rest << 32) | limbs[i];
                limbs[i] = (uint)(value / 62);
                rest = value % 62;
            }
            destination[digit] = Digits[(int)rest];
        }
    }

    /// <summary>Writes a number as digits, the most significant first.</summary>
    internal static void Write(uint value, Span<byte> destination)
    {
        for (var digit = destination.Length - 1; digit >= 0; digit--, value /= 62) destination[digit] = (byte)Digits[(int)(value % 62)];
    }
}
