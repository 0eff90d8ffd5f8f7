using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Touchstone.Server.Audit;
using Touchstone.Server.Startup;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone audit verify</c>.</summary>
internal static class AuditVerify
{
    private static readonly Option<string?> Checkpoint = new("--checkpoint") { Description = "A checkpoint that 'audit checkpoint' exported: then a cut behind the last checkpoint is found too.", HelpName = "file" };

    internal static Command Create()
    {
        var command = new Verb(
            "verify",
            "Find any edit, removal, gap or cut in the audit of a data folder, beside a running server or without one. Exit code 1 when there is one.",
            "touchstone audit verify --data ./data",
            "touchstone audit verify --data ./data --checkpoint checkpoint-of-monday.json")
        {
            Checkpoint,
        };
        command.Add(CommonOptions.Postgres);
        command.SetAction(line =>
        {
            var output = Output.For(line);
            try
            {
                var report = AuditVerification.Verify(line.GetValue(CommonOptions.Data)!, line.GetValue(Checkpoint), CommonOptions.PostgresOf(line));
                if (output.IsJson) output.Line(ToJson(report).ToJsonString());
                else Print(output, report);
                return report.Findings.Count == 0 ? ExitCodes.Done : ExitCodes.Refused;
            }
            catch (StartupException failed)
            {
                return output.Fail(Failure.Usage(failed.Message));
            }
        });
        return command;
    }

    private static void Print(Output output, AuditReport report)
    {
        output.Table(
            ["chain", "first", "last", "records", "signed through"],
            [.. report.Chains.Select(chain => new[] { chain.Chain, Number(chain.First), Number(chain.Last), Number(chain.Records), Number(chain.SignedThrough) })]);
        output.Line($"key {report.Fingerprint}");
        foreach (var note in report.Notes) output.Line($"note: {note}");
        foreach (var finding in report.Findings) output.Line($"FOUND {finding.Chain} record {Number(finding.N)}: {finding.What}");
        output.Line(report.Findings.Count == 0 ? "Nothing was changed, removed or put in." : $"{Number(report.Findings.Count)} findings.");
    }

    private static JsonObject ToJson(AuditReport report) => new()
    {
        ["verified"] = report.Findings.Count == 0,
        ["key"] = report.Fingerprint,
        ["chains"] = new JsonArray([.. report.Chains.Select(chain => new JsonObject
        {
            ["chain"] = chain.Chain, ["first"] = chain.First, ["last"] = chain.Last, ["records"] = chain.Records, ["signed_through"] = chain.SignedThrough,
        })]),
        ["findings"] = new JsonArray([.. report.Findings.Select(finding => new JsonObject { ["chain"] = finding.Chain, ["n"] = finding.N, ["what"] = finding.What })]),
        ["notes"] = new JsonArray([.. report.Notes.Select(note => JsonValue.Create(note))]),
    };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
