using System.CommandLine;
using System.Globalization;

namespace Touchstone.Cli;

/// <summary>Sizes as people type them: <c>256MiB</c>, <c>1GiB</c>, <c>64KiB</c>, or plain bytes.</summary>
internal static class Size
{
    internal static Option<long?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "size",
        CustomParser = result =>
        {
            if (TryParse(result.Tokens[^1].Value) is { } size) return size;
            result.AddError($"{name} takes a size such as 0, 64MiB or 1GiB.");
            return null;
        },
    };

    internal static long? TryParse(string text)
    {
        var (digits, shift) = text switch
        {
            _ when text.EndsWith("KiB", StringComparison.OrdinalIgnoreCase) => (text[..^3], 10),
            _ when text.EndsWith("MiB", StringComparison.OrdinalIgnoreCase) => (text[..^3], 20),
            _ when text.EndsWith("GiB", StringComparison.OrdinalIgnoreCase) => (text[..^3], 30),
            _ => (text, 0),
        };
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1L << 40 >> shift ? number << shift : null;
    }
}
