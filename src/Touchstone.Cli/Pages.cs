using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli;

/// <summary>A list of the admin API, followed from page to page to its end.</summary>
internal static class Pages
{
    internal static async Task<Outcome<List<JsonElement>>> ReadAsync(Call call, string path, CancellationToken stop)
    {
        var all = new List<JsonElement>();
        var after = "";
        do
        {
            var page = await call.Admin.GetAsync(after == "" ? path : $"{path}?after={Uri.EscapeDataString(after)}", stop);
            if (page.Failure is { } failure) return failure;
            if (!page.Value.TryGetProperty("items", out var items) || items.ValueKind != JsonValueKind.Array) return Failure.Unreachable("the server's list holds no items: is --server right?");
            all.AddRange(items.EnumerateArray());
            after = Describe.Text(page.Value, "next");
        }
        while (after != "");
        return all;
    }

    /// <summary>All pages as one.</summary>
    internal static JsonElement AsOne(List<JsonElement> items)
    {
        var page = new JsonObject { ["items"] = new JsonArray([.. items.Select(item => JsonObject.Create(item))]), ["next"] = null };
        return JsonElement.Parse(page.ToJsonString());
    }
}
