using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Touchstone.Server.Settings;

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

        // As other programs have it.
        if (args is ["help", .. var of]) args = [.. of, "--help"];

        var parse = root.Parse(args, Parsing);
        var output = Output.For(parse);
        if (parse.Action is not HelpWithExamples && UnknownOption.In(parse, args) is { } unknown) return output.Fail(Failure.Usage($"'{Shorten(unknown.Word)}' is no option of '{PathOf(parse)}'.{unknown.Advice} See '{PathOf(parse)} --help'."));
        if (parse.Action is not HelpWithExamples && ValueMissing.In(UnknownOption.OptionsOf(parse.CommandResult), args) is { } missing) return output.Fail(Failure.Usage($"{missing} See '{PathOf(parse)} --help'."));
        if (parse.Action is not HelpWithExamples && OutOfPlace(parse) is { } nothing) return output.Fail(Failure.Usage($"{nothing} does nothing in '{PathOf(parse)}': what it is about stands in the file of the sidecar. See '{PathOf(parse)} --help'."));
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
        var path = PathOf(parse);
        var commands = parse.CommandResult.Command.Subcommands;
        // The word that fits nowhere says more than what is then missing.
        var error = parse.UnmatchedTokens switch
        {
            [] => OneLine(parse.Errors[0].Message),
            [var word, ..] when commands.Count == 0 => $"'{Shorten(word)}' fits nowhere in '{path}'.",
            [var word, ..] => $"'{Shorten(word)}' is no command of '{path}'.{(NearestName.Of(word, commands.Select(command => command.Name)) is { } meant ? $" Did you mean {meant}?" : "")}",
        };
        return $"{error}{(error[^1] is '.' or '?' ? "" : ".")} See '{path} --help'.";
    }

    // Every command takes these, and some do nothing with them: who writes one counts on it.
    private static string? OutOfPlace(ParseResult parse) => !Verb.IsApartFromServer(parse.CommandResult) ? null
        : new Option[] { CommonOptions.Server, CommonOptions.AllowInsecureHttp, CommonOptions.Data }.FirstOrDefault(option => parse.GetResult(option) is { Implicit: false })?.Name;

    private static string PathOf(ParseResult parse)
    {
        var path = parse.CommandResult.Command.Name;
        for (var parent = parse.CommandResult.Parent as CommandResult; parent is not null; parent = parent.Parent as CommandResult) path = $"{parent.Command.Name} {path}";
        return path;
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A word out of place may be a token or a secret: show enough to recognise it, not enough to use it.</summary>
    private static string Shorten(string word)
    {
        if (word.StartsWith("--", StringComparison.Ordinal) && word.Split('=', ':')[0] is { Length: <= 32 } option) return option;
        return word.Length <= 16 ? word : word[..8] + "…";
    }
}
