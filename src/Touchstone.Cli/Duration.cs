using System.CommandLine;
using System.Globalization;

namespace Touchstone.Cli;

/// <summary>Durations as people type them: <c>90s</c>, <c>30m</c>, <c>1h</c>, <c>7d</c>, or plain seconds.</summary>
internal static class Duration
{
    // A century is beyond any use, and keeps the arithmetic far from overflow.
    private const long MaxSeconds = 100L * 366 * 86_400;

    internal static Option<TimeSpan?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "duration",
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (TryParse(text) is { } duration) return duration;
            result.AddError(IsTooLong(text) ? $"{name} takes at most {MaxSeconds / 86_400}d." : $"{name} takes a duration such as 90s, 30m, 1h or 7d.");
            return null;
        },
    };

    internal static TimeSpan? TryParse(string text)
    {
        var (digits, factor) = Parts(text);
        // NumberStyles.None: no sign, no blanks, no thousands.
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > MaxSeconds) return null;

        var seconds = number * Math.Max(factor, 1);
        return seconds > MaxSeconds ? null : TimeSpan.FromSeconds(seconds);
    }

    // A duration in its form, but beyond the bound.
    private static bool IsTooLong(string text) => Parts(text).Digits is { Length: > 0 } digits && digits.All(char.IsAsciiDigit);

    private static (string Digits, int Factor) Parts(string text)
    {
        var factor = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => 0 };
        return (factor == 0 ? text : text[..^1], factor);
    }
}
