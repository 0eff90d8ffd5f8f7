using System.Diagnostics;
using System.Text.Json;

namespace Touchstone.Testing.Processes;

/// <summary>A program that runs to its end: with these first arguments, this input, this environment.</summary>
/// <param name="Program">The program.</param>
public sealed record Command(string Program)
{
    /// <summary>Arguments before those of each run.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>What it reads; nothing by default.</summary>
    public string Input { get; init; } = "";

    /// <summary>Variables to set, or with null to take away.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>The folder it stands in.</summary>
    public string Folder { get; init; } = Path.GetTempPath();

    /// <summary>When it counts as hung.</summary>
    public TimeSpan Timeout { get; init; } = Until.Deadline;

    /// <summary>The same with one more variable.</summary>
    public Command With(string name, string? value) => this with { Environment = new Dictionary<string, string?>(Environment) { [name] = value } };

    /// <summary>Runs it and waits for its end.</summary>
    /// <exception cref="TimeoutException">It hung, and was killed.</exception>
    public async Task<CommandResult> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Program, [.. Before, .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        ChildEnvironment.Prepare(start.Environment, Environment);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await FeedAsync(process);

        using var patience = new CancellationTokenSource(Timeout, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{Program} {string.Join(' ', arguments)}' did not end within {Timeout}. It printed: {await output}{await error}");
        }
        return new CommandResult(process.ExitCode, await output, await error);
    }

    private async Task FeedAsync(Process process)
    {
        try
        {
            await process.StandardInput.WriteAsync(Input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it, which is its right.
        }
    }
}

/// <summary>How a program ended, and what it printed.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as one JSON document.</summary>
    public JsonElement Json => JsonElement.Parse(Output);

    /// <summary>Standard error as one JSON document.</summary>
    public JsonElement ErrorJson => JsonElement.Parse(Error);

    /// <summary>The lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
