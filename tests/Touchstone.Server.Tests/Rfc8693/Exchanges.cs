using System.Text.Json;

namespace Touchstone.Server.Tests.Rfc8693;

/// <summary>A server with the orders API, whose client calls on: it exchanges tokens that came to the API for tokens of the stock API.</summary>
public sealed class Exchanges : IAsyncLifetime
{
    internal const string Grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    internal const string AccessToken = "urn:ietf:params:oauth:token-type:access_token";
    internal const string Jwt = "urn:ietf:params:oauth:token-type:jwt";
    internal const string StockApi = "https://stock.acme.test/";
    internal const string Foreign = "https://idp.acme.test";

    internal Acme Acme { get; private set; } = null!;

    internal TestServer Server => Acme.Server;

    internal AdminCalls Admin => Acme.Admin;

    internal TestClient Stock { get; private set; } = null!;

    /// <summary>It may take a subject's place, and name itself as who acts.</summary>
    internal TestClient App { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Acme = new Acme();
        await Acme.InitializeAsync();
        Stock = await Admin.AddClientAsync(new { client_id = "rs-stock", kind = "resource-server", audience = new[] { StockApi } });
        App = await AddAppAsync("orders-app", Policy());
    }

    public ValueTask DisposeAsync() => Acme?.DisposeAsync() ?? ValueTask.CompletedTask;

    internal static object Policy(bool impersonation = true, bool delegation = true, string[]? targets = null, string[]? issuers = null, string[]? audiences = null) => new
    {
        targets = targets ?? [StockApi], impersonation, delegation, subject_audiences = audiences ?? [Acme.OrdersApi], subject_issuers = issuers,
    };

    internal Task<TestClient> AddAppAsync(string id, object? exchange, string? tenant = null, string[]? grants = null) => AddAppAsync(Admin, id, exchange, tenant, grants);

    internal static Task<TestClient> AddAppAsync(AdminCalls admin, string id, object? exchange, string? tenant = null, string[]? grants = null) => admin.AddClientAsync(
        new { client_id = id, kind = "client", audience = new[] { TestServer.DefaultIssuer }, scope = "orders:read stock:read", tenant, grants = new { token_exchange = exchange, grant_types = grants } });

    /// <summary>A token of the web shop for a person, as the orders API receives it.</summary>
    internal Task<string> SubjectAsync(object? claims = null, object? act = null, string sub = "u-4821", long expiresIn = 600) => Admin.IssueAsync(
        new { client_id = "web-shop", sub, username = "Ada", scope = "orders:read stock:read", aud = Acme.OrdersApi, session = "s-1", grant = "g-1", claims, act, expires_in = expiresIn });

    /// <summary>A token that the client has for itself.</summary>
    internal Task<string> ActorAsync(string sub = "orders-app", object? act = null, long expiresIn = 600) => Admin.IssueAsync(new { client_id = "orders-app", sub, scope = "orders:read", act, expires_in = expiresIn });

    internal Task<Answer> ExchangeAsync(TestClient? client, string subject, params (string Name, string Value)[] more) => ExchangeAsync(Acme.OAuth, client, subject, more);

    internal static Task<Answer> ExchangeAsync(OAuthCalls oauth, TestClient? client, string subject, params (string Name, string Value)[] more) =>
        oauth.PostAsync(OAuthCalls.Token, client, [("grant_type", Grant), ("subject_token", subject), ("subject_token_type", AccessToken), .. more]);

    internal Task<Answer> DelegateAsync(string subject, string actor, params (string Name, string Value)[] more) => ExchangeAsync(App, subject, [("actor_token", actor), ("actor_token_type", AccessToken), .. more]);

    /// <summary>What the stock API is told of the token that an answer brings.</summary>
    internal async Task<JsonElement> SeenAsync(Answer answer) => (await Acme.OAuth.IntrospectAsync(Token(answer), Stock)).ShouldBeActive();

    internal static string Token(Answer answer) => answer.ShouldBeJson(200).Json.GetProperty("access_token").GetString()!;

    internal async Task<JsonElement> RecordAsync(Answer answer) => (await Admin.LookUpAsync(Token(answer))).GetProperty("record");
}
