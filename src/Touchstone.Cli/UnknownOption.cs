using System.CommandLine;
using System.CommandLine.Parsing;
using Touchstone.Server.Settings;

namespace Touchstone.Cli;

/// <summary>A mistyped option, which the parser would take for a token, a name, or the value of the option before it.</summary>
internal static class UnknownOption
{
    /// <summary>The first word that looks like an option and is none of this command's, and what may have been meant; null when there is none.</summary>
    internal static (string Word, string Advice)? In(ParseResult parse, string[] line)
    {
        // With a command that does not exist, nothing is known of its options.
        if (parse.CommandResult.Command.Subcommands.Count > 0 && parse.UnmatchedTokens is [not ['-', ..], ..]) return null;

        var known = OptionsOf(parse.CommandResult);
        var words = line.TakeWhile(word => word != "--").ToArray();
        for (var i = 0; i < words.Length; i++)
        {
            var name = words[i].Split('=', ':')[0];
            if (name is not ['-', _, ..] || known.ContainsKey(name)) continue;
            var meant = NearestName.Of(name, known.Keys.Where(option => option.StartsWith("--", StringComparison.Ordinal)));
            // Foreign tokens and identifiers may begin with one dash.
            if (name[1] != '-' && (!IsArgument(parse, words[i]) || (meant is null && parse.UnmatchedTokens.Count == 0))) continue;
            return (words[i], meant is not null ? $" Did you mean {meant}?" : Advice(parse, i > 0 && known.TryGetValue(words[i - 1], out var before) ? before : null));
        }
        return null;
    }

    /// <summary>The options of a command by each of their names, those of every command among them.</summary>
    internal static Dictionary<string, Option> OptionsOf(CommandResult command)
    {
        var known = new Dictionary<string, Option>(StringComparer.Ordinal);
        for (var at = command; at is not null; at = at.Parent as CommandResult)
        {
            foreach (var option in at.Command.Options.Where(option => at == command || option.Recursive))
                foreach (var name in option.Aliases.Prepend(option.Name)) known.TryAdd(name, option);
        }
        return known;
    }

    private static bool IsArgument(ParseResult parse, string word) => parse.CommandResult.Children.OfType<ArgumentResult>().Any(argument => argument.Tokens.Any(token => token.Value == word));

    private static string Advice(ParseResult parse, Option? before) => before switch
    {
        { Arity.MaximumNumberOfValues: > 0 } when before.ValueType != typeof(bool) => $" A value that begins so is written {before.Name}=VALUE.",
        _ when parse.CommandResult.Command.Arguments.Count > 0 => " A word that begins so and is no option stands behind '--'.",
        _ => "",
    };
}
