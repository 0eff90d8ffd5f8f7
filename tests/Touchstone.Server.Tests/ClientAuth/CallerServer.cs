using System.Text.Json.Nodes;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary>What tests of callers do with a server.</summary>
internal static class CallerServer
{
    internal static async Task<TestClient> AddAsync(this TestServer server, string id, string method, Action<JsonObject>? more = null)
    {
        var body = new JsonObject { ["client_id"] = id, ["kind"] = "resource-server", ["audience"] = new JsonArray(Acme.OrdersApi), ["auth_methods"] = new JsonArray(method) };
        more?.Invoke(body);
        return await server.Admin.AddClientAsync(body.ToJsonString());
    }

    internal static Task<TestClient> AddWithKeysAsync(this TestServer server, string id, params Signer[] keys) =>
        server.AddAsync(id, "private_key_jwt", body => body["jwks"] = Signer.SetOf(keys));

    internal static Task<Answer> AssertAsync(this TestServer server, string assertion, params (string Name, string Value)[] more) =>
        server.OAuth.PostAsync(OAuthCalls.Introspect, null, [("token", "unknown"), ("client_assertion_type", Signer.Type), ("client_assertion", assertion), .. more]);

    internal static async Task ShouldAcceptAsync(this TestServer server, string assertion, params (string Name, string Value)[] more) =>
        (await server.AssertAsync(assertion, more)).ShouldBeInactive();

    /// <summary>Refused as every wrong client is, and the administrator is told why.</summary>
    internal static async Task ShouldRefuseAsync(this TestServer server, string assertion, string client, string reason, params (string Name, string Value)[] more)
    {
        (await server.AssertAsync(assertion, more)).ShouldBeError(401, "invalid_client", "Client authentication failed.");
        (await server.LastFailureAsync(client)).ShouldBe(reason);
    }

    internal static async Task<string?> LastFailureAsync(this TestServer server, string client)
    {
        var answer = await server.Admin.GetAsync($"{AdminCalls.Clients}/{client}/failures");
        return answer.Status == 200 && answer.Json.GetProperty("items").EnumerateArray().FirstOrDefault() is { ValueKind: System.Text.Json.JsonValueKind.Object } last ? last.GetProperty("reason").GetString() : null;
    }
}
