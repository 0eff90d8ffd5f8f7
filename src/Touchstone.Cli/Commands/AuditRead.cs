using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Touchstone.Server.Audit;
using Touchstone.Server.Startup;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone audit tail</c>, <c>search</c> and <c>export</c>: the same records, chosen differently.</summary>
internal static class AuditRead
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on with what comes, until Ctrl-C." };
    private static readonly Option<int> Lines = new("--lines", "-n") { Description = "How many of the newest records of each chain to look at.", DefaultValueFactory = static _ => 20, HelpName = "count" };
    private static readonly Option<string[]> Kind = new("--kind") { Description = "Records of this kind, such as revoked or authentication_failed; may repeat.", HelpName = "kind" };
    private static readonly Option<string?> Since = new("--since") { Description = "Records from this time on: a time such as 2026-11-20T08:00:00Z, or a duration back from now such as 2h.", HelpName = "time" };
    private static readonly Option<string?> Until = new("--until") { Description = "Records before this time.", HelpName = "time" };
    private static readonly Option<bool> Raw = new("--raw") { Description = "The records as the chain holds them, instead of OCSF." };

    // An option and the member that it asks for.
    private static readonly (Option<string?> Option, string Member)[] Members =
    [
        (Text("--client", "Records about this client or its tokens.", "id"), "client"),
        (Text("--actor", "What this caller did.", "id"), "actor"),
        (Text("--subject", "Records about this subject.", "id"), "subject"),
        (Text("--session", "Records about this session.", "id"), "session"),
        (Text("--grant", "Records about this grant.", "id"), "grant"),
        (Text("--tenant", "Records about this tenant.", "id"), "tenant"),
        (Text("--jti", "Records about the token with this identifier.", "jti"), "jti"),
        (Text("--token-hash", "Records about the token with this SHA-256; its first 16 digits do.", "hex"), "token"),
        (Text("--address", "What came from this address.", "ip"), "address"),
        (Text("--outcome", "Records with this outcome: success, failure, active or inactive.", "outcome"), "outcome"),
        (Text("--reason", "Records with this reason, such as revoked or wrong_secret.", "reason"), "reason"),
        (Text("--revocation", "What was refused because of this row of the revocation log, and the row's own record.", "seq"), "revocation"),
        (Text("--trace", "Records of this trace.", "id"), "trace"),
    ];

    internal static Command CreateTail()
    {
        var command = new Verb("tail", "Show the newest records, and with -f those that come.", "touchstone audit tail -f", "touchstone audit tail --kind revoked") { Follow, Lines, Kind };
        command.Add(CommonOptions.Postgres);
        command.SetAction((line, stop) => GuardedAsync(line, async (output, query) =>
        {
            Print(output, query.Newest(Math.Max(0, line.GetValue(Lines))));
            while (line.GetValue(Follow))
            {
                await Task.Delay(Pause, TimeProvider.System, stop);
                Print(output, query.Next());
            }
        }));
        return command;
    }

    internal static Command CreateSearch()
    {
        var command = Filtered(new Verb(
            "search",
            "Show records that match all that is given, oldest first.",
            "touchstone audit search --subject alice --since 7d",
            "touchstone audit search --kind authentication_failed --since 2026-11-20T08:00:00Z",
            "touchstone audit search --revocation 42 --json"));
        command.Add(CommonOptions.Postgres);
        command.SetAction((line, _) => GuardedAsync(line, (output, query) =>
        {
            Print(output, query.All());
            return Task.CompletedTask;
        }));
        return command;
    }

    internal static Command CreateExport()
    {
        var command = Filtered(new Verb(
            "export",
            "Write records as JSON Lines with OCSF classes, for a SIEM; or as they are, for whoever verifies by other means.",
            "touchstone audit export --since 24h > audit.jsonl",
            "touchstone audit export --raw > audit-chains.jsonl"));
        command.Add(Raw);
        command.Add(CommonOptions.Postgres);
        command.SetAction((line, _) => GuardedAsync(line, (output, query) =>
        {
            foreach (var record in query.All())
            {
                if (line.GetValue(Raw)) output.Line(record);
                else output.Line(Ocsf.Write(record));
            }
            return Task.CompletedTask;
        }));
        return command;
    }

    private static Option<string?> Text(string name, string description, string help) => new(name) { Description = description, HelpName = help };

    private static Verb Filtered(Verb command)
    {
        foreach (var option in (Option[])[Kind, Since, Until, .. Members.Select(member => member.Option)]) command.Add(option);
        command.Validators.Add(static result =>
        {
            foreach (var option in (Option<string?>[])[Since, Until])
            {
                if (result.GetValue(option) is { } text && Time(text) is null) result.AddError($"{option.Name} takes a time such as 2026-11-20T08:00:00Z, or a duration such as 2h or 7d.");
            }
        });
        return command;
    }

    private static async Task<int> GuardedAsync(ParseResult line, Func<Output, AuditQuery, Task> read)
    {
        var output = Output.For(line);
        try
        {
            using var query = AuditQuery.Open(line.GetValue(CommonOptions.Data)!, Filter(line), CommonOptions.PostgresOf(line));
            await read(output, query);
            return ExitCodes.Done;
        }
        catch (StartupException failed)
        {
            return output.Fail(Failure.Usage(failed.Message));
        }
    }

    private static AuditFilter Filter(ParseResult line)
    {
        var members = new Dictionary<string, string>();
        foreach (var (option, member) in Members)
        {
            if (line.GetResult(option) is null || line.GetValue(option) is not { Length: > 0 } value) continue;
            members[member] = member == "token" && value.Length > 16 ? value[..16] : value;
        }
        return new AuditFilter
        {
            Kinds = line.GetValue(Kind) ?? [],
            Members = members,
            Since = line.GetResult(Since) is null ? null : Time(line.GetValue(Since)),
            Until = line.GetResult(Until) is null ? null : Time(line.GetValue(Until)),
        };
    }

    private static long? Time(string? text)
    {
        if (text is null) return null;
        if (Duration.TryParse(text) is { } back) return (TimeProvider.System.GetUtcNow() - back).ToUnixTimeMilliseconds();
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUnixTimeMilliseconds() : null;
    }

    private static void Print(Output output, IEnumerable<JsonElement> records)
    {
        foreach (var record in records)
        {
            if (output.IsJson) output.Line(Ocsf.Write(record));
            else output.Line(ForPeople(record));
        }
    }

    private static string ForPeople(JsonElement record)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(record.GetProperty("at").GetInt64());
        var rest = record.EnumerateObject()
            .Where(member => member.Name is not ("chain" or "n" or "prev" or "at" or "kind" or "outcome" or "signature" or "heads" or "key"))
            .Select(member => $"{member.Name}={member.Value}");
        return string.Create(CultureInfo.InvariantCulture, $"{at:yyyy-MM-ddTHH:mm:ss.fffZ} {record.GetProperty("kind")} {record.GetProperty("outcome")} {string.Join(' ', rest)}");
    }
}
