using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli;

/// <summary>What one run of <c>touchstone revoke</c> sends, with the line of the file that each item stands on.</summary>
internal sealed class RevocationList
{
    // What the server takes for a token at all; one longer line would make it refuse the whole list.
    private const int MaxToken = 4096;

    // What the server takes in one commit, and in one body: half of it, since its reason comes with each item and characters may be escaped.
    private const int MaxItems = 10_000, MaxBytes = 2 << 20;

    internal List<JsonObject> Items { get; } = [];

    /// <summary>The line of each item, from 1.</summary>
    internal List<int> Lines { get; } = [];

    /// <summary>The lines that can't be a token of any server, and are not sent.</summary>
    internal List<int> Malformed { get; } = [];

    internal bool IsEmpty => Items.Count + Malformed.Count == 0;

    /// <summary>The items from one on that fit into one request.</summary>
    internal List<JsonObject> Part(int start)
    {
        var end = start;
        for (var bytes = 0; end < Items.Count && end - start < MaxItems; end++)
        {
            bytes += Items[end].ToJsonString().Length + 1;
            if (bytes > MaxBytes && end > start) break;
        }
        return Items[start..end];
    }

    internal static RevocationList Of(JsonObject item)
    {
        var list = new RevocationList();
        list.Items.Add(item);
        return list;
    }

    internal static RevocationList Of(string[] lines)
    {
        var list = new RevocationList();
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0) continue;
            if (line.Length > MaxToken || line.Any(c => c is < ' ' or > '~'))
            {
                list.Malformed.Add(i + 1);
                continue;
            }
            list.Items.Add(TokenArgument.ToJson(line));
            list.Lines.Add(i + 1);
        }
        return list;
    }
}

/// <summary>What became of a list: how many of each, and which lines need a look.</summary>
internal sealed class RevocationSummary(Output output, List<int> malformed)
{
    // Enough to see what is wrong with a file; a file of something else entirely would fill the screen.
    private const int MaxTold = 10;

    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly List<int> _malformed = [.. malformed];

    internal void Add(int line, JsonElement item)
    {
        var status = Describe.Text(item, "status");
        if (status == "malformed")
        {
            _malformed.Add(line);
            return;
        }
        _counts[status] = _counts.GetValueOrDefault(status) + (item.TryGetProperty("tokens", out var tokens) ? tokens.GetInt64() : 1);
    }

    internal int Print(JsonElement? receipt = null)
    {
        _malformed.Sort();
        // Never the line itself: it may be a token all the same, or a password.
        foreach (var line in _malformed.Take(MaxTold)) output.Note($"line {line}: no token can look like this; it is cut or mistyped, and nothing was revoked for it");
        if (_malformed.Count > MaxTold) output.Note($"and {_malformed.Count - MaxTold} more lines like these");
        if (_malformed.Count > 0) _counts["malformed"] = _malformed.Count;

        var summary = new JsonObject([.. _counts.Select(count => KeyValuePair.Create(count.Key, (JsonNode?)JsonValue.Create(count.Value)))]);
        if (output.IsJson && receipt is { } kept) summary["receipt"] = JsonObject.Create(kept);
        var json = JsonElement.Parse(summary.ToJsonString());
        if (output.IsJson) output.Line(json);
        else output.Members(json);
        if (!output.IsJson && receipt is { } told) ReceiptText.Print(output, told);
        return _counts.ContainsKey("unknown") || _malformed.Count > 0 ? ExitCodes.Refused : ExitCodes.Done;
    }
}
