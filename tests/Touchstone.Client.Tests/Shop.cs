using Touchstone.Client.Follow;

namespace Touchstone.Client.Tests;

/// <summary>A real server, a client of it with the same clock, and tokens for both to look at.</summary>
internal sealed class Shop : IAsyncDisposable
{
    internal const string Api = "https://orders.acme.test/";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private Shop(TestServer server, TestClient orders, IntrospectionClient client) => (Server, Orders, Client) = (server, orders, client);

    internal TestServer Server { get; }

    internal TestClient Orders { get; }

    internal IntrospectionClient Client { get; }

    internal ManualTime Time => Server.Time;

    internal static async Task<Shop> OpenAsync(Action<TokenIntrospectionOptions>? more = null)
    {
        var server = await TestServer.StartAsync(options => options.Unlimit());
        var orders = await server.Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { Api } });
        await server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Api }, scope = "orders:read orders:write" });
        return new Shop(server, orders, ClientOf(server, orders, more));
    }

    internal static IntrospectionClient ClientOf(TestServer server, TestClient caller, Action<TokenIntrospectionOptions>? more = null)
    {
        var options = new TokenIntrospectionOptions
        {
            IntrospectionEndpoint = new Uri(server.Address, "/oauth/introspect"), FeedEndpoint = new Uri(server.Address, "/feed"), ClientId = caller.Id, ClientSecret = caller.Secret, Retries = 0,
        };
        more?.Invoke(options);
        return new IntrospectionClient(options, time: server.Time);
    }

    internal Task<string> TokenAsync(string subject = "u-4821", int seconds = 3600) => Server.Admin.IssueAsync(new { client_id = "web-shop", sub = subject, scope = "orders:read", aud = Api, expires_in = seconds });

    internal async Task<IntrospectionResult> CheckAsync(string token, IntrospectionPolicy? policy = null) => await Client.IntrospectAsync(token, policy);

    /// <summary>Ends when the client knows of a row.</summary>
    internal async Task KnowsAsync(long seq)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (Client.Follower.View.Head.Seq < seq)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    internal Freshness Freshness => Client.Follower.At(Time.Read());

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
