using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Touchstone.Server.Settings;

namespace Touchstone.Cli;

/// <summary>The options that set settings of the server, for <c>serve</c> and for the commands that look at settings.</summary>
internal static class SettingOptions
{
    internal static readonly Option<string?> Config = new("--config") { Description = "A JSON file with the sections Touchstone, Kestrel and Logging.", HelpName = "file" };

    private static readonly Option<string?> Urls = new("--urls") { Description = "Addresses to listen on, separated by ';'. Default http://127.0.0.1:5080.", HelpName = "url" };
    private static readonly Option<string?> Issuer = new("--issuer") { Description = "The issuer identifier, an https URL (http on loopback only). Default: the first of --urls. It has to stay what it was at the first start.", HelpName = "url" };
    private static readonly Option<long?> RecordCache = Size.Option("--record-cache", "Memory for cached token records, such as 256MiB; 0 turns the cache off. Default 256MiB.");
    private static readonly Option<bool> Demo = new("--demo") { Description = "Also make a resource server, a client and an active token, and print curl lines to try them." };

    /// <summary>Adds them to a command.</summary>
    internal static void AddTo(Command command)
    {
        foreach (var option in (Option[])[Urls, Issuer, Config, CommonOptions.Postgres, RecordCache, Demo]) command.Add(option);
    }

    /// <summary>The settings as file, environment and line give them. What the line does not say leaves the others alone.</summary>
    /// <exception cref="Server.Startup.StartupException">The file can't be read.</exception>
    internal static ServerConfiguration Read(ParseResult line)
    {
        var flags = new List<KeyValuePair<string, string>>();
        if (line.GetResult(CommonOptions.Data) is { Implicit: false }) Add(CommonOptions.Data, line.GetValue(CommonOptions.Data));
        Add(CommonOptions.Postgres, line.GetValue(CommonOptions.Postgres));
        Add(Urls, line.GetValue(Urls));
        Add(Issuer, line.GetValue(Issuer)?.TrimEnd('/'));
        Add(RecordCache, line.GetValue(RecordCache)?.ToString(CultureInfo.InvariantCulture));
        if (line.GetValue(CommonOptions.AllowInsecureHttp)) Add(CommonOptions.AllowInsecureHttp, "true");
        if (line.GetValue(Demo)) Add(Demo, "true");
        return ServerConfiguration.Read(line.GetValue(Config), flags);

        void Add(Option option, string? value)
        {
            if (value is not null) flags.Add(new(option.Name, value));
        }
    }

    /// <summary>Prints what is wrong, a line each.</summary>
    internal static int Fail(Output output, IEnumerable<string> errors) => errors.Select(error => output.Fail(Failure.Usage(error))).ToArray()[^1];
}
