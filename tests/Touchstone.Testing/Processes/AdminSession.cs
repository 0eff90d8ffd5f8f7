using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Touchstone.Testing.InProcess;

namespace Touchstone.Testing.Processes;

/// <summary>Calls to the admin API of a server process, with one token that is fetched when it is first needed.</summary>
public sealed class AdminSession(ServerProcess server)
{
    private string? _token;

    /// <summary>The token of the administrator.</summary>
    public async Task<string> TokenAsync() => _token ??= await server.OAuth.TokenOfAsync(server.AdminClient, ("scope", "touchstone:admin"));

    /// <summary>Forgets the token, because it ended.</summary>
    public void Forget() => _token = null;

    /// <summary>Sends JSON: a string as it is, anything else serialised.</summary>
    public async Task<Answer> PostAsync(string path, object? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (body is not null) request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        return await SendAsync(request);
    }

    /// <summary>Reads.</summary>
    public async Task<Answer> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request);
    }

    /// <summary>Sends what was made elsewhere, as the administrator.</summary>
    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync());
        return await server.OAuth.SendAsync(request);
    }

    /// <summary>Adds a resource server.</summary>
    public Task<TestClient> AddResourceServerAsync(string id, string audience) => AddClientAsync(new { client_id = id, kind = "resource-server", audience = new[] { audience } });

    /// <summary>Adds a client that gets tokens for one resource server.</summary>
    public Task<TestClient> AddClientAsync(string id, string audience, string scope = "") => AddClientAsync(new { client_id = id, kind = "client", audience = new[] { audience }, scope });

    /// <summary>Adds what is described.</summary>
    public async Task<TestClient> AddClientAsync(object registration)
    {
        var answer = Expect(await PostAsync("/admin/clients", registration), 201).Json;
        return new TestClient(answer.GetProperty("client_id").GetString()!, answer.TryGetProperty("client_secret", out var secret) ? secret.GetString() : null);
    }

    /// <summary>Issues or registers a token and gives its value.</summary>
    public async Task<string> IssueAsync(object token) => Expect(await PostAsync("/admin/tokens", token), 201).Json.GetProperty("token").GetString()!;

    /// <summary>What the server knows of a token.</summary>
    public async Task<JsonElement> LookUpAsync(string token) => Expect(await PostAsync("/admin/tokens/lookup", new { token }), 200).Json;

    private static Answer Expect(Answer answer, int status) => answer.Status == status ? answer : throw new InvalidOperationException($"not {status}: {answer}");
}
