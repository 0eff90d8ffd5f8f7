using System.CommandLine;
using Touchstone.Server.Audit;
using Touchstone.Server.Startup;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone audit checkpoint</c>.</summary>
internal static class AuditCheckpoint
{
    internal static Command Create()
    {
        var command = new Verb(
            "checkpoint",
            "Print the newest signed checkpoints with the public key, to be kept where nobody who could cut the audit can reach.",
            "touchstone audit checkpoint --data ./data > checkpoint.json");
        command.Add(CommonOptions.Postgres);
        command.SetAction(line =>
        {
            var output = Output.For(line);
            try
            {
                output.Line(ExportedCheckpoint.Export(line.GetValue(CommonOptions.Data)!, CommonOptions.PostgresOf(line)));
                return ExitCodes.Done;
            }
            catch (StartupException failed)
            {
                return output.Fail(Failure.Usage(failed.Message));
            }
        });
        return command;
    }
}
