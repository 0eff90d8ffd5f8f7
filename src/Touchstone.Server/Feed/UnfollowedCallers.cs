using System.Collections.Concurrent;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Feed;

/// <summary>Callers that introspected lately without following: whatever they keep of the answers, nobody here can tell when they let go of it. Found by comparing counters now and then; a request pays nothing for it.</summary>
internal sealed class UnfollowedCallers(ClientDirectory clients, TimeProvider time)
{
    /// <summary>How long "lately" is.</summary>
    internal static readonly TimeSpan Lately = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, (long Plain, long At)> _seen = new(StringComparer.Ordinal);

    /// <summary>Compares now.</summary>
    internal void Look()
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        foreach (var client in clients.All)
        {
            var plain = client.Gate.Activity.Plain;
            if (plain == 0) continue;
            _seen.AddOrUpdate(client.Id, static (_, seen) => seen, static (_, old, seen) => seen.Plain <= old.Plain ? old : seen, (Plain: plain, At: now));
        }
    }

    /// <summary>Their identifiers, in order.</summary>
    internal IReadOnlyList<string> Now()
    {
        Look();
        var since = time.GetUtcNow().ToUnixTimeSeconds() - (long)Lately.TotalSeconds;
        return [.. _seen.Where(pair => pair.Value.At > since).Select(pair => pair.Key).Order(StringComparer.Ordinal)];
    }
}
