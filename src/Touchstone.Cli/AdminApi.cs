using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli;

/// <summary>Calls of the admin API, with a token that is fetched for this one run and kept nowhere.</summary>
internal sealed class AdminApi(Wire wire, string dataFolder)
{
    private AuthenticationHeaderValue? _authorization;

    internal Task<Outcome<JsonElement>> GetAsync(string path, CancellationToken stop) => SendAsync(HttpMethod.Get, path, null, stop);

    /// <summary>Posts; the server may take so much longer to answer as it was asked to wait.</summary>
    internal Task<Outcome<JsonElement>> PostAsync(string path, JsonNode body, CancellationToken stop, TimeSpan wait = default) => SendAsync(HttpMethod.Post, path, body, stop, wait);

    private async Task<Outcome<JsonElement>> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken stop, TimeSpan wait = default)
    {
        if (_authorization is null)
        {
            var authorization = await AuthorizeAsync(stop);
            if (authorization.Failure is { } refused) return refused;
            _authorization = authorization.Value;
        }

        var content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return await wire.SendAsync(method, path, content, _authorization, stop, wait);
    }

    private async Task<Outcome<AuthenticationHeaderValue>> AuthorizeAsync(CancellationToken stop)
    {
        var credentials = Credentials.OfAdministrator(dataFolder);
        if (credentials.Failure is { } none) return none;

        var answer = await wire.PostFormAsync(
            "oauth/token", credentials.Value, stop, new("grant_type", "client_credentials"), new("scope", "touchstone:admin"));
        if (answer.Failure is { ExitCode: ExitCodes.Refused } refused)
            return refused with { Detail = $"no admin token for the credentials of {credentials.Value.Source}: {refused.Detail} {credentials.Value.Hint}" };
        if (answer.Failure is { } failure) return failure;

        return answer.Value.TryGetProperty("access_token", out var token) && token.ValueKind == JsonValueKind.String
            ? new AuthenticationHeaderValue("Bearer", token.GetString())
            : Failure.Unreachable("the server's token answer holds no access_token: is --server right?");
    }
}
