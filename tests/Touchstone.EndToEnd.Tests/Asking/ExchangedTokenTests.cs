using Touchstone.Client;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>An API that answers from memory refuses an exchanged token when anything ends that it was made from: the tags of its answer name all of that, and the feed tells of it.</summary>
public sealed class ExchangedTokenTests : IAsyncLifetime
{
    private const string Frontend = "https://orders.exchange.example", Backend = "https://stock.exchange.example", Foreign = "https://idp.exchange.example";
    private const string Grant = "urn:ietf:params:oauth:grant-type:token-exchange", AccessToken = "urn:ietf:params:oauth:token-type:access_token";

    private static readonly IntrospectionPolicy Policy = new() { MaxTtl = TimeSpan.FromMinutes(10) };

    private ServerProcess _server = null!;
    private ProtectedApi _api = null!;
    private string _issuer = "";

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(new ServerSetup { Environment = ServerSetup.NoLimits });
        _issuer = (await _server.OAuth.MetadataAsync()).GetProperty("issuer").GetString()!;
        var caller = await _server.Admin.AddResourceServerAsync("stock-api", Backend);
        _api = await ProtectedApi.StartAsync(
            options =>
            {
                (options.ClientId, options.ClientSecret) = (caller.Id, caller.Secret);
                options.IntrospectionEndpoint = new Uri(_server.Address, OAuthCalls.Introspect);
                options.FeedEndpoint = new Uri(_server.Address, "/feed");
            },
            ("/", Policy));
    }

    public async ValueTask DisposeAsync()
    {
        if (_api is not null) await _api.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task X05_L30_What_ends_a_token_ends_at_the_API_what_was_exchanged_for_it_twice_over(bool isForeign)
    {
        var issuer = isForeign ? Foreign : null;
        string[] ways = ["token", "jti", "session", "grant", "sub", "client_id", "tenant", "actor", "actor_sub", "link", "link_client", "revoke"];
        foreach (var way in ways)
        {
            var shop = await _server.Admin.AddClientAsync(new { client_id = $"shop-{way}", kind = "client", audience = new[] { Frontend } });
            var (orders, stock) = (await AppAsync($"orders-{way}", Frontend), await AppAsync($"stock-{way}", Backend));
            var subject = await _server.Admin.IssueAsync(new
            {
                token = isForeign ? $"foreign-{way}" : null, iss = issuer, client_id = shop.Id, sub = $"u-{way}", jti = $"j-{way}", session = $"s-{way}", grant = $"g-{way}", tenant = $"t-{way}", scope = "stock:read", aud = Frontend, expires_in = 600,
            });
            var actor = await _server.Admin.IssueAsync(new { client_id = orders.Id, sub = $"helper-{way}" });
            var link = await ExchangeAsync(orders, subject, ("actor_token", actor), ("actor_token_type", AccessToken));
            var token = new AskedToken(await ExchangeAsync(stock, link));
            await Until.TrueAsync(async () => (await _api.AskAsync("/", token)).IsFromMemory, "the answer is kept");

            object? ended = way switch
            {
                "token" => new { token = subject },
                "jti" => new { jti = $"j-{way}", iss = issuer },
                "session" => new { session = $"s-{way}", iss = issuer },
                "sub" => new { sub = $"u-{way}", iss = issuer },
                "grant" => new { grant = $"g-{way}" },
                "client_id" => new { client_id = shop.Id },
                "tenant" => new { tenant = $"t-{way}" },
                "actor" => new { token = actor },
                "actor_sub" => new { sub = $"helper-{way}" },
                "link" => new { token = link },
                "link_client" => new { client_id = orders.Id },
                _ => null,
            };
            if (ended is not null) (await _server.Admin.PostAsync("/admin/revocations", ended)).Status.ShouldBe(200, way);
            else (await _server.OAuth.RevokeAsync(link, orders)).Status.ShouldBe(200);
            await Until.TrueAsync(async () => (await _api.AskAsync("/", token)).Status == 401, $"the end of {way} reached the API");
        }
    }

    private Task<TestClient> AppAsync(string id, string from) => _server.Admin.AddClientAsync(new
    {
        client_id = id, kind = "client", scope = "stock:read",
        grants = new { token_exchange = new { targets = new[] { Backend }, impersonation = true, delegation = true, subject_audiences = new[] { from }, subject_issuers = new[] { Foreign, _issuer } } },
    });

    private async Task<string> ExchangeAsync(TestClient client, string subject, params (string Name, string Value)[] more)
    {
        var answer = await _server.OAuth.PostAsync(OAuthCalls.Token, client, [("grant_type", Grant), ("subject_token", subject), ("subject_token_type", AccessToken), .. more]);
        return answer.Status == 200 ? answer.Json.GetProperty("access_token").GetString()! : throw new InvalidOperationException(answer.ToString());
    }
}
