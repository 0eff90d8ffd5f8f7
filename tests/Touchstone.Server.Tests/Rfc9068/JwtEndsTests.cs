using System.Buffers.Text;
using System.Numerics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Signing;
using Touchstone.Server.Tests.ClientAuth;

namespace Touchstone.Server.Tests.Rfc9068;

/// <summary>A JWT is what its record says it is: revoked like any token, and nothing when it has none.</summary>
public sealed class JwtEndsTests(JwtServer jwts) : IClassFixture<JwtServer>
{
    private SigningKey Key => jwts.Server.Services.GetRequiredService<SigningKeys>().Current(SigningKey.Es256);

    [Theory]
    [InlineData("token")]
    [InlineData("token_sha256")]
    [InlineData("jti")]
    [InlineData("grant")]
    [InlineData("session")]
    [InlineData("sub")]
    [InlineData("tenant")]
    [InlineData("client_id")]
    public async Task L08_I15_A_JWT_is_revoked_as_any_token(string selector)
    {
        await jwts.Admin.AddClientAsync(new { client_id = "ended-" + selector, kind = "client", audience = new[] { Acme.OrdersApi }, grants = new { access_token_format = "jwt" } });
        var token = await jwts.TokenAsync(new { client_id = "ended-" + selector, sub = "u-" + selector, aud = Acme.OrdersApi, jti = "j-" + selector, grant = "g-" + selector, session = "s-" + selector, tenant = "t-" + selector });
        Jwts.IsJwt(token).ShouldBeTrue();
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeActive();
        var value = selector switch { "token" => token, "token_sha256" => TokenHash.Of(token).ToString(), "sub" => "u-sub", "client_id" => "ended-client_id", _ => selector[0] + "-" + selector };
        (await jwts.Admin.PostAsync(AdminCalls.Revocations, new Dictionary<string, string> { [selector] = value })).Status.ShouldBe(200);
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeInactive();
        // Its signature is as good as before: that is why it is asked about.
        (await jwts.Server.VerifyAsync(token)).ShouldBe(SignatureVerdict.Good);
    }

