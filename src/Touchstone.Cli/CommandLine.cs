using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Touchstone.Cli;

/// <summary>Runs a command line, and turns whatever goes wrong into one line and an exit code.</summary>
internal static class CommandLine
{
    // Longer than the 30 s that the server's host takes to drain, so that it ends by itself; other commands end at once.
    private static readonly InvocationConfiguration Running = new()
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = TimeSpan.FromSeconds(40),
    };

    // No response files: an argument that starts with @ is an argument.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    internal static async Task<int> RunAsync(RootCommand root, string[] args, params string[] examples)
    {
        foreach (var option in root.Options.OfType<HelpOption>()) option.Action = new HelpWithExamples(new HelpAction(), examples);

        var parse = root.Parse(args, Parsing);
        var output = Output.For(parse);
        if (parse.Action is ParseErrorAction) return output.Fail(Failure.Usage(Explain(parse)));
        try
        {
            return await parse.InvokeAsync(Running);
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception exception)
        {
            return output.Fault(exception);
        }
    }

    private static string Explain(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var path = command.Name;
        for (var parent = command.Parents.FirstOrDefault(); parent is not null; parent = parent.Parents.FirstOrDefault()) path = $"{parent.Name} {path}";

        // The word that fits nowhere says more than what is then missing.
        var error = parse.UnmatchedTokens.Count > 0 ? $"'{Shorten(parse.UnmatchedTokens[0])}' fits nowhere in '{path}'." : OneLine(parse.Errors[0].Message);
        return $"{error} See '{path} --help'.";
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A word out of place may be a token or a secret: show enough to recognise it, not enough to use it.</summary>
    private static string Shorten(string word)
    {
        if (word.StartsWith("--", StringComparison.Ordinal)) return word.Split('=', ':')[0];
        return word.Length <= 16 ? word : word[..8] + "…";
    }
}
