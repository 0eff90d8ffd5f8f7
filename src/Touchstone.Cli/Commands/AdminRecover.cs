using System.CommandLine;
using Touchstone.Server;
using Touchstone.Server.Startup;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone admin recover</c>: new credentials where the old ones were lost.</summary>
internal static class AdminRecoverCommand
{
    internal static Command Create()
    {
        var command = new Verb(
            "recover",
            "Make new administrator credentials in a data folder whose server is stopped, and write them to admin.json there. The old ones, and every token got with them, end.",
            "touchstone admin recover --data ./data");
        command.Add(CommonOptions.Postgres);
        command.SetAction(async (line, stop) =>
        {
            var output = Output.For(line);
            try
            {
                var file = await ServerApp.RecoverAdminAsync(line.GetValue(CommonOptions.Data)!, CommonOptions.PostgresOf(line), stop);
                output.Line(output.IsJson ? $"{{\"admin_file\":\"{System.Text.Json.JsonEncodedText.Encode(file)}\"}}" : $"New administrator credentials stand in {file}.");
                return ExitCodes.Done;
            }
            catch (StartupException failed)
            {
                return output.Fail(new Failure(failed.IsUsage ? ExitCodes.Usage : ExitCodes.Refused, "recover_failed", failed.Message));
            }
        });
        return command;
    }
}
