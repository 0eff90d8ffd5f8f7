using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace Touchstone.Cli;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    internal IReadOnlyList<string> Examples => examples;

    /// <summary>Whether it calls a server: always, never, or (null) only when one is named.</summary>
    internal bool? CallsServer
    {
        get => Subcommands.Count > 0 ? Subcommands.OfType<Verb>().Any(verb => verb.CallsServer is true) : field;
        set;
    } = false;

    /// <summary>Whether it and the commands below it know nothing of the server, its data folder and how it is reached.</summary>
    internal bool IsApart { get; set; }

    /// <summary>Whether this is so for a command that was asked for.</summary>
    internal static bool IsApartFromServer(CommandResult? asked)
    {
        for (var at = asked; at is not null; at = at.Parent as CommandResult)
        {
            if (at.Command is Verb { IsApart: true }) return true;
        }
        return false;
    }

    /// <summary>What the command does. The cancellation token ends with Ctrl-C.</summary>
    internal Verb Does(Func<Call, CancellationToken, Task<int>> body)
    {
        CallsServer = true;
        SetAction(async (parse, stop) =>
        {
            using var call = new Call(parse);
            return await body(call, stop);
        });
        return this;
    }
}

/// <summary>The library's help, and below it the examples.</summary>
internal sealed class HelpWithExamples(HelpAction help, IReadOnlyList<string> examplesOfRoot) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is Verb { CallsServer: not true } asked)
        {
            // Every command takes the option; help tells of it where it does something.
            CommonOptions.Server.Hidden = asked.CallsServer is false;
            CommonOptions.Server.DefaultValueFactory = null;
        }
        if (Verb.IsApartFromServer(parseResult.CommandResult)) CommonOptions.AllowInsecureHttp.Hidden = CommonOptions.Data.Hidden = true;
        help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var examples = parseResult.CommandResult.Command switch
        {
            Verb verb => verb.Examples,
            RootCommand => examplesOfRoot,
            _ => [],
        };
        if (examples.Count > 0) output.WriteLine("Examples:");
        foreach (var example in examples) output.WriteLine($"  {example}");
        return ExitCodes.Done;
    }
}