    [Theory]
    [InlineData("session", "born-ended")]
    [InlineData("grant", "born-ended")]
    [InlineData("ancestors", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    public async Task L08_None_is_made_that_was_ended_before_it_was_born(string member, string value)
    {
        (await jwts.Admin.PostAsync(AdminCalls.Revocations, new Dictionary<string, string> { [member == "ancestors" ? "token_sha256" : member] = value })).Status.ShouldBe(200);
        Dictionary<string, object> Body(string client) => new() { ["client_id"] = client, ["sub"] = "u-4821", ["aud"] = Acme.OrdersApi, [member] = member == "ancestors" ? new[] { value } : value };
        var refused = (await jwts.Admin.PostAsync(AdminCalls.Tokens, Body("signed"))).ShouldBeProblem(400);
        refused.GetRawText().ShouldContain("this JWT would be ended from its birth on");
        // An opaque one is asked about, and known to be over.
        (await jwts.OAuth.IntrospectAsync(await jwts.Admin.IssueAsync(Body(jwts.Acme.Shop.Id)), jwts.Acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task R01_The_client_revokes_its_JWT_by_value()
    {
        var token = await jwts.OAuth.TokenOfAsync(jwts.Signed);
        (await jwts.OAuth.RevokeAsync(token, jwts.Signed)).Status.ShouldBe(200);
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task L10_Another_signature_over_the_same_claims_is_another_token()
    {
        var token = await jwts.TokenAsync();
        var parts = token.Split('.');
        var signature = Base64Url.DecodeFromChars(parts[2]);
        // ECDSA: with s, n - s is a signature as well.
        var order = BigInteger.Parse("0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", System.Globalization.NumberStyles.HexNumber, null);
        var s = (order - new BigInteger(signature.AsSpan(32), isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        signature.AsSpan(32).Clear();
        s.CopyTo(signature.AsSpan(64 - s.Length));
        var twin = $"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(signature)}";
        twin.ShouldNotBe(token);
        (await jwts.Server.VerifyAsync(twin)).ShouldBe(SignatureVerdict.Good);
        (await jwts.OAuth.IntrospectAsync(twin, jwts.Acme.Orders)).ShouldBeInactive();
        (await jwts.OAuth.IntrospectAsync(token, jwts.Acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task L10_Any_change_of_a_JWT_makes_it_unknown()
    {
        var token = await jwts.TokenAsync();
        var parts = token.Split('.');
        var none = Base64Url.EncodeToString("""{"typ":"at+jwt","alg":"none"}"""u8);
        foreach (var changed in (string[])[token[..^1], token + "A", token + "=", " " + token, token.ToUpperInvariant(), $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}", $"{none}.{parts[1]}.", $"{none}.{parts[1]}.{parts[2]}", (token[0] == 'A' ? 'B' : 'A') + token[1..]])
            (await jwts.OAuth.IntrospectAsync(changed, jwts.Acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task L09_W11_A_JWT_without_a_record_is_inactive_even_where_our_key_signed_it()
    {
        var claims = Encoding.UTF8.GetBytes($$"""{"iss":"{{TestServer.DefaultIssuer}}","sub":"u","aud":"{{Acme.OrdersApi}}","client_id":"signed","iat":{{jwts.Server.Time.Seconds}},"exp":{{jwts.Server.Time.Seconds + 60}},"jti":"made-up","scope":"touchstone:admin"}""");
        foreach (var type in (string[])["at+jwt", "token-introspection+jwt", "secevent+jwt", "statuslist+jwt", "dpop+jwt", "client-authentication+jwt", "JWT"])
        {
            var made = JwtWriter.Write(Key, type, claims);
            (await jwts.Server.VerifyAsync(made)).ShouldBe(SignatureVerdict.Good);
            (await jwts.OAuth.IntrospectAsync(made, jwts.Acme.Orders)).ShouldBeInactive();
            (await jwts.OAuth.IntrospectAsync(made, jwts.Signed)).ShouldBeInactive();
            using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/keys");
            request.Headers.Authorization = new("Bearer", made);
            (await jwts.OAuth.SendAsync(request)).Status.ShouldBe(401, type);
        }
    }

    [Fact]
    public async Task L11_A_JWT_without_exp_or_iat_is_inactive_and_none_is_made()
    {
        foreach (var times in (string[])["", ",\"iat\":1", ",\"exp\":99999999999"])
        {
            var made = JwtWriter.Write(Key, "at+jwt", Encoding.UTF8.GetBytes($$"""{"iss":"{{TestServer.DefaultIssuer}}","sub":"u","aud":"{{Acme.OrdersApi}}","client_id":"signed","jti":"j"{{times}}}"""));
            (await jwts.OAuth.IntrospectAsync(made, jwts.Acme.Orders)).ShouldBeInactive();
        }
        var token = Jwts.Read(await jwts.TokenAsync());
        (token.Has("exp"u8), token.Has("iat"u8)).ShouldBe((true, true));
    }

    [Fact]
    public async Task L09_W11_A_JWT_access_token_is_no_client_assertion_and_an_assertion_no_access_token()
    {
        // Its own key is ours: even then a token that was handed out proves nothing about who sends it.
        var asserting = await jwts.Admin.AddClientAsync(new
        {
            client_id = "asserting", kind = "client", audience = new[] { TestServer.DefaultIssuer, Acme.OrdersApi }, auth_methods = new[] { "private_key_jwt" }, grants = new { access_token_format = "jwt" },
            jwks = System.Text.Json.JsonDocument.Parse($$"""{"keys":[{{Key.Jwk}}]}""").RootElement,
        });
        var claims = Encoding.UTF8.GetBytes($$"""{"iss":"asserting","sub":"asserting","aud":"{{TestServer.DefaultIssuer}}","iat":{{jwts.Server.Time.Seconds}},"exp":{{jwts.Server.Time.Seconds + 60}},"jti":"a-1"}""");
        var assertion = JwtWriter.Write(Key, "client-authentication+jwt", claims);
        var token = await AskAsync(assertion);
        token.Status.ShouldBe(200, token.ToString());
        (await AskAsync(token.Json.GetProperty("access_token").GetString()!)).ShouldBeError(401, "invalid_client");
        (await AskAsync(JwtWriter.Write(Key, "at+jwt", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(claims).Replace("a-1", "a-2", StringComparison.Ordinal))))).ShouldBeError(401, "invalid_client");
        (await jwts.OAuth.IntrospectAsync(assertion, jwts.Acme.Orders)).ShouldBeInactive();

        Task<Answer> AskAsync(string jwt) => jwts.OAuth.PostAsync(
            OAuthCalls.Token, null, ("grant_type", "client_credentials"), ("client_id", asserting.Id), ("client_assertion_type", Signer.Type), ("client_assertion", jwt), ("resource", Acme.OrdersApi));
    }
}
