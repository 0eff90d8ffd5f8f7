namespace Touchstone.Server.Tests.Rfc9068;

/// <summary>A server with clients and resource servers that want JWTs.</summary>
public sealed class JwtServer : IAsyncLifetime
{
    internal const string LedgerApi = "https://ledger.acme.test/";

    internal Acme Acme { get; private set; } = null!;

    internal TestServer Server => Acme.Server;

    internal OAuthCalls OAuth => Acme.OAuth;

    internal AdminCalls Admin => Acme.Admin;

    /// <summary>A resource server that wants JWTs.</summary>
    internal TestClient Ledger { get; private set; } = null!;

    /// <summary>A client whose tokens are JWTs.</summary>
    internal TestClient Signed { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Acme = await Acme.StartAsync(options => options.Unlimit());
        string[] apis = [Acme.OrdersApi, Acme.BillingApi, LedgerApi];
        Ledger = await Admin.AddClientAsync(new { client_id = "rs-ledger", kind = "resource-server", audience = new[] { LedgerApi }, grants = new { access_token_format = "jwt" } });
        Signed = await Admin.AddClientAsync(new { client_id = "signed", kind = "client", audience = apis, scope = "orders:read orders:write", may_introspect = true, tenant = "north", grants = new { grant_types = new[] { "client_credentials", "refresh_token" }, access_token_format = "jwt" } });
    }

    public ValueTask DisposeAsync() => Acme.DisposeAsync();

    /// <summary>A JWT for a user, with all that could end it.</summary>
    internal Task<string> TokenAsync(object? more = null) => Admin.IssueAsync(more ?? new { client_id = "signed", sub = "u-4821", scope = "orders:read", aud = Acme.OrdersApi });
}
