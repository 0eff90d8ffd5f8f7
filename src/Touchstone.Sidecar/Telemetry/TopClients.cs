namespace Touchstone.Sidecar.Telemetry;

/// <summary>A client and how often it was decided about.</summary>
/// <param name="Client">Its <c>client_id</c>.</param>
/// <param name="Decisions">How often at most.</param>
/// <param name="AtLeast">How often at least: it may have taken the place, and the count, of another.</param>
internal readonly record struct ClientShare(string Client, long Decisions, long AtLeast);

/// <summary>
/// Whose tokens come most often, in bounded space whatever they are called: space-saving counters (Metwally, Agrawal, El Abbadi 2005). A client that has none takes that of the one with the least, count included; so whoever
/// makes more than one in a hundred of all decisions is among them.
/// </summary>
internal sealed class TopClients
{
    /// <summary>How many are shown.</summary>
    internal const int Most = 20;

    /// <summary>Whatever is shown of the rest.</summary>
    internal const string Other = "other";

    private const int Counters = 100, MostNames = 100, MostLetters = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Counter> _counters = new(Counters, StringComparer.Ordinal);
    private readonly HashSet<string> _named = new(StringComparer.Ordinal);
    private long _total;

    private sealed class Counter
    {
        internal long Count { get; set; }

        internal long Error { get; init; }
    }

    internal void Count(string client)
    {
        lock (_lock)
        {
            _total++;
            if (_counters.TryGetValue(client, out var counter)) counter.Count++;
            else if (_counters.Count < Counters) _counters.Add(client, new Counter { Count = 1 });
            else Replace(client);
        }
    }

    /// <summary>Those with the most, the most first, and how many decisions were about all others.</summary>
    internal (IReadOnlyList<ClientShare> Top, long Other) Read()
    {
        lock (_lock)
        {
            ClientShare[] top = [.. _counters.Select(static pair => new ClientShare(pair.Key, pair.Value.Count, pair.Value.Count - pair.Value.Error)).OrderByDescending(static share => share.Decisions).ThenBy(static share => share.Client, StringComparer.Ordinal).Take(Most)];
            return (top, Math.Max(0, _total - top.Sum(static share => share.Decisions)));
        }
    }

    /// <summary>The same for a metric, whose names stay for the life of the process: after a hundred of them the rest is one.</summary>
    internal IReadOnlyList<KeyValuePair<string, long>> Measure()
    {
        lock (_lock)
        {
            foreach (var (client, _, _) in Read().Top)
            {
                if (_named.Count < MostNames && client.Length <= MostLetters && client != Other) _named.Add(client);
            }
            // One that lost its counter has none: what it had before is of the rest.
            var known = _named.Select(name => KeyValuePair.Create(name, _counters.TryGetValue(name, out var counter) ? counter.Count : 0)).ToList();
            known.Add(KeyValuePair.Create(Other, Math.Max(0, _total - known.Sum(static pair => pair.Value))));
            return known;
        }
    }

    private void Replace(string client)
    {
        var (name, least) = _counters.First();
        foreach (var (other, counter) in _counters)
        {
            if (counter.Count < least.Count) (name, least) = (other, counter);
        }
        _counters.Remove(name);
        _counters.Add(client, new Counter { Count = least.Count + 1, Error = least.Count });
    }
}
