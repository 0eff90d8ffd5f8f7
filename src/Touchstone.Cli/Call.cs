using System.CommandLine;
using System.CommandLine.Parsing;

namespace Touchstone.Cli;

/// <summary>One run of a command that talks to a server: what was typed, how to ask, how to print.</summary>
internal sealed class Call : IDisposable
{
    private readonly ParseResult _parse;

    internal Call(ParseResult parse)
    {
        _parse = parse;
        Output = Output.For(parse);
        Wire = new Wire(parse.GetRequiredValue(CommonOptions.Server));
        Admin = new AdminApi(Wire, parse.GetRequiredValue(CommonOptions.Data));
    }

    internal Output Output { get; }

    internal Wire Wire { get; }

    internal AdminApi Admin { get; }

    internal T? Get<T>(Option<T> option) => _parse.GetValue(option);

    internal T Get<T>(Argument<T> argument) => _parse.GetRequiredValue(argument);

    /// <summary>An argument that may be left out.</summary>
    internal T? Find<T>(Argument<T> argument) => _parse.GetValue(argument);

    internal bool Has(Option option) => _parse.GetResult(option) is OptionResult { Implicit: false };

    public void Dispose() => Wire.Dispose();
}
