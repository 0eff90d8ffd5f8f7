using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Storage.Sqlite;
using Touchstone.Server.Tests.Rfc8693;

namespace Touchstone.Server.Tests.Races;

/// <summary>The real server for many worlds, one after another. What they have in common is its clients; users, sessions and grants are each world's own.</summary>
internal sealed class RaceServer : IAsyncDisposable
{
    internal const string Tenant = "north";

    internal static readonly string[] Owners = ["app", "web"], Exchangers = ["agent", "robot"];

    private readonly TestServer _server;
    private readonly Dictionary<string, TestClient> _clients = [];

    private RaceServer(TestServer server, RaceGates gates) => (_server, Gates, Store) = (server, gates, server.Services.GetRequiredService<RaceStore>());

    internal RaceGates Gates { get; }

    internal RaceStore Store { get; }

    internal ManualTime Time => _server.Time;

    internal static string? TenantOf(string client) => client is "app" or "agent" ? Tenant : null;

    /// <summary>Starts one whose memory judges, or one whose store has to: its memory holds no row.</summary>
    internal static async Task<RaceServer> StartAsync(bool isStoreJudging)
    {
        var gates = new RaceGates();
        var server = await TestServer.StartAsync(
            options => options.Unlimit(),
            builder => gates.Install(builder, services => TestStore.IsPostgres
                ? new RaceStore(services.GetRequiredService<PostgresTokenStore>(), services.GetRequiredService<PostgresTokenStore>(), gates)
                : new RaceStore(services.GetRequiredService<SqliteTokenStore>(), services.GetRequiredService<SqliteTokenStore>(), gates)));
        var made = new RaceServer(server, gates);
        await made.AddClientsAsync();
        if (isStoreJudging)
        {
            var log = server.Services.GetRequiredService<RevocationLog>();
            log.MaxRows = 0;
            await log.RevokeAsync([new RevocationLog.Asked(Selector.Grant("some grant that nobody has"), log.ForgetAfterEverything())], "test");
        }
        return made;
    }

    internal HttpRequestMessage Form(string path, string client, params (string Name, string Value)[] fields)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))) };
        request.Headers.Authorization = AuthenticationHeaderValue.Parse((client == _server.AdminClient.Id ? _server.AdminClient : _clients[client]).Basic);
        return request;
    }

    internal static HttpRequestMessage Json(string path, string bearer, object? body)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        if (body is not null) request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return request;
    }

    internal async Task<Answer> SendAsync(HttpRequestMessage request, Racer? racer = null)
    {
        using (request)
        {
            if (racer is not null) request.Headers.Add(RaceGates.Header, racer.Id.ToString(CultureInfo.InvariantCulture));
            return await _server.OAuth.SendAsync(request);
        }
    }

    /// <summary>A new token for the admin API, or for global revocation within the tenant. No gate stops whoever looks it up.</summary>
    internal async Task<string> BearerAsync(bool isOfTenant)
    {
        var answer = await SendAsync(Form(OAuthCalls.Token, isOfTenant ? "revoker" : _server.AdminClient.Id, ("grant_type", "client_credentials"), ("scope", isOfTenant ? "touchstone:revoke" : "touchstone:admin")));
        var token = answer.ShouldBeJson(200).Json.GetProperty("access_token").GetString()!;
        Gates.Exempt[TokenHash.Of(token)] = true;
        return token;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AddClientsAsync()
    {
        var admin = _server.Admin;
        string[] apis = [Acme.OrdersApi, Exchanges.StockApi];
        await AddAsync("rs", new { client_id = "rs", kind = "resource-server", audience = apis });
        await AddAsync("revoker", new { client_id = "revoker", kind = "client", audience = new[] { TestServer.DefaultIssuer }, tenant = Tenant, scope = "touchstone:revoke" });
        foreach (var id in Owners)
            await AddAsync(id, new { client_id = id, kind = "client", audience = apis, scope = "read", tenant = TenantOf(id), may_introspect = true, grants = new { grant_types = new[] { "refresh_token", "client_credentials" }, access_token_format = FormatOf(id) } });
        var policy = new { targets = new[] { Exchanges.StockApi }, impersonation = true, delegation = true, subject_audiences = apis };
        foreach (var id in Exchangers)
            await AddAsync(id, new { client_id = id, kind = "client", audience = apis, scope = "read", tenant = TenantOf(id), grants = new { token_exchange = policy, access_token_format = FormatOf(id) } });

        async Task AddAsync(string id, object client) => _clients[id] = await admin.AddClientAsync(client);
        static string FormatOf(string id) => id is "web" or "robot" ? "jwt" : "opaque";
    }
}
