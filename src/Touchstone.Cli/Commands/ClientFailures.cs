using System.CommandLine;
using System.Text.Json;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client failures</c>.</summary>
internal static class ClientFailures
{
    internal static Command Create(Argument<string> id) => new Verb(
        "failures",
        "Show why a caller was refused lately, the newest first.",
        "touchstone client failures billing-api")
    {
        id,
    }.Does(async (call, stop) =>
    {
        var answer = await call.Admin.GetAsync($"{ClientCommand.PathOf(call.Get(id))}/failures", stop);
        return call.Output.Answer(answer, failures => Print(call.Output, failures));
    });

    private static void Print(Output output, JsonElement failures)
    {
        if (!failures.TryGetProperty("items", out var items) || items.ValueKind != JsonValueKind.Array) return;
        if (items.GetArrayLength() == 0) output.Line("This node knows of no refusal since it started. Other nodes may: ask each with --server, or search the audit.");
        else output.Table(["at", "reason", "method", "address", "path"], [.. items.EnumerateArray().Select(Row)]);
    }

    private static string[] Row(JsonElement failure) =>
    [
        failure.TryGetProperty("at", out var at) && at.TryGetInt64(out var seconds) ? Describe.Time(seconds, TimeProvider.System.GetUtcNow()) : "",
        Describe.Text(failure, "reason"),
        Describe.Text(failure, "method"),
        Describe.Text(failure, "address"),
        Describe.Text(failure, "path"),
    ];
}
