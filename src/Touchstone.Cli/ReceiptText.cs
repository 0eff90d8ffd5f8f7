using System.Globalization;
using System.Text.Json;

namespace Touchstone.Cli;

/// <summary>A receipt as people read it: who can no longer accept what was ended, and after how long.</summary>
internal static class ReceiptText
{
    internal static void Print(Output output, JsonElement receipt)
    {
        var elapsed = Number(receipt, "elapsed_ms") is { } milliseconds ? string.Create(CultureInfo.InvariantCulture, $" after {milliseconds} ms") : "";
        output.Line(Describe.Is(receipt, "complete") ? $"enforced everywhere{elapsed}" : $"not yet enforced everywhere{elapsed}{By(receipt)}");
        Count(output, receipt, "nodes");
        Count(output, receipt, "followers");
        string[][] rows = [.. Items(receipt, "nodes").Select(Row), .. Items(receipt, "followers").Select(Row)];
        if (rows.Length > 0) output.Table(["who", "caller", "state", "ms"], rows);
        if (Describe.Strings(receipt, "unfollowed").ToArray() is { Length: > 0 } unfollowed)
            output.Note($"introspected lately without following, so what they keep is not known here: {string.Join(", ", unfollowed)}");
    }

    private static string By(JsonElement receipt) =>
        Number(receipt, "complete_by") is { } by ? ", at the latest " + Describe.Time(by, TimeProvider.System.GetUtcNow()) : ", and a follower goes on without a lease for as long as it likes";

    private static void Count(Output output, JsonElement receipt, string who)
    {
        if (!receipt.TryGetProperty(who, out var parties)) return;
        var counts = ((string[])["confirmed", "lapsed", "pending", "unknown"]).Select(state => (state, Count: Number(parties, state) ?? 0)).Where(each => each.Count > 0).ToArray();
        output.Line($"{who}: {(counts.Length == 0 ? "none" : string.Join(", ", counts.Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Count} {each.state}"))))}");
    }

    private static IEnumerable<JsonElement> Items(JsonElement receipt, string who) => receipt.TryGetProperty(who, out var parties) && parties.TryGetProperty("items", out var items) ? items.EnumerateArray() : [];

    private static string[] Row(JsonElement party) =>
        [Describe.Text(party, "name"), Describe.Text(party, "caller"), Describe.Text(party, "state"), Number(party, "after_ms")?.ToString(CultureInfo.InvariantCulture) ?? ""];

    private static long? Number(JsonElement json, string member) => json.TryGetProperty(member, out var value) && value.TryGetInt64(out var number) ? number : null;
}
