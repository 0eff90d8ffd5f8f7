namespace Touchstone.Server.Tests;

/// <summary>A running server with the callers that most tests need. Its clock belongs to the class that uses it.</summary>
public sealed class Acme : IAsyncLifetime
{
    internal const string OrdersApi = "https://orders.acme.test/";
    internal const string BillingApi = "https://billing.acme.test/";

    internal TestServer Server { get; private set; } = null!;

    internal OAuthCalls OAuth => Server.OAuth;

    internal AdminCalls Admin => Server.Admin;

    internal ManualTime Time => Server.Time;

    /// <summary>A resource server.</summary>
    internal TestClient Orders { get; private set; } = null!;

    /// <summary>Another resource server.</summary>
    internal TestClient Billing { get; private set; } = null!;

    /// <summary>A confidential client that may look at its own tokens.</summary>
    internal TestClient Shop { get; private set; } = null!;

    /// <summary>Another one.</summary>
    internal TestClient Warehouse { get; private set; } = null!;

    /// <summary>A confidential client that may not introspect.</summary>
    internal TestClient Mute { get; private set; } = null!;

    /// <summary>A public client.</summary>
    internal TestClient Spa { get; private set; } = null!;

    // The tests of a class share it, and its clock stands still: their failures would add up.
    public async ValueTask InitializeAsync() => await InitializeAsync(await TestServer.StartAsync(options => options.Unlimit()));

    internal static async Task<Acme> StartAsync(Action<ServerOptions>? options = null, string? data = null, ManualTime? time = null)
    {
        var acme = new Acme();
        await acme.InitializeAsync(await TestServer.StartAsync(options, data: data, time: time));
        return acme;
    }

    private async Task InitializeAsync(TestServer server)
    {
        Server = server;
        string[] apis = [OrdersApi, BillingApi];
        Orders = await Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { OrdersApi } });
        Billing = await Admin.AddClientAsync(new { client_id = "rs-billing", kind = "resource-server", audience = new[] { BillingApi } });
        Shop = await Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = apis, scope = "orders:read orders:write", may_introspect = true, grants = new { grant_types = new[] { "client_credentials", "refresh_token" } } });
        Warehouse = await Admin.AddClientAsync(new { client_id = "warehouse", kind = "client", audience = apis, scope = "orders:read", may_introspect = true });
        Mute = await Admin.AddClientAsync(new { client_id = "mute", kind = "client", audience = apis, scope = "orders:read" });
        Spa = await Admin.AddClientAsync(new { client_id = "spa", kind = "client", @public = true });
    }

    /// <summary>A new access token of the web shop for the orders API.</summary>
    internal Task<string> TokenAsync(object? more = null) => Admin.IssueAsync(more ?? new { client_id = "web-shop", sub = "u-4821", scope = "orders:read", aud = OrdersApi });

    /// <summary>A new refresh token of the web shop, of a grant.</summary>
    internal Task<string> RefreshTokenAsync(string grant) => Admin.IssueAsync(new { client_id = "web-shop", sub = "u-4821", kind = "refresh_token", grant, aud = OrdersApi });

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}
