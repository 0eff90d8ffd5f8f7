using System.Text;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

/// <summary>The checksum bit by bit, unlike the instruction that the code uses.</summary>
internal static class Crc32C
{
    internal static uint Of(string text)
    {
        var crc = uint.MaxValue;
        foreach (var b in Encoding.ASCII.GetBytes(text))
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
        }
        return ~crc;
    }

    /// <summary>The text with the six digits that fit it.</summary>
    internal static string Appended(string text)
    {
        var digits = new char[6];
        var rest = Of(text);
        for (var i = 5; i >= 0; i--, rest /= 62) digits[i] = Base62.Digits[(int)(rest % 62)];
        return text + new string(digits);
    }
}
