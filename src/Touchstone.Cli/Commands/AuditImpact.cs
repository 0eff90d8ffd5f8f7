using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Server.Audit;
using Touchstone.Server.Startup;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone impact</c>: what a revocation reached, from the audit.</summary>
internal static class ImpactCommand
{
    private static readonly Argument<string> Revocation = new("seq|id") { Description = "The number (seq) or the id of the revocation." };

    internal static Command Create()
    {
        var command = new Verb("impact", "Tell who used what a revocation ended, and who was refused since. Exit code 1 when the audit has no record of it.", "touchstone impact 42 --data ./data") { Revocation };
        command.Add(CommonOptions.Postgres);
        command.SetAction(line =>
        {
            var output = Output.For(line);
            try
            {
                var asked = line.GetRequiredValue(Revocation);
                if (AuditImpact.Of(line.GetValue(CommonOptions.Data)!, asked, CommonOptions.PostgresOf(line)) is not { } impact) return output.Fail(new Failure(ExitCodes.Refused, "not_found", $"the audit has no record of the revocation {asked}"));
                if (output.IsJson) output.Line(ToJson(impact).ToJsonString());
                else Print(output, impact);
                return ExitCodes.Done;
            }
            catch (StartupException failed)
            {
                return output.Fail(Failure.Usage(failed.Message));
            }
        });
        return command;
    }

    private static void Print(Output output, Impact impact)
    {
        var revocation = JsonObject.Create(impact.Revocation)!;
        // In milliseconds there; elsewhere times are in seconds, and shown as such.
        revocation["at"] = impact.Revocation.GetProperty("at").GetInt64() / 1000;
        output.Members(JsonElement.Parse(revocation.ToJsonString()));
        Table(output, "Accepted before", impact.AcceptedBefore);
        Table(output, "Refused since", impact.RefusedSince);
        foreach (var note in impact.NotRecorded) output.Line($"note: {note}");
    }

    private static void Table(Output output, string title, IReadOnlyList<ImpactLine> lines)
    {
        output.Line("");
        output.Line($"{title}: {lines.Sum(line => line.Count).ToString(CultureInfo.InvariantCulture)}");
        if (lines.Count == 0) return;
        output.Table(["caller", "address", "count", "last"], [.. lines.Select(line => new[] { line.Caller, line.Address ?? "-", line.Count.ToString(CultureInfo.InvariantCulture), Time(line.Last) })]);
    }

    private static JsonObject ToJson(Impact impact) => new()
    {
        ["revocation"] = JsonObject.Create(impact.Revocation),
        ["accepted_before"] = Array(impact.AcceptedBefore),
        ["refused_since"] = Array(impact.RefusedSince),
        ["not_recorded"] = new JsonArray([.. impact.NotRecorded.Select(note => JsonValue.Create(note))]),
    };

    private static JsonArray Array(IReadOnlyList<ImpactLine> lines) =>
        new([.. lines.Select(line => new JsonObject { ["caller"] = line.Caller, ["address"] = line.Address, ["count"] = line.Count, ["last"] = line.Last })]);

    private static string Time(long at) => DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
