using System.Text.Json.Nodes;
using Touchstone.Client.Follow;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>A real server with a feed, another issuer of JWTs, and a client that judges these.</summary>
internal sealed class JwtSite : IAsyncDisposable
{
    private readonly Action<TokenIntrospectionOptions> _options;
    private int _introspections;

    private JwtSite(Shop shop, JwtServer login, JwtRevocation revocation, Action<TokenIntrospectionOptions>? more)
    {
        (Shop, Login) = (shop, login);
        _options = options =>
        {
            options.Jwt = new() { Mode = JwtMode.JwtFirst, Issuers = { new JwtIssuer { Issuer = login.Issuer, Audiences = { JwtServer.Api }, Revocation = revocation } } };
            options.Backchannel = () => new Counting(this);
            more?.Invoke(options);
        };
        Client = NewClient();
    }

    internal Shop Shop { get; }

    internal JwtServer Login { get; }

    internal IntrospectionClient Client { get; }

    internal ManualTime Time => Shop.Time;

    internal int Introspections => Volatile.Read(ref _introspections);

    internal static async Task<JwtSite> OpenAsync(JwtRevocation revocation, Action<TokenIntrospectionOptions>? more = null, bool hasKey = true)
    {
        var (shop, login) = (await Shop.OpenAsync(), await JwtServer.StartAsync());
        var site = new JwtSite(shop, login, revocation, more);
        if (hasKey) await site.GiveKeyAsync(isFollowing: false);
        return site;
    }

    internal IntrospectionClient NewClient() => Shop.ClientOf(Shop.Server, Shop.Orders, _options);

    /// <summary>A JWT of the other issuer, in the session s1.</summary>
    internal string Token(string jti, long? issued = null, JsonNode? more = null, long? expires = null)
    {
        var claims = Login.Claims();
        (claims["jti"], claims["sid"], claims["iat"], claims["exp"]) = (jti, "s1", issued ?? Time.Seconds, expires ?? Time.Seconds + 3600);
        if (more is not null) claims["touchstone"] = more;
        return Login.Key.Sign(Login.Key.Header(), claims);
    }

    internal async Task<IntrospectionResult> CheckAsync(string token, IntrospectionPolicy? policy = null) => await Client.IntrospectAsync(token, policy);

    internal async Task<string> CursorAsync()
    {
        var cursor = (await Shop.Server.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString()!;
        return string.Join('.', cursor.Split('.')[..2]);
    }

    internal async Task RevokeAsync(object row)
    {
        var answer = await Shop.Server.Admin.PostAsync(AdminCalls.Revocations, row);
        answer.Status.ShouldBe(200, answer.ToString());
        var last = answer.Json.ValueKind is System.Text.Json.JsonValueKind.Array ? answer.Json.EnumerateArray().Last() : answer.Json;
        if (Client.Follower.View.Head.Epoch != default) await KnowsAsync(last.GetProperty("seq").GetInt64());
    }

    internal async Task GiveKeyAsync(bool isFollowing = true)
    {
        await Shop.Server.Admin.ChangeAsync(Shop.Orders.Id, "give-tag-key");
        if (!isFollowing) return;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Client.Follower.View.Jwts is null || Client.Follower.At(Time.Read()) is not Freshness.Followed) await TurnAsync(patience.Token);
    }

    /// <summary>Ends when the lease is held again, after the clock moved.</summary>
    internal async Task FollowsAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await Client.StartAsync(patience.Token);
        while (Client.Follower.At(Time.Read()) is not Freshness.Followed) await TurnAsync(patience.Token);
    }

    private async Task KnowsAsync(long seq)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Client.Follower.View.Head.Seq < seq) await TurnAsync(patience.Token);
    }

    private static async Task TurnAsync(CancellationToken patience)
    {
        patience.ThrowIfCancellationRequested();
        await Task.Yield();
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Shop.DisposeAsync();
        await Login.DisposeAsync();
    }

    private sealed class Counting(JwtSite site) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.AbsolutePath == "/oauth/introspect") Interlocked.Increment(ref site._introspections);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
