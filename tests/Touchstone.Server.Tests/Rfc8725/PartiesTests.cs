using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Signing;
using Touchstone.Server.Tests.ClientAuth;
using Touchstone.Server.Tests.Rfc9068;
using Touchstone.Server.Tests.Rfc9701;

namespace Touchstone.Server.Tests.Rfc8725;

/// <summary>Who says it, of whom, and to whom: of each JWT that the server takes or makes.</summary>
public sealed class PartiesTests(JwtServer jwts) : IClassFixture<JwtServer>
{
    private TestServer Server => jwts.Server;

    private long Now => Server.Time.Seconds;

    [Fact]
    public async Task W07_Keys_belong_to_who_registered_them_even_where_they_have_the_same_name()
    {
        var (one, two) = (Signer.Of("ES256"), Signer.Of("ES256"));
        await Server.AddWithKeysAsync("keys-one", one);
        await Server.AddWithKeysAsync("keys-two", two);
        await Server.ShouldRefuseAsync(two.Assertion("keys-one", Now), "keys-one", "wrong_signature");
        await Server.ShouldRefuseAsync(one.Assertion("keys-two", Now), "keys-two", "wrong_signature");
        // Nor are the server's own keys anybody's, or those of a client the server's.
        var key = Server.Services.GetRequiredService<SigningKeys>().Current(SigningKey.Es256);
        var claims = $$"""{"iss":"keys-one","sub":"keys-one","aud":"{{TestServer.DefaultIssuer}}","iat":{{Now}},"exp":{{Now + 60}},"jti":"w-07"}""";
        await Server.ShouldRefuseAsync(JwtWriter.Write(key, "client-authentication+jwt", System.Text.Encoding.UTF8.GetBytes(claims)), "keys-one", "unknown_key");
        await Server.ShouldAcceptAsync(one.Assertion("keys-one", Now));
        await Server.ShouldAcceptAsync(two.Assertion("keys-two", Now));
    }

    [Fact]
    public async Task W07_A_subject_that_its_issuer_can_not_speak_for_is_refused()
    {
        var key = Signer.Of("ES256");
        await Server.AddWithKeysAsync("speaker", key);
        foreach (var subject in (string?[])["keys-other", "SPEAKER", "", null])
            await Server.ShouldRefuseAsync(key.Assertion("speaker", Now, claims => claims["sub"] = subject), "speaker", "assertion_subject", ("client_id", "speaker"));
        // The same name at another issuer is somebody else: what ends the one leaves the other.
        var foreign = await jwts.Admin.IssueAsync(new { token = "w-07-foreign", iss = "https://idp.acme.test", client_id = "web-shop", sub = "w-07", aud = Acme.OrdersApi, expires_in = 60 });
        var own = await jwts.TokenAsync(new { client_id = "signed", sub = "w-07", aud = Acme.OrdersApi });
        (await jwts.Admin.PostAsync(AdminCalls.Revocations, new { sub = "w-07" })).Status.ShouldBe(200);
        (await jwts.OAuth.IntrospectAsync(own, jwts.Acme.Orders)).ShouldBeInactive();
        (await jwts.OAuth.IntrospectAsync(foreign, jwts.Acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task W08_Each_resource_server_takes_what_is_for_it_and_nothing_for_its_neighbour()
    {
        var token = await jwts.TokenAsync(new { client_id = "signed", sub = "u-1", aud = Acme.OrdersApi });
        (Server.Judge(token, Acme.OrdersApi), Server.Judge(token, Acme.BillingApi), Server.Judge(token, Acme.OrdersApi.TrimEnd('/'))).ShouldBe((JwtFault.None, JwtFault.Audience, JwtFault.Audience));
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeActive();
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Billing)).ShouldBeInactive();

        var answer = (await jwts.OAuth.SignedAsync(token, jwts.Acme.Orders)).ShouldBeSigned(Server);
        string[] algorithms = [.. JwtRules.Algorithms];
        JwtRules.JudgeAnswer(answer, TestServer.DefaultIssuer, jwts.Acme.Orders.Id, algorithms, Now, 0).ShouldBe(JwtFault.None);
        JwtRules.JudgeAnswer(answer, TestServer.DefaultIssuer, jwts.Acme.Billing.Id, algorithms, Now, 0).ShouldBe(JwtFault.Audience);
    }

    [Fact]
    public async Task W08_An_assertion_for_another_server_or_for_several_is_refused()
    {
        var key = Signer.Of("ES256");
        await Server.AddWithKeysAsync("addressing", key);
        foreach (var audience in (string[])["https://other.acme.test", TestServer.DefaultIssuer + "/", TestServer.DefaultIssuer + OAuthCalls.Introspect])
            await Server.ShouldRefuseAsync(key.Assertion("addressing", Now, claims => claims["aud"] = audience), "addressing", "assertion_audience");
        await Server.ShouldRefuseAsync(key.Assertion("addressing", Now, claims => claims["aud"] = new System.Text.Json.Nodes.JsonArray(TestServer.DefaultIssuer, "https://other.acme.test")), "addressing", "assertion_audience");
        await Server.ShouldRefuseAsync(key.Assertion("addressing", Now, claims => claims.Remove("aud")), "addressing", "assertion_audience");
    }
}
