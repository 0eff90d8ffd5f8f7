using System.CommandLine;

namespace Touchstone.Cli;

/// <summary>An option without its value, for which the parser would take the option behind it: <c>--reason --dry-run</c> must not revoke for real.</summary>
internal static class ValueMissing
{
    /// <summary>What is wrong with the first such option of the line; null when each has its value.</summary>
    internal static string? In(Dictionary<string, Option> known, string[] line)
    {
        for (var i = 0; i < line.Length && line[i] != "--"; i++)
        {
            var word = line[i];
            var end = word.AsSpan().IndexOfAny('=', ':');
            if (!known.TryGetValue(end < 0 ? word : word[..end], out var option)) continue;
            // Joined to nothing, it would take the next word.
            if (end >= 0 && end == word.Length - 1) return $"{option.Name} needs a value; '{word}' has none.";
            if (end >= 0 || !TakesNextWord(option) || i + 1 == line.Length) continue;
            if (line[i + 1] == "--") return $"{option.Name} needs a value, before '--'.";
            var next = line[i + 1].Split('=', ':')[0];
            if (known.ContainsKey(next)) return $"{option.Name} needs a value; '{next}' is an option. A value that begins so is written {option.Name}=VALUE.";
            i++; // Its value, whatever it looks like.
        }
        return null;
    }

    internal static bool TakesNextWord(Option option) => option.Arity.MinimumNumberOfValues > 0 && option.ValueType != typeof(bool);
}
