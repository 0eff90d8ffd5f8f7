using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Touchstone.Cli;

/// <summary>All that is printed: data to standard output; errors and notes to standard error.</summary>
internal sealed class Output(TextWriter output, TextWriter error, bool json, TimeProvider clock)
{
    internal bool IsJson => json;

    internal static Output For(ParseResult parse)
    {
        // With errors in the line, values may not be read, but whether --json stands there is still plain.
        var json = parse.GetResult(CommonOptions.Json) is OptionResult { Implicit: false } given && (given.Errors.Any() || given.GetValueOrDefault<bool>());
        return new Output(parse.InvocationConfiguration.Output, parse.InvocationConfiguration.Error, json, TimeProvider.System);
    }

    /// <summary>The server's answer: as it came with <c>--json</c>, else as <paramref name="forPeople"/> tells it.</summary>
    internal int Answer(Outcome<JsonElement> answer, Action<JsonElement> forPeople)
    {
        if (answer.Failure is { } failure) return Fail(failure);

        if (json) Line(answer.Value);
        else forPeople(answer.Value);
        return ExitCodes.Done;
    }

    internal int Fail(Failure failure)
    {
        if (json) error.WriteLine(InOneLine(AsJson(failure)));
        else error.WriteLine($"touchstone: {SafeText.Of(failure.IsOAuth ? $"{failure.Error}: {failure.Detail}" : failure.Detail)}");
        return failure.ExitCode;
    }

    /// <summary>A bug, told with all that a report of it needs.</summary>
    internal int Fault(Exception exception)
    {
        foreach (var line in exception.ToString().Split('\n')) Note(line.TrimEnd());
        return Fail(new Failure(ExitCodes.Fault, "fault", $"a fault of touchstone itself, please report it: {exception.Message}"));
    }

    internal void Note(string text)
    {
        if (!json) error.WriteLine(SafeText.Of(text));
    }

    internal void Line(JsonElement answer)
    {
        var raw = answer.GetRawText();
        // Verbatim when that is one harmless line; written anew otherwise, where the encoder escapes all that is not plain ASCII.
        output.WriteLine(SafeText.Of(raw) == raw ? raw : Rewritten(answer));
    }

    internal void Line(string text) => output.WriteLine(SafeText.Of(text));

    /// <summary>A headline of its own, the object's members below it.</summary>
    internal void Section(string title, JsonElement members)
    {
        output.WriteLine();
        output.WriteLine(title);
        Members(members, "  ");
    }

    internal void Members(JsonElement members) => Members(members, "");

    internal void Table(string[] columns, IReadOnlyList<string[]> rows)
    {
        var redirected = Console.IsOutputRedirected || output != Console.Out;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(output),
        });
        // A file has no width: rows stay on one line each, for grep.
        if (redirected) console.Profile.Width = 10_000;

        var table = new Table { Border = redirected ? TableBorder.None : TableBorder.Simple };
        // Texts with blanks may break there; identifiers stay whole, to be copied.
        var breakable = columns.Select((_, i) => rows.Any(row => row[i].Contains(' '))).ToArray();
        for (var i = 0; i < columns.Length; i++) table.AddColumn(new TableColumn(new Text(columns[i])) { NoWrap = !breakable[i] });
        // Text, not strings: Spectre reads markup in strings, and these come from outside.
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(SafeText.Of(cell))));
        console.Write(table);
    }

    private void Members(JsonElement members, string indent)
    {
        var described = Describe.Members(members, clock.GetUtcNow()).ToList();
        var width = described.Count == 0 ? 0 : described.Max(member => member.Name.Length);
        foreach (var (name, lines) in described)
        {
            output.WriteLine($"{indent}{name.PadRight(width)}  {lines[0]}");
            foreach (var line in lines.Skip(1)) output.WriteLine($"{indent}{"".PadRight(width)}  {line}");
        }
    }

    private static JsonObject AsJson(Failure failure)
    {
        var body = new JsonObject { ["error"] = failure.Error, [failure.IsOAuth ? "error_description" : "detail"] = failure.Detail };
        if (failure.Status is { } status) body["status"] = status;
        if (failure.Errors is { } errors) body["errors"] = JsonArray.Create(errors);
        return body;
    }

    // What is harmless stays readable: quotes, + and umlauts. Else the encoder escapes all that is not plain ASCII.
    private static string InOneLine(JsonObject body)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) body.WriteTo(writer);
        var text = Encoding.UTF8.GetString(buffer.ToArray());
        return SafeText.Of(text) == text ? text : body.ToJsonString();
    }

    private static string Rewritten(JsonElement answer)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer)) answer.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
