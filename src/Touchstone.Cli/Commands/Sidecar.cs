using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Touchstone.Sidecar;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone sidecar …</c>: introspection for any proxy, by rules.</summary>
internal static class SidecarCommand
{
    internal static Command Create()
    {
        var config = NewConfigOption();
        var verb = new Verb(
            "sidecar",
            "Run introspection beside a proxy: nginx, Envoy, Traefik, Caddy or HAProxy asks about each request, and rules say what it needs. Stops on Ctrl-C and SIGTERM, after the requests under way.",
            "touchstone sidecar --config sidecar.yaml",
            "touchstone sidecar check --config sidecar.yaml",
            "touchstone sidecar explain --config sidecar.yaml GET https://orders.example.com/orders/17") { config, CreateCheck(), SidecarExplainCommand.Create(), SidecarOverrideCommand.Create() };
        verb.IsApart = true;
        verb.SetAction((line, stop) => RunAsync(Output.For(line), line.GetValue(config)!, stop));
        return verb;
    }

    private static async Task<int> RunAsync(Output output, string file, CancellationToken stop)
    {
        if (Read(output, file) is not { } config) return ExitCodes.Usage;
        try
        {
            await using var sidecar = await SidecarApp.StartAsync(config, file, stop: stop);
            await sidecar.WaitForShutdownAsync(stop);
            return ExitCodes.Done;
        }
        catch (ListenException nowhere)
        {
            return output.Fail(new Failure(ExitCodes.Refused, "cannot_listen", $"{nowhere.Message} Stop what may listen there, or change listen and admin in {file}."));
        }
    }

    internal static Option<string> NewConfigOption() => new("--config") { Description = "The file with the rules, as YAML or JSON.", HelpName = "file", DefaultValueFactory = static _ => "sidecar.yaml" };

    /// <summary>The configuration; null, and all that is wrong was told.</summary>
    /// <param name="output">Where it is told.</param>
    /// <param name="file">The file.</param>
    /// <param name="looksAround">Whether the files that it names have to be on this machine.</param>
    internal static SidecarConfig? Read(Output output, string file, bool looksAround = true)
    {
        var (config, faults) = SidecarConfigReader.ReadFile(file, looksAround);
        if (config is not null) return config;
        if (output.IsJson)
        {
            var errors = AsJson(faults);
            output.Fail(Failure.Usage($"{file} is not valid.") with { Errors = System.Text.Json.JsonElement.Parse(errors.ToJsonString()) });
            return null;
        }
        foreach (var fault in faults) output.Fail(Failure.Usage(string.Create(CultureInfo.InvariantCulture, $"{file}:{fault.Line}:{fault.Column}: {fault}")));
        return null;
    }

    private static JsonArray AsJson(IReadOnlyList<ConfigFault> faults) => new([.. faults.Select(static fault => (JsonNode?)new JsonObject { ["line"] = fault.Line, ["column"] = fault.Column, ["path"] = fault.Path, ["message"] = fault.Message })]);

    private static Verb CreateCheck()
    {
        var config = NewConfigOption();
        var without = new Option<bool>("--without-secrets") { Description = "Do not look for the files and folders that it names: for a machine that has none of them. It can't be started by what is not there." };
        var verb = new Verb(
            "check",
            "Tell everything that is wrong with a file of rules, with line and column. Exit code 2 when something is.",
            "touchstone sidecar check --config sidecar.yaml",
            "touchstone sidecar check --config sidecar.yaml --without-secrets --json") { config, without };
        verb.SetAction(line =>
        {
            var output = Output.For(line);
            var file = line.GetValue(config)!;
            if (Read(output, file, looksAround: !line.GetValue(without)) is not { } read) return ExitCodes.Usage;
            if (output.IsJson) output.Line(new JsonObject { ["valid"] = true, ["warnings"] = AsJson(read.Warnings) }.ToJsonString());
            else
            {
                foreach (var warning in read.Warnings) output.Line(string.Create(CultureInfo.InvariantCulture, $"{file}:{warning.Line}:{warning.Column}: warning: {warning}"));
                output.Line($"The file is valid: {SidecarLog.Counted(read)}, {SidecarLog.Counted(read.Issuers.Count, "issuer")}.");
            }
            return ExitCodes.Done;
        });
        return verb;
    }
}
