using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Touchstone.Testing.InProcess;

/// <summary>Calls to the admin API with a token of the admin client, fetched when needed.</summary>
public sealed class AdminCalls(TestServer server)
{
    public const string Clients = "/admin/clients";
    public const string Tokens = "/admin/tokens";
    public const string LookUp = "/admin/tokens/lookup";
    public const string Revocations = "/admin/revocations";

    private string? _token;
    private long _tokenEnds;

    /// <summary>A live token with scope touchstone:admin.</summary>
    public async Task<string> TokenAsync()
    {
        if (_token is null || server.Time.Seconds >= _tokenEnds)
        {
            var answer = await server.OAuth.GrantAsync(server.AdminClient, ("scope", "touchstone:admin"));
            if (answer.Status != 200) throw new InvalidOperationException(answer.ToString());
            _token = answer.Json.GetProperty("access_token").GetString()!;
            _tokenEnds = server.Time.Seconds + answer.Json.GetProperty("expires_in").GetInt64();
        }
        return _token;
    }

    /// <summary>Sends JSON: a string as it is, anything else serialised.</summary>
    public async Task<Answer> PostAsync(string path, object? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        if (body is not null)
        {
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), new UTF8Encoding(false));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        return await SendAsync(request);
    }

    public async Task<Answer> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        request.Headers.Authorization ??= new AuthenticationHeaderValue("Bearer", await TokenAsync());
        return await server.OAuth.SendAsync(request);
    }

    /// <summary>Adds a client; gives it with its secret.</summary>
    public async Task<TestClient> AddClientAsync(object client)
    {
        var added = Expect(await PostAsync(Clients, client), 201).Json;
        return new TestClient(added.GetProperty("client_id").GetString()!, added.TryGetProperty("client_secret", out var secret) ? secret.GetString() : null);
    }

    /// <summary>Issues a token, or registers one; gives its value.</summary>
    public async Task<string> IssueAsync(object token) => Expect(await PostAsync(Tokens, token), 201).Json.GetProperty("token").GetString()!;

    /// <summary>What an administrator is told of a token.</summary>
    public async Task<JsonElement> LookUpAsync(string token, string? viewer = null) =>
        Expect(await PostAsync(LookUp, viewer is null ? new { token } : new { token, @as = viewer }), 200).Json;

    public async Task<JsonElement> RevokeAsync(string token) => Expect(await PostAsync(Revocations, new { token }), 200).Json;

    /// <summary>Disables, enables, or rotates the secret of a client.</summary>
    public async Task<JsonElement> ChangeAsync(string client, string action, object? body = null) => Expect(await PostAsync($"{Clients}/{client}/{action}", body), 200).Json;

    private static Answer Expect(Answer answer, int status) => answer.Status == status ? answer : throw new InvalidOperationException(answer.ToString());
}
