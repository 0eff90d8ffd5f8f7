using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Benchmarks;

/// <summary>Fills a server through its admin API: a resource server, a client, and tokens; writes the Authorization header and the tokens, a line each.</summary>
internal static class Prepare
{
    private const string Audience = "https://orders.bench.example";

    internal static async Task RunAsync(Uri server, string data, int count, string output)
    {
        using var http = new HttpClient { BaseAddress = server };
        await AuthorizeAsync(http, data);
        var caller = await PostAsync(http, "admin/clients", new JsonObject { ["client_id"] = "bench-api", ["kind"] = "resource-server", ["audience"] = new JsonArray(JsonValue.Create(Audience)), ["limits"] = new JsonObject { ["rate"] = 1_000_000 } });
        await PostAsync(http, "admin/clients", new JsonObject { ["client_id"] = "bench-app", ["kind"] = "client", ["audience"] = new JsonArray(JsonValue.Create(Audience)) });

        await using var file = new StreamWriter(output);
        await file.WriteLineAsync(ClientCredentials.Basic("bench-api", (string)caller!["client_secret"]!));
        for (var made = 0; made < count; made += 1000)
        {
            var tokens = new JsonArray();
            for (var i = made; i < Math.Min(made + 1000, count); i++) tokens.Add(Token(i));
            foreach (var token in (await PostAsync(http, "admin/tokens", tokens))!.AsArray()) await file.WriteLineAsync((string)token!["token"]!);
        }
    }

    private static JsonNode Token(int number) => new JsonObject
    {
        ["client_id"] = "bench-app", ["sub"] = $"user-{number:D8}", ["username"] = $"user{number}@bench.example", ["scope"] = "orders:read orders:write", ["aud"] = Audience, ["expires_in"] = 86400,
    };

    private static async Task AuthorizeAsync(HttpClient http, string data)
    {
        var admin = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(data, "admin.json")))!;
        using var request = new HttpRequestMessage(HttpMethod.Post, "oauth/token")
        {
            Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("scope", "touchstone:admin")]),
        };
        request.Headers.TryAddWithoutValidation("Authorization", ClientCredentials.Basic((string)admin["client_id"]!, (string)admin["client_secret"]!));
        var answer = JsonNode.Parse(await (await http.SendAsync(request)).EnsureSuccessStatusCode().Content.ReadAsStringAsync())!;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)answer["access_token"]!);
    }

    private static async Task<JsonNode?> PostAsync(HttpClient http, string path, JsonNode body)
    {
        using var content = new StringContent(body.ToJsonString(), new MediaTypeHeaderValue("application/json"));
        return JsonNode.Parse(await (await http.PostAsync(path, content)).EnsureSuccessStatusCode().Content.ReadAsStringAsync());
    }
}
