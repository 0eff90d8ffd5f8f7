using System.CommandLine;
using System.Text.Json.Nodes;
using Touchstone.Server.Settings;
using Touchstone.Server.Startup;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone config …</c>: the settings that <c>serve</c> would start with, given in the same ways.</summary>
internal static class ConfigCommand
{
    internal static Command Create() => new Verb("config", "Look at the server's settings without starting it.", "touchstone config check --config touchstone.json")
    {
        Settings(
            new Verb(
                "check",
                "Tell everything that is wrong with the settings that 'serve' would start with. Exit code 2 when something is.",
                "touchstone config check --config touchstone.json",
                "touchstone config check --config touchstone.json --issuer https://tokens.example.com"),
            Check),
        Settings(
            new Verb(
                "show",
                "Show each setting as it would be in force, and where it comes from. Secrets are masked.",
                "touchstone config show --config touchstone.json",
                "touchstone config show --config touchstone.json --json"),
            Show),
    };

    private static Verb Settings(Verb verb, Func<Output, ServerConfiguration, int> look)
    {
        SettingOptions.AddTo(verb);
        verb.SetAction(line =>
        {
            var output = Output.For(line);
            try
            {
                return look(output, SettingOptions.Read(line));
            }
            catch (StartupException failed)
            {
                return SettingOptions.Fail(output, failed.Message.Split('\n'));
            }
        });
        return verb;
    }

    private static int Check(Output output, ServerConfiguration configuration)
    {
        if (configuration.Errors is { Count: > 0 } errors) return SettingOptions.Fail(output, errors);
        var given = configuration.Values.Count(value => value.Source != "default");
        output.Line(output.IsJson ? "{\"valid\":true}" : $"The settings are valid; {(given == 1 ? "1 is" : $"{given} are")} not the default.");
        return ExitCodes.Done;
    }

    private static int Show(Output output, ServerConfiguration configuration)
    {
        var values = configuration.Values;
        if (output.IsJson)
        {
            var settings = new JsonArray([.. values.Select(value => new JsonObject { ["name"] = value.Name, ["value"] = value.Value, ["source"] = value.Source })]);
            output.Line(new JsonObject { ["settings"] = settings }.ToJsonString());
        }
        else
        {
            output.Table(["setting", "value", "source"], [.. values.Select(value => new[] { value.Name, value.Value ?? "-", value.Source })]);
        }
        return configuration.Errors is { Count: > 0 } errors ? SettingOptions.Fail(output, errors) : ExitCodes.Done;
    }
}
