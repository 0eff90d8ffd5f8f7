using System.Text;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>Words of chance.</summary>
internal static class Chance
{
    internal static T Of<T>(this Random random, IReadOnlyList<T> items) => items[random.Next(items.Count)];

    internal static bool OneIn(this Random random, int n) => random.Next(n) == 0;

    /// <summary>Printable ASCII without what ends a header or a line.</summary>
    internal static string Ascii(this Random random, int length) => string.Create(length, random, static (to, random) =>
    {
        for (var i = 0; i < to.Length; i++) to[i] = (char)random.Next(0x21, 0x7f);
    });

    internal static string Letters(this Random random, int length) => string.Create(length, random, static (to, random) =>
    {
        for (var i = 0; i < to.Length; i++) to[i] = (char)random.Next('a', 'z' + 1);
    });

    /// <summary>Any bytes, as Latin-1.</summary>
    internal static string Any(this Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    /// <summary>One small change: a byte flipped, put in, taken out, or a piece doubled or cut off.</summary>
    internal static byte[] Mutate(this Random random, byte[] bytes)
    {
        if (bytes.Length == 0) return [(byte)random.Next(256)];
        var at = random.Next(bytes.Length);
        switch (random.Next(6))
        {
            case 0:
                byte[] flipped = [.. bytes];
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 1:
                return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
            case 2:
                return [.. bytes[..at], .. bytes[(at + 1)..]];
            case 3:
                return bytes[..at];
            case 4:
                var to = Math.Min(bytes.Length, at + random.Next(1, 40));
                return [.. bytes[..to], .. bytes[at..]];
            default:
                return [.. bytes[..at], .. random.Of<byte[]>([[0], [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], "\r\n"u8.ToArray(), "%"u8.ToArray(), "%00"u8.ToArray(), "\""u8.ToArray()]), .. bytes[at..]];
        }
    }

    internal static string Mutate(this Random random, string latin1) => Encoding.Latin1.GetString(random.Mutate(Encoding.Latin1.GetBytes(latin1)));
}
