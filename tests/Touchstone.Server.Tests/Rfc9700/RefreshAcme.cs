using System.Text.Json;

namespace Touchstone.Server.Tests.Rfc9700;

/// <summary>Acme with clients that may refresh.</summary>
internal sealed class RefreshAcme : IAsyncDisposable
{
    private readonly Acme _acme;

    private RefreshAcme(Acme acme) => _acme = acme;

    internal OAuthCalls OAuth => _acme.OAuth;

    internal AdminCalls Admin => _acme.Admin;

    internal ManualTime Time => _acme.Time;

    internal TestServer Server => _acme.Server;

    internal TestClient Orders => _acme.Orders;

    /// <summary>A client that authenticates.</summary>
    internal TestClient App { get; private set; } = null!;

    /// <summary>A public client.</summary>
    internal TestClient Phone { get; private set; } = null!;

    internal static async Task<RefreshAcme> StartAsync(Action<ServerOptions>? options = null)
    {
        var made = new RefreshAcme(await Acme.StartAsync(settings =>
        {
            settings.Unlimit();
            options?.Invoke(settings);
        }));
        string[] apis = [Acme.OrdersApi, Acme.BillingApi];
        made.App = await made.Admin.AddClientAsync(new { client_id = "app", kind = "client", audience = apis, scope = "orders:read orders:write bills", may_introspect = true, grants = new { grant_types = new[] { "refresh_token" } } });
        made.Phone = await made.Admin.AddClientAsync(new { client_id = "phone", kind = "client", @public = true, scope = "orders:read orders:write", grants = new { grant_types = new[] { "refresh_token" } } });
        return made;
    }

    /// <summary>A refresh token and the access token beside it.</summary>
    internal async Task<(string Access, string Refresh, string Grant)> IssueAsync(TestClient client, object? more = null)
    {
        var body = JsonSerializer.SerializeToNode(new { client_id = client.Id, sub = "u-4821", scope = "orders:read orders:write", aud = new[] { Acme.OrdersApi, Acme.BillingApi }, refresh = true })!.AsObject();
        foreach (var (name, value) in JsonSerializer.SerializeToNode(more ?? new { })!.AsObject()) body[name] = value?.DeepClone();
        var json = (await Admin.PostAsync(AdminCalls.Tokens, body)).ShouldBeJson(201).Json;
        return (json.GetProperty("token").GetString()!, json.GetProperty("refresh_token").GetString()!, json.GetProperty("grant").GetString()!);
    }

    /// <summary>A refresh that has to go well.</summary>
    internal async Task<(string Access, string Refresh)> RefreshAsync(string token, TestClient client, params (string Name, string Value)[] more)
    {
        var json = (await OAuth.RefreshAsync(token, client, more)).ShouldBeJson(200).Json;
        return (json.GetProperty("access_token").GetString()!, json.GetProperty("refresh_token").GetString()!);
    }

    internal Task<bool> IsActiveAsync(string access) => OAuth.IsActiveAsync(access, Orders);

    internal async Task<JsonElement> RecordAsync(string token) => (await Admin.LookUpAsync(token)).GetProperty("record");

    internal async Task<string> ReasonAsync(string token) => (await Admin.LookUpAsync(token)).GetProperty("reason").GetString()!;

    public ValueTask DisposeAsync() => _acme.DisposeAsync();
}
