using System.CommandLine;
using System.CommandLine.Parsing;

namespace Touchstone.Cli;

/// <summary>Options that every command takes, at any place on the line.</summary>
internal static class CommonOptions
{
    internal static readonly Option<Uri> Server = new("--server")
    {
        Description = "The server to talk to.",
        HelpName = "url",
        Recursive = true,
        DefaultValueFactory = static _ => new Uri("http://127.0.0.1:5080"),
        CustomParser = ParseServer,
    };

    internal static readonly Option<bool> AllowInsecureHttp = new("--allow-insecure-http")
    {
        Description = "Allow plain http beyond loopback, where tokens and secrets can be read on the way.",
        Recursive = true,
    };

    internal static readonly Option<string> Data = new("--data")
    {
        Description = "The server's data folder; its admin.json holds the administrator's credentials.",
        HelpName = "folder",
        Recursive = true,
        DefaultValueFactory = static _ => "./data",
    };

    /// <summary>For commands that look into the database themselves.</summary>
    internal static readonly Option<string?> Postgres = new("--postgres")
    {
        Description = "The server's PostgreSQL database: keywords and values, or a postgresql:// URL. With a password better in the variable Touchstone__Postgres__Connection. Default: SQLite in --data.",
        HelpName = "connection",
    };

    internal static readonly Option<bool> Json = new("--json")
    {
        Description = "Print the server's answer as one line of JSON, errors too.",
        Recursive = true,
    };

    /// <summary>The database as the line or the environment gives it. No default of the option: the help would print it.</summary>
    internal static string? PostgresOf(ParseResult line) => line.GetValue(Postgres) ?? (Environment.GetEnvironmentVariable("Touchstone__Postgres__Connection") is { Length: > 0 } given ? given : null);

    private static Uri? ParseServer(ArgumentResult result)
    {
        if (!Uri.TryCreate(result.Tokens[^1].Value, UriKind.Absolute, out var server)
            || (server.Scheme != Uri.UriSchemeHttps && server.Scheme != Uri.UriSchemeHttp)
            || server.UserInfo.Length + server.Query.Length + server.Fragment.Length > 0)
            result.AddError("--server takes an https or http URL without user, query or fragment, such as https://tokens.example.com.");
        else if (server.Scheme == Uri.UriSchemeHttp && !server.IsLoopback && !result.GetValue(AllowInsecureHttp))
            result.AddError("--server must be https, since credentials travel with every call; --allow-insecure-http overrides this.");
        else
            return server;

        return null;
    }
}
