using System.CommandLine;

namespace Touchstone.Cli;

/// <summary>Options that take one of a few words.</summary>
internal static class Choices
{
    /// <summary>Refuses every other word, in words that name the option. What was typed is not repeated: it may be a secret.</summary>
    internal static Option<T> TakesOneOf<T>(this Option<T> option, params string[] words)
    {
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => !words.Contains(token.Value, StringComparer.Ordinal))) result.AddError($"{option.Name} takes {(words.Length == 1 ? $"only '{words[0]}'" : string.Join(" or ", words))}.");
        });
        return option;
    }
}
