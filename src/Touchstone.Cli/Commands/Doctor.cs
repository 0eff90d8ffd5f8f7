using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using Touchstone.Server.Doctor;
using Touchstone.Server.Startup;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone doctor</c>: of a data folder with its settings, or of a server from outside.</summary>
internal static class DoctorCommand
{
    internal static Command Create()
    {
        var command = new Verb(
            "doctor",
            "Make the checks that come before production: of a data folder and its settings, beside a running server or without one; or with --server of that server from outside. Exit code 1 when one fails.",
            "touchstone doctor --data /var/lib/touchstone --config touchstone.json",
            "touchstone doctor --server https://tokens.example.com --data ./data") { CallsServer = null };
        SettingOptions.AddTo(command);
        command.SetAction(async (line, stop) =>
        {
            var output = Output.For(line);
            try
            {
                var isRemote = line.GetResult(CommonOptions.Server) is OptionResult { Implicit: false };
                return Print(output, isRemote ? await RemoteDoctor.ExamineAsync(line, stop) : ServerDoctor.Examine(SettingOptions.Read(line), TimeProvider.System));
            }
            catch (StartupException failed)
            {
                return SettingOptions.Fail(output, failed.Message.Split('\n'));
            }
        });
        return command;
    }

    private static int Print(Output output, IReadOnlyList<DoctorCheck> checks)
    {
        var failed = checks.Count(check => check.Status is DoctorStatus.Fail);
        if (output.IsJson)
        {
            output.Line(new JsonObject { ["failed"] = failed, ["checks"] = new JsonArray([.. checks.Select(ToJson)]) }.ToJsonString());
        }
        else
        {
            foreach (var check in checks)
            {
                output.Line($"{Word(check.Status),-5} {check.Name,-12} {check.Finding}");
                if (check.Advice is { } advice) output.Line($"      {"",-12} {advice} See {check.Doc}.");
            }
            output.Line($"{checks.Count} checks: {failed} failed, {checks.Count(check => check.Status is DoctorStatus.Warn)} to look at.");
        }
        return failed == 0 ? ExitCodes.Done : ExitCodes.Refused;
    }

    private static JsonObject ToJson(DoctorCheck check) => new()
    {
        ["name"] = check.Name, ["status"] = Word(check.Status), ["finding"] = check.Finding, ["advice"] = check.Advice, ["doc"] = check.Doc,
    };

    private static string Word(DoctorStatus status) => status switch
    {
        DoctorStatus.Ok => "ok",
        DoctorStatus.Warn => "warn",
        DoctorStatus.Fail => "fail",
        _ => "skip",
    };
}
