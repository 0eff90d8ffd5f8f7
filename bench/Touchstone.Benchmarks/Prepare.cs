using System.Text.Json.Nodes;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Benchmarks;

/// <summary>Fills a server through its admin API: resource servers, a client, and tokens. Writes files for introspect.lua: the callers' Authorization headers and the tokens, a line each.</summary>
internal static class Prepare
{
    internal const string App = "bench-app", JwtApp = "bench-jwt-app";
    internal const string Audience = "https://orders.bench.example";

    /// <summary>Tokens, and callers with generated secrets; with as many others whose secrets were brought, where a second file is named.</summary>
    internal static async Task RunAsync(Uri server, string data, int count, string output, int callers = 1, string? brought = null)
    {
        using var admin = await AdminClient.ConnectAsync(server, data);
        await admin.PostAsync("admin/clients", new JsonObject { ["client_id"] = App, ["kind"] = "client", ["audience"] = new JsonArray(JsonValue.Create(Audience)) });
        var generated = await CallersAsync(admin, "bench-api", callers, _ => null);
        var tokens = await TokensAsync(admin, count, 86400);
        await File.WriteAllLinesAsync(output, [.. generated, .. tokens]);
        if (brought is not null) await File.WriteAllLinesAsync(brought, [.. await CallersAsync(admin, "brought-api", callers, number => $"a secret that somebody chose {number}"), .. tokens]);
    }

    /// <summary>Tokens that are JWTs (RFC 9068), and a caller that is given the key of its tags, to judge them by itself.</summary>
    internal static async Task JwtsAsync(Uri server, string data, int count, string output)
    {
        using var admin = await AdminClient.ConnectAsync(server, data);
        var audience = new JsonArray(JsonValue.Create(Audience));
        await admin.PostAsync("admin/clients", new JsonObject { ["client_id"] = JwtApp, ["kind"] = "client", ["audience"] = audience.DeepClone(), ["grants"] = new JsonObject { ["access_token_format"] = "jwt" } });
        var caller = await AddAsync(admin, new JsonObject { ["client_id"] = "bench-jwt-api", ["kind"] = "resource-server", ["audience"] = audience.DeepClone(), ["tag_key"] = true });
        await File.WriteAllLinesAsync(output, [ClientCredentials.Basic((string)caller["client_id"]!, (string)caller["client_secret"]!), .. await TokensAsync(admin, count, 86400, JwtApp)]);
    }

    /// <summary>More tokens, which expire a second later.</summary>
    internal static async Task ExpiredAsync(Uri server, string data, int count)
    {
        using var admin = await AdminClient.ConnectAsync(server, data);
        await TokensAsync(admin, count, 1);
    }

    /// <summary>Registers how the signed answers of the one caller are signed.</summary>
    internal static async Task ResponseAsync(Uri server, string data, string algorithm)
    {
        using var admin = await AdminClient.ConnectAsync(server, data);
        await admin.PostAsync("admin/clients/bench-api/response", new JsonObject { ["introspection_signed_response_alg"] = algorithm });
    }

    internal static async Task<List<string>> TokensAsync(AdminClient admin, int count, int lifetime, string app = App)
    {
        var tokens = new List<string>(count);
        for (var made = 0; made < count; made += 1000)
        {
            var batch = new JsonArray([.. Enumerable.Range(made, Math.Min(1000, count - made)).Select(number => Token(app, number, lifetime))]);
            foreach (var token in (await admin.PostAsync("admin/tokens", batch)).AsArray()) tokens.Add((string)token!["token"]!);
        }
        return tokens;
    }

    internal static async Task<List<string>> CallersAsync(AdminClient admin, string name, int count, Func<int, string?> secretOf)
    {
        var callers = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var id = count == 1 ? name : $"{name}-{i}";
            var client = new JsonObject { ["client_id"] = id, ["kind"] = "resource-server", ["audience"] = new JsonArray(JsonValue.Create(Audience)) };
            if (secretOf(i) is { } secret) client["client_secret"] = secret;
            callers.Add(ClientCredentials.Basic(id, (string)(await AddAsync(admin, client))["client_secret"]! ?? secretOf(i)!));
        }
        return callers;
    }

    // A limit above any load, where the server knows limits.
    private static async Task<JsonNode> AddAsync(AdminClient admin, JsonObject client)
    {
        var limited = client.DeepClone();
        limited["limits"] = new JsonObject { ["rate"] = 1_000_000 };
        using var answer = await admin.SendAsync("admin/clients", limited);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(await answer.Content.ReadAsStringAsync())! : await admin.PostAsync("admin/clients", client);
    }

    private static JsonNode Token(string app, int number, int lifetime) => new JsonObject
    {
        ["client_id"] = app, ["sub"] = $"user-{number:D8}", ["username"] = $"user{number}@bench.example", ["scope"] = "orders:read orders:write", ["aud"] = Audience, ["expires_in"] = lifetime,
    };
}
