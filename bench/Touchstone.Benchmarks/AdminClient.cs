using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Benchmarks;

/// <summary>The admin API of the server that is measured, with a token of its admin client.</summary>
internal sealed class AdminClient : IDisposable
{
    private readonly HttpClient _http;

    private AdminClient(Uri server) => _http = new HttpClient { BaseAddress = server };

    internal static async Task<AdminClient> ConnectAsync(Uri server, string data)
    {
        var client = new AdminClient(server);
        var admin = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(data, "admin.json")))!;
        using var request = new HttpRequestMessage(HttpMethod.Post, "oauth/token")
        {
            Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("scope", "touchstone:admin")]),
        };
        request.Headers.TryAddWithoutValidation("Authorization", ClientCredentials.Basic((string)admin["client_id"]!, (string)admin["client_secret"]!));
        var answer = JsonNode.Parse(await (await client._http.SendAsync(request)).EnsureSuccessStatusCode().Content.ReadAsStringAsync())!;
        client._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)answer["access_token"]!);
        return client;
    }

    internal async Task<JsonNode> PostAsync(string path, JsonNode body)
    {
        using var answer = await SendAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new HttpRequestException($"{path}: {(int)answer.StatusCode} {text}");
    }

    internal Task<HttpResponseMessage> SendAsync(string path, JsonNode body) => _http.PostAsync(path, new StringContent(body.ToJsonString(), new MediaTypeHeaderValue("application/json")));

    public void Dispose() => _http.Dispose();
}
