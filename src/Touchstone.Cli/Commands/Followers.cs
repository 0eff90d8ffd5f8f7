using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone followers</c>: the caches that follow the feed, and how far each is behind.</summary>
internal static class FollowersCommand
{
    internal static Command Create() => new Verb(
        "followers",
        "List the caches that follow the feed: who, since when, how far behind.",
        "touchstone followers",
        "touchstone followers --json").Does(ListAsync);

    private static async Task<int> ListAsync(Call call, CancellationToken stop)
    {
        var read = await Pages.ReadAsync(call, "admin/followers", stop);
        if (read.Failure is { } failure) return call.Output.Fail(failure);
        if (call.Output.IsJson) call.Output.Line(Pages.AsOne(read.Value));
        else call.Output.Table(["caller", "name", "instance", "state", "last seen", "acknowledged", "behind"], [.. read.Value.Select(Row)]);
        return ExitCodes.Done;
    }

    private static string[] Row(JsonElement follower) =>
    [
        Describe.Text(follower, "caller"),
        Describe.Text(follower, "name"),
        Describe.Text(follower, "instance"),
        Describe.Text(follower, "state"),
        Number(follower, "last_seen") is { } seen ? Describe.Time(seen, TimeProvider.System.GetUtcNow()) : "",
        Text(Number(follower, "acknowledged")),
        Number(follower, "lag_rows") switch
        {
            null => "",
            0 => "0",
            var rows => Number(follower, "lag_ms") is { } lag ? $"{Text(rows)} rows, {Text(lag)} ms" : $"{Text(rows)} rows",
        },
    ];

    private static long? Number(JsonElement json, string member) => json.TryGetProperty(member, out var value) && value.TryGetInt64(out var number) ? number : null;

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}
