using System.Collections.Concurrent;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>What bad input is made from: good input. And everything secret in it, which must be found nowhere afterwards.</summary>
internal sealed class FuzzWorld
{
    internal const string Audience = "https://fuzz.example";

    private readonly ConcurrentQueue<string> _throwaway = new();

    internal required TestClient ResourceServer { get; init; }

    internal required TestClient Client { get; init; }

    internal required string AdminToken { get; init; }

    /// <summary>An active token that nothing in the bad input ends.</summary>
    internal required string LiveToken { get; init; }

    /// <summary>Stands in every token and secret that is made up, so that one search finds any of them.</summary>
    internal required string Marker { get; init; }

    /// <summary>A client that may be rotated, disabled and enabled.</summary>
    internal string ThrowawayClient(Random random) => $"fuzz-throwaway-{random.Next(4)}";

    /// <summary>A token that may be revoked, if one is left.</summary>
    internal string? ThrowawayToken() => _throwaway.TryDequeue(out var token) ? token : null;

    internal static async Task<FuzzWorld> CreateAsync(ServerProcess server, int seed)
    {
        var world = new FuzzWorld
        {
            ResourceServer = await server.Admin.AddResourceServerAsync("fuzz-api", Audience),
            Client = await server.Admin.AddClientAsync(new
            {
                client_id = "fuzz-app", kind = "client", audience = new[] { Audience }, scope = "read write",
                grants = new { grant_types = new[] { "client_credentials", "refresh_token", FormFuzz.Exchange }, token_exchange = new { targets = new[] { Audience }, impersonation = true, delegation = true } },
            }),
            AdminToken = await server.Admin.TokenAsync(),
            LiveToken = await server.Admin.IssueAsync(new { client_id = "fuzz-app", aud = Audience, sub = "alice", expires_in = 86_400 }),
            Marker = $"zQ{seed:x8}Kj",
        };
        for (var i = 0; i < 4; i++) await server.Admin.AddClientAsync($"fuzz-throwaway-{i}", Audience, "read");
        var tokens = await server.Admin.PostAsync("/admin/tokens", Enumerable.Range(0, 500).Select(_ => new { client_id = "fuzz-app", aud = Audience }));
        foreach (var token in tokens.Json.EnumerateArray()) world._throwaway.Enqueue(token.GetProperty("token").GetString()!);
        return world;
    }
}
