using System.Text.Json;

namespace Touchstone.Testing.InProcess;

/// <summary>Calls to the form endpoints, as well-behaved callers make them.</summary>
public sealed class OAuthCalls(HttpClient http)
{
    public const string Introspect = "/oauth/introspect";
    public const string Batch = "/oauth/introspect/batch";
    public const string Revoke = "/oauth/revoke";
    public const string Token = "/oauth/token";

    public Task<Answer> IntrospectAsync(string token, TestClient? caller, params (string Name, string Value)[] more) => PostAsync(Introspect, caller, [("token", token), .. more]);

    /// <summary>Asks about several tokens at once.</summary>
    public Task<Answer> IntrospectAllAsync(TestClient? caller, params IEnumerable<string> tokens) => PostAsync(Batch, caller, [.. tokens.Select(token => ("token", token))]);

    public Task<Answer> RevokeAsync(string token, TestClient? caller, params (string Name, string Value)[] more) => PostAsync(Revoke, caller, [("token", token), .. more]);

    /// <summary>Asks for a token with the client's own credentials.</summary>
    public Task<Answer> GrantAsync(TestClient? client, params (string Name, string Value)[] more) => PostAsync(Token, client, [("grant_type", "client_credentials"), .. more]);

    /// <summary>The same, where it must succeed.</summary>
    public async Task<string> TokenOfAsync(TestClient client, params (string Name, string Value)[] more)
    {
        var answer = await GrantAsync(client, more);
        if (answer.Status != 200) throw new InvalidOperationException(answer.ToString());
        return answer.Json.GetProperty("access_token").GetString()!;
    }

    /// <summary>Whether a token is active for this caller. Anything but an introspection answer is an error.</summary>
    public async Task<bool> IsActiveAsync(string token, TestClient caller)
    {
        var answer = await IntrospectAsync(token, caller);
        return answer.Status == 200 ? answer.Json.GetProperty("active").GetBoolean() : throw new InvalidOperationException(answer.ToString());
    }

    /// <summary>Uses a refresh token.</summary>
    public Task<Answer> RefreshAsync(string token, TestClient? client, params (string Name, string Value)[] more) => PostAsync(Token, client, [("grant_type", "refresh_token"), ("refresh_token", token), .. more]);

    public async Task<Answer> PostAsync(string path, TestClient? caller, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        var fields = form.Select(field => KeyValuePair.Create(field.Name, field.Value)).ToList();
        caller?.Authenticate(request, fields);
        request.Content = new FormUrlEncodedContent(fields);
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request) => await Answer.ReadAsync(await http.SendAsync(request));

    public async Task<Answer> GetAsync(string path) => await Answer.ReadAsync(await http.GetAsync(new Uri(path, UriKind.Relative)));

    public async Task<JsonElement> MetadataAsync() => (await GetAsync("/.well-known/oauth-authorization-server")).Json;
}
