using System.CommandLine;
using Touchstone.Server;
using Touchstone.Server.Startup;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone serve</c>: the server, until it is told to stop.</summary>
internal static class ServeCommand
{
    internal static Command Create()
    {
        var command = new Verb(
            "serve",
            "Run the server. It stops on Ctrl-C and SIGTERM, after the requests under way.",
            "touchstone serve --demo",
            "touchstone serve --data /var/lib/touchstone --config touchstone.json --issuer https://tokens.example.com",
            "touchstone serve --urls http://0.0.0.0:5080 --allow-insecure-http --issuer https://tokens.example.com");
        SettingOptions.AddTo(command);
        command.Validators.Add(line =>
        {
            if (line.GetResult(CommonOptions.Server) is { Implicit: false }) line.AddError("serve listens where --urls says; --server is for the commands that call a server.");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken stop)
    {
        var output = Output.For(line);
        try
        {
            var configuration = SettingOptions.Read(line);
            await using var server = await ServerApp.StartAsync(configuration, cancellationToken: stop);
            if (server.Demo is { } demo) Introduce(output, demo, configuration.Options.Data);
            await server.WaitForShutdownAsync(stop);
            return ExitCodes.Done;
        }
        catch (StartupException failed)
        {
            var exitCode = 0;
            foreach (var reason in failed.Message.Split('\n')) exitCode = output.Fail(failed.IsUsage ? Failure.Usage(reason) : new Failure(ExitCodes.Refused, "start_failed", reason));
            return exitCode;
        }
        catch (IOException taken) when (taken.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            return output.Fail(new Failure(ExitCodes.Refused, "address_in_use", $"{taken.Message} Stop what listens there, or give another --urls."));
        }
    }

    private static void Introduce(Output output, DemoFile demo, string data)
    {
        output.Line($"# Touchstone serves {demo.Server}. The credentials below stand in {Path.Combine(data, "demo.json")} too. Stop with Ctrl-C.");
        output.Line("# Is the token active?");
        output.Line($"curl -s -u {demo.ResourceServer.ClientId}:{demo.ResourceServer.ClientSecret} -d token={demo.AccessToken} {demo.IntrospectionEndpoint}");
        output.Line("# Revoke it (200, no body).");
        output.Line($"curl -s -u {demo.Client.ClientId}:{demo.Client.ClientSecret} -d token={demo.AccessToken} {demo.RevocationEndpoint} -w '%{{http_code}}\\n'");
        output.Line("# And now?");
        output.Line($"curl -s -u {demo.ResourceServer.ClientId}:{demo.ResourceServer.ClientSecret} -d token={demo.AccessToken} {demo.IntrospectionEndpoint}");
    }
}
