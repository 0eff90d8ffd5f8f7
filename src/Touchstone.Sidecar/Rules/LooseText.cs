using System.Globalization;
using System.Text;

namespace Touchstone.Sidecar.Rules;

/// <summary>
/// Whether a service that takes no notice of case, and brings text into a normal form first (NFKC), may take two segments for the same. The process has no data to normalize by (invariant globalization), so what normalizing could change
/// may be anything here: two texts are the same where they agree before the first such character and after the last one. It is asked only whether to refuse.
/// </summary>
internal static class LooseText
{
    // First and last of what NFKC changes, or case folding makes longer; some that stay as they are lie between. By Unicode 14 and what is alike since.
    private static readonly (int First, int Last)[] Shifting =
    [
        (0xa0, 0xbf), (0xdf, 0xdf), (0x130, 0x149), (0x17f, 0x17f), (0x1c4, 0x1cc), (0x1f0, 0x1f3), (0x2b0, 0x2e4), (0x374, 0x37e), (0x384, 0x390), (0x3b0, 0x3b0), (0x3c2, 0x3c2), (0x3cf, 0x3f9), (0x587, 0x587), (0x675, 0x678),
        (0x958, 0x95f), (0x9dc, 0x9df), (0xa33, 0xa5e), (0xb5c, 0xb5d), (0xe33, 0xe33), (0xeb3, 0xeb3), (0xedc, 0xedd), (0xf0c, 0xf0c), (0xf43, 0xf69), (0x10fc, 0x10fc), (0x1100, 0x11ff), (0x13f8, 0x13fd), (0x1c80, 0x1c8f),
        (0x1d2c, 0x1dbf), (0x1e96, 0x1e9e), (0x1f50, 0x20a8), (0x2100, 0x2189), (0x222c, 0x2230), (0x2329, 0x232a), (0x2460, 0x24ea), (0x2a0c, 0x2a0c), (0x2a74, 0x2a76), (0x2adc, 0x2adc), (0x2c7c, 0x2c7d), (0x2d6f, 0x2d6f),
        (0x2e9f, 0x2e9f), (0x2ef3, 0x2fdf), (0x3000, 0x3000), (0x3036, 0x303a), (0x309b, 0x309f), (0x30ff, 0x30ff), (0x3131, 0x319f), (0x3200, 0x33ff), (0xa69c, 0xa69d), (0xa770, 0xa770), (0xa7f1, 0xa7f9), (0xab5c, 0xabbf),
        (0xf900, 0xfdff), (0xfe10, 0xffef), (0x10780, 0x107ba), (0x1ccd6, 0x1ccf9), (0x1d15e, 0x1d1c0), (0x1d400, 0x1d7ff), (0x1e030, 0x1e06d), (0x1ee00, 0x1eebb), (0x1f100, 0x1f190), (0x1f200, 0x1f251), (0x1fbf0, 0x1fbf9), (0x2f800, 0x2fa1d),
    ];

    /// <summary>Whether two segments may be the same.</summary>
    /// <param name="one">One.</param>
    /// <param name="other">The other.</param>
    /// <param name="areAscii">Whether there is nothing to normalize in both.</param>
    internal static bool IsSame(string one, string other, bool areAscii)
    {
        if (one.Equals(other, StringComparison.OrdinalIgnoreCase)) return true;
        if (areAscii) return false;
        var (oneHead, oneTail) = Fixed(one);
        var (otherHead, otherTail) = Fixed(other);
        // Nothing shifts: they differ.
        if (oneHead == one.Length && otherHead == other.Length) return false;
        var (head, tail) = (Math.Min(oneHead, otherHead), Math.Min(oneTail, otherTail));
        return one.AsSpan(0, head).Equals(other.AsSpan(0, head), StringComparison.OrdinalIgnoreCase) && one.AsSpan(one.Length - tail).Equals(other.AsSpan(other.Length - tail), StringComparison.OrdinalIgnoreCase);
    }

    // How much stays as it is before the first that may change, and after the last one. What may change may also join what is before it: marks, the jamo of Hangul, halfwidth voiced marks.
    private static (int Head, int Tail) Fixed(string text)
    {
        var (head, tail, at, before) = (text.Length, text.Length, 0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var isMark = Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
            if (isMark || Shifts(rune.Value))
            {
                if (head == text.Length) head = before;
                tail = text.Length - at - rune.Utf16SequenceLength;
            }
            before = at;
            at += rune.Utf16SequenceLength;
        }
        return (head, tail);
    }

    private static bool Shifts(int value)
    {
        if (value < 0xa0) return false;
        foreach (var (first, last) in Shifting)
        {
            if (value <= last) return value >= first;
        }
        return false;
    }
}
