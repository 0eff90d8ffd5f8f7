using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Signing;
using Touchstone.Server.Tests.Rfc9068;

namespace Touchstone.Server.Tests.Rfc7662;

/// <summary>
/// Tokens that say something themselves, at introspection. A JWT of this server is found by the hash of all its characters, signature included: that it is found proves that it is the one that was signed, to the last bit. What is told comes from its record; the token is never believed.
/// </summary>
public sealed class StructuredTokenTests(JwtServer jwts) : IClassFixture<JwtServer>
{
    [Theory]
    [InlineData("scope", "touchstone:admin")]
    [InlineData("sub", "eve")]
    [InlineData("exp", 99999999999L)]
    [InlineData("aud", Acme.BillingApi)]
    [InlineData("client_id", "web-shop")]
    public async Task I22_Nothing_is_told_of_a_JWT_whose_claims_were_changed_whoever_signed_it_anew(string claim, object value)
    {
        var token = await jwts.TokenAsync();
        var parts = token.Split('.');
        var claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!.AsObject();
        claims[claim] = value is long number ? JsonValue.Create(number) : JsonValue.Create((string)value);
        var changed = Encoding.UTF8.GetBytes(claims.ToJsonString());
        var signedAnew = JwtWriter.Write(jwts.Server.Services.GetRequiredService<SigningKeys>().Current(SigningKey.Es256), "at+jwt", changed);
        (await jwts.Server.VerifyAsync(signedAnew)).ShouldBe(SignatureVerdict.Good);
        foreach (var other in (string[])[$"{parts[0]}.{Base64Url.EncodeToString(changed)}.{parts[2]}", signedAnew])
        {
            foreach (var caller in (TestClient[])[jwts.Acme.Orders, jwts.Acme.Billing, jwts.Signed, jwts.Acme.Shop]) (await jwts.OAuth.IntrospectAsync(other, caller)).ShouldBeInactive();
        }
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task I22_What_is_told_is_what_was_signed_and_the_signature_is_good()
    {
        var token = await jwts.TokenAsync(new { client_id = "signed", sub = "u-4821", username = "ann", scope = "orders:read", aud = Acme.OrdersApi, claims = new { acr = "gold", amr = new[] { "pwd" } } });
        (await jwts.Server.VerifyAsync(token)).ShouldBe(SignatureVerdict.Good);
        var told = (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeActive();
        foreach (var claim in Jwts.Read(token).Claims.EnumerateObject().Where(claim => claim.Name is not "touchstone"))
            told.GetProperty(claim.Name).GetRawText().ShouldBe(claim.Value.GetRawText(), claim.Name);
    }

    [Fact]
    public async Task I22_A_JWT_of_another_issuer_is_told_of_as_it_was_registered_and_not_as_it_says()
    {
        var claims = $$"""{"iss":"https://idp.acme.test","sub":"eve","aud":"{{Acme.OrdersApi}}","client_id":"signed","iat":1,"exp":99999999999,"jti":"x","scope":"touchstone:admin","acr":"gold"}""";
        var token = $"{Part("""{"typ":"at+jwt","alg":"none"}""")}.{Part(claims)}.{Part("no signature")}";
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeInactive();
        await jwts.Admin.IssueAsync(new { token, iss = "https://idp.acme.test", client_id = "web-shop", sub = "ann", aud = Acme.OrdersApi, scope = "orders:read", expires_in = 60 });
        var told = (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeActive();
        (told.GetProperty("sub").GetString(), told.GetProperty("scope").GetString(), told.GetProperty("exp").GetInt64()).ShouldBe(("ann", "orders:read", jwts.Server.Time.Seconds + 60));
        told.TryGetProperty("acr", out _).ShouldBeFalse();
        (await jwts.OAuth.IntrospectAsync(token, jwts.Signed)).ShouldBeInactive();
    }

    private static string Part(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
