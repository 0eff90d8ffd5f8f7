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
        catch (IOException taken) when (taken.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            return output.Fail(new Failure(ExitCodes.Refused, "address_in_use", $"{taken.Message} Stop what listens there, or change listen and admin in {file}."));
        }
    }

    internal static Option<string> NewConfigOption() => new("--config") { Description = "The file with the rules, as YAML or JSON.", HelpName = "file", DefaultValueFactory = static _ => "sidecar.yaml" };

    /// <summary>The configuration; null, and all that is wrong was told.</summary>
    internal static SidecarConfig? Read(Output output, string file)
    {
        var (config, faults) = SidecarConfigReader.ReadFile(file);
        if (config is not null) return config;
        if (output.IsJson)
        {
            var errors = new JsonArray([.. faults.Select(static fault => (JsonNode?)new JsonObject { ["line"] = fault.Line, ["column"] = fault.Column, ["path"] = fault.Path, ["message"] = fault.Message })]);
            output.Fail(Failure.Usage($"{file} is not valid.") with { Errors = System.Text.Json.JsonElement.Parse(errors.ToJsonString()) });
            return null;
        }
        foreach (var fault in faults) output.Fail(Failure.Usage(string.Create(CultureInfo.InvariantCulture, $"{file}:{fault.Line}:{fault.Column}: {fault}")));
        return null;
    }

    private static Verb CreateCheck()
    {
        var config = NewConfigOption();
        var verb = new Verb(
            "check",
            "Tell everything that is wrong with a file of rules, with line and column. Exit code 2 when something is.",
            "touchstone sidecar check --config sidecar.yaml",
            "touchstone sidecar check --config sidecar.yaml --json") { config };
        verb.SetAction(line =>
        {
            var output = Output.For(line);
            if (Read(output, line.GetValue(config)!) is not { } read) return ExitCodes.Usage;
            output.Line(output.IsJson ? "{\"valid\":true}" : $"The file is valid: {Count(read.Rules.All.Count, "rule")}, {Count(read.Issuers.Count, "issuer")}.");
            return ExitCodes.Done;
        });
        return verb;
    }

    private static string Count(int number, string thing) => string.Create(CultureInfo.InvariantCulture, $"{number} {thing}{(number == 1 ? "" : "s")}");
}
