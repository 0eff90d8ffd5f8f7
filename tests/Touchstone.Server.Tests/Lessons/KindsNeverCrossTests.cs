using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Tests.Lessons;

/// <summary>L09: what is good for one thing is never accepted for another.</summary>
public sealed class KindsNeverCrossTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task L09_Nothing_but_a_token_is_a_token()
    {
        var issued = (await acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "web-shop", aud = Acme.OrdersApi, jti = "j-cross", grant = "g-cross", session = "s-cross" })).Json;
        var token = issued.GetProperty("token").GetString()!;
        foreach (var other in (string[])[
            TokenHash.Of(token).ToString(), Convert.ToBase64String(TokenHash.Of(token).ToArray()), "j-cross", "g-cross", "s-cross", acme.Shop.Secret!, acme.Orders.Secret!, acme.Server.AdminClient.Secret!,
            acme.Shop.Basic, "web-shop", token.Replace("_at_", "_rt_", StringComparison.Ordinal)])
        {
            (await acme.OAuth.IntrospectAsync(other, acme.Orders)).ShouldBeInactive();
            (await acme.OAuth.IntrospectAsync(other, acme.Shop)).ShouldBeInactive();
        }
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task L09_A_token_is_no_secret_and_a_secret_of_one_client_none_of_another()
    {
        var token = await acme.TokenAsync();
        foreach (var secret in (string[])[token, await acme.Admin.TokenAsync(), acme.Warehouse.Secret!, acme.Server.AdminClient.Secret!, TokenHash.Of(acme.Shop.Secret!).ToString(), acme.Shop.Secret + " ", acme.Shop.Secret!.ToUpperInvariant()])
        {
            (await acme.OAuth.IntrospectAsync(token, acme.Shop with { Secret = secret })).ShouldBeError(401, "invalid_client");
        }
    }

    [Fact]
    public async Task L09_An_access_token_opens_no_endpoint_that_asks_for_a_client()
    {
        foreach (var path in (string[])[OAuthCalls.Introspect, OAuthCalls.Revoke, OAuthCalls.Token])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([new("token", "x"), new("grant_type", "client_credentials")]) };
            request.Headers.Authorization = new("Bearer", await acme.OAuth.TokenOfAsync(acme.Shop));
            var answer = await acme.OAuth.SendAsync(request);
            if (path != OAuthCalls.Introspect) answer.ShouldBeError(401, "invalid_client");
            else answer.Header("WWW-Authenticate").ShouldNotBeNull().ShouldStartWith("Bearer realm=\"touchstone\", error=\"invalid_token\"", Case.Sensitive, "chapter 12.1: without touchstone:introspect it is no caller");
        }
    }

    [Fact]
    public async Task L09_L16_Revoking_a_grant_by_an_access_token_of_it_does_not_work()
    {
        var refresh = await acme.RefreshTokenAsync("g-mine");
        var access = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, grant = "g-mine" });
        await acme.OAuth.RevokeAsync(access, acme.Shop, ("token_type_hint", "refresh_token"));
        (await acme.OAuth.IntrospectAsync(refresh, acme.Shop)).ShouldBeActive();
    }

    [Fact]
    public async Task L09_Prefixes_can_be_chosen_and_old_tokens_stay_what_they_are()
    {
        using var folder = new TempFolder();
        string token;
        await using (var first = await Acme.StartAsync(data: folder.Path)) token = await first.TokenAsync();
        await using var second = await TestServer.StartAsync(options => (options.AccessTokenPrefix, options.RefreshTokenPrefix) = ("acme_a_", "acme_r_"), data: folder.Path);
        (await second.Admin.LookUpAsync(token)).GetProperty("active").GetBoolean().ShouldBeTrue();
        (await second.Admin.IssueAsync(new { client_id = "web-shop" })).ShouldStartWith("acme_a_");
    }
}
