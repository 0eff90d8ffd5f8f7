using System.Globalization;
using System.Text.Json;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Audit;

/// <summary>Which records to show; null and empty ask for no limit.</summary>
public sealed record AuditFilter
{
    /// <summary>The kind of record, such as <c>revoked</c>.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>Members that must have this value; a value that was recorded hashed is found as well, where the key of the hash may be read.</summary>
    public IReadOnlyDictionary<string, string> Members { get; init; } = new Dictionary<string, string>();

    /// <summary>The earliest time, in milliseconds since 1970.</summary>
    public long? Since { get; init; }

    /// <summary>The first time that is too late.</summary>
    public long? Until { get; init; }
}

/// <summary>Reads records of a data folder, of all chains, in the order of their time.</summary>
public sealed class AuditQuery : IDisposable
{
    private readonly AuditStore _store;
    private readonly AuditFilter _filter;
    private readonly Dictionary<string, string> _hashed = [];
    private readonly Dictionary<string, long> _places = [];

    private AuditQuery(AuditStore store, AuditFilter filter)
    {
        _store = store;
        _filter = filter;
        if (AuditKey.ReadHmac(store.Data) is not { } key) return;
        foreach (var (name, value) in filter.Members) _hashed[name] = AuditPrivacy.Hash(key, name, value);
    }

    /// <summary>Opens a data folder, whose database may be in PostgreSQL.</summary>
    /// <exception cref="StartupException">There is none, or it can't be read.</exception>
    public static AuditQuery Open(string data, AuditFilter filter, string? postgres = null) => new(AuditStore.Open(data, postgres), filter);

    /// <summary>All records that match, in the order of their time.</summary>
    public IEnumerable<JsonElement> All()
    {
        var streams = _store.Chains().Select(chain => Matching(_store.Changes(chain).Select(row => row.Record)))
            .Concat(_store.Segments().GroupBy(segment => segment.Chain).Select(group => Matching(group.SelectMany(segment => AuditStore.Lines(segment.Path)).Where(line => line.End >= 0).Select(line => line.Line))));
        return Merge([.. streams.Select(stream => stream.GetEnumerator())]);
    }

    /// <summary>The newest records that match, at most this many, oldest first. <see cref="Next"/> goes on behind them.</summary>
    public IReadOnlyList<JsonElement> Newest(int count)
    {
        var newest = new List<JsonElement>();
        foreach (var chain in _store.Chains())
        {
            var records = _store.NewestChanges(chain, Math.Max(count, 1));
            _places[chain] = records.Count == 0 ? 0 : AuditLine.TryParse(records[0])?.N ?? 0;
            newest.AddRange(Matching(records));
        }
        foreach (var group in _store.Segments().GroupBy(segment => segment.Chain))
        {
            foreach (var old in group.SkipLast(1)) _places[old.Path] = new FileInfo(old.Path).Length;
            var kept = new Queue<byte[]>();
            foreach (var (line, end) in AuditStore.Lines(group.Last().Path).Where(line => line.End >= 0))
            {
                _places[group.Last().Path] = end;
                kept.Enqueue(line);
                if (kept.Count > count) kept.Dequeue();
            }
            newest.AddRange(Matching(kept));
        }
        return [.. newest.OrderBy(At).TakeLast(count)];
    }

    /// <summary>The records that came since the last look.</summary>
    public IReadOnlyList<JsonElement> Next()
    {
        var came = new List<JsonElement>();
        foreach (var chain in _store.Chains())
        {
            var rows = _store.Changes(chain, _places.GetValueOrDefault(chain)).ToList();
            if (rows.Count > 0) _places[chain] = rows[^1].N;
            came.AddRange(Matching(rows.Select(row => row.Record)));
        }
        foreach (var segment in _store.Segments())
        {
            foreach (var (line, end) in AuditStore.Lines(segment.Path, _places.GetValueOrDefault(segment.Path)).Where(line => line.End >= 0))
            {
                _places[segment.Path] = end;
                came.AddRange(Matching([line]));
            }
        }
        return [.. came.OrderBy(At)];
    }

    /// <summary>Nodes whose changes stand in the database, and whose introspections lie in another folder.</summary>
    internal IReadOnlySet<string> OtherNodes()
    {
        var here = AuditKey.ReadPublic(_store.Data).Select(key => key.Node).ToHashSet();
        return _store.Chains().Select(AuditChain.NodeOf).Where(node => !here.Contains(node)).ToHashSet();
    }

    /// <summary>Closes the folder.</summary>
    public void Dispose() => _store.Dispose();

    private static long At(JsonElement record) => record.TryGetProperty("at", out var at) && at.TryGetInt64(out var value) ? value : 0;

    private IEnumerable<JsonElement> Matching(IEnumerable<byte[]> records)
    {
        foreach (var record in records)
        {
            if (Parse(record) is { } json && IsMatch(json)) yield return json;
        }
    }

    // A record that can't be read is verify's business.
    private static JsonElement? Parse(byte[] record)
    {
        try
        {
            return JsonElement.Parse(record) is { ValueKind: JsonValueKind.Object } json ? json : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private bool IsMatch(JsonElement record)
    {
        var at = At(record);
        if (at < _filter.Since || at >= _filter.Until) return false;
        if (_filter.Kinds.Count > 0 && !_filter.Kinds.Contains(Text(record, "kind"))) return false;
        foreach (var (name, value) in _filter.Members)
        {
            var found = Text(record, name);
            if (found is null || (found != value && found != _hashed.GetValueOrDefault(name))) return false;
        }
        return true;
    }

    private static string? Text(JsonElement record, string name) => !record.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetInt64().ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static IEnumerable<JsonElement> Merge(List<IEnumerator<JsonElement>> streams)
    {
        streams.RemoveAll(stream => !stream.MoveNext());
        while (streams.Count > 0)
        {
            var first = streams.MinBy(stream => At(stream.Current))!;
            yield return first.Current;
            if (!first.MoveNext()) streams.Remove(first);
        }
    }
}
