using System.Collections;
using System.Globalization;

namespace Touchstone.Server.Settings;

/// <summary>Values of settings as text, both ways. Sizes and durations may be written with a unit.</summary>
internal static class SettingText
{
    private static readonly (string Unit, long Factor)[] Sizes = [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30)];

    private static readonly (string[] Units, TimeSpan Length)[] Durations =
    [
        (["ms"], TimeSpan.FromMilliseconds(1)), (["s", "second", "seconds"], TimeSpan.FromSeconds(1)), (["m", "min", "minute", "minutes"], TimeSpan.FromMinutes(1)),
        (["h", "hour", "hours"], TimeSpan.FromHours(1)), (["d", "day", "days"], TimeSpan.FromDays(1)),
    ];

    /// <summary>A whole number, perhaps with a unit of size: <c>65536</c>, <c>64KiB</c>.</summary>
    internal static long? Number(string text)
    {
        foreach (var (unit, factor) in Sizes)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) return Integer(text[..^unit.Length]) is { } count && Math.Abs(count) <= long.MaxValue / factor ? count * factor : null;
        }
        return Integer(text);
    }

    /// <summary>
    /// <c>1.00:00:00</c> as .NET writes it, or <c>15m</c>, <c>1h</c>, <c>7 days</c>. A bare number is none but for 0: .NET reads <c>60</c> as 60 days, and who writes it means something else.
    /// </summary>
    internal static TimeSpan? Duration(string text)
    {
        if (text.Trim() == "0") return TimeSpan.Zero;
        var digits = text.AsSpan().TrimEnd("abcdefghijklmnopqrstuvwxyz").ToString();
        var length = Durations.FirstOrDefault(known => known.Units.Contains(text[digits.Length..])).Length;
        if (length != default) return Integer(digits) is { } count && Math.Abs(count) <= TimeSpan.MaxValue / length ? count * length : null;
        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var duration) ? duration : null;
    }

    /// <summary>A value as it is printed and as it could be given.</summary>
    internal static string Of(object? value) => value switch
    {
        null => "",
        bool yes => yes ? "true" : "false",
        TimeSpan duration => duration.ToString("c", CultureInfo.InvariantCulture),
        Enum choice => Choice(choice.ToString()),
        string text => text,
        IEnumerable list => string.Join(", ", list.Cast<object>()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>A size in the unit that divides it: <c>64 KiB</c>.</summary>
    internal static string Size(long bytes)
    {
        var (unit, factor) = Sizes.LastOrDefault(size => bytes != 0 && bytes % size.Factor == 0, ("", 1));
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor} {unit}").TrimEnd();
    }

    internal static string Choice(string name) => char.ToLowerInvariant(name[0]) + name[1..];

    private static long? Integer(string text) => long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
