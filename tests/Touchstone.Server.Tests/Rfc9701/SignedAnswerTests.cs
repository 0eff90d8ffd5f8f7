using System.Net.Http.Headers;

namespace Touchstone.Server.Tests.Rfc9701;

/// <summary>Introspection answers as signed JWTs.</summary>
public sealed class SignedAnswerTests(Acme acme) : IClassFixture<Acme>
{
    private const string Jwt = "application/token-introspection+jwt";

    [Fact]
    public async Task J01_J04_J05_J08_J09_A_signed_answer_says_who_says_it_to_whom_and_when_and_what_the_plain_one_says()
    {
        var token = await acme.TokenAsync(new { client_id = "web-shop", sub = "ü\"4821", scope = "orders:read", aud = Acme.OrdersApi, claims = new { n = 1.50m } });
        var plain = (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive().GetRawText();
        var answer = await acme.OAuth.SignedAsync(token, acme.Orders);
        answer.HeaderNames.ShouldBe((await acme.OAuth.IntrospectAsync(token, acme.Orders)).HeaderNames);
        var jwt = answer.ShouldBeSigned(acme.Server);
        System.Text.Encoding.UTF8.GetString(jwt.Payload.Span).ShouldBe($$$"""{"iss":"https://as.acme.test","aud":"rs-orders","iat":{{{acme.Time.Seconds}}},"token_introspection":{{{plain}}},"touchstone":{"token_sha256":"{{{Protocol.Tokens.TokenHash.Of(token)}}}"}}""");
    }

    [Fact]
    public async Task J06_J22_I12_An_inactive_answer_has_one_member_and_no_other()
    {
        var revoked = await acme.TokenAsync();
        await acme.OAuth.RevokeAsync(revoked, acme.Shop);
        foreach (var token in (string[])[revoked, "unknown", "tst_at_mistyped", await acme.RefreshTokenAsync("g-signed"), await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.BillingApi })])
            (await acme.OAuth.SignedAsync(token, acme.Orders)).ShouldBeSigned(acme.Server).Said().GetRawText().ShouldBe("{\"active\":false}");
    }

    [Fact]
    public async Task J07_J10_J13_Each_resource_server_is_told_what_it_may_see()
    {
        var narrow = await acme.Admin.AddClientAsync(new { client_id = "signed-narrow", kind = "resource-server", audience = new[] { Acme.OrdersApi }, view = new { scope = "orders:write", claims = Array.Empty<string>(), sub = "pairwise" } });
        var token = await acme.TokenAsync(new { client_id = "web-shop", sub = "u-4821", username = "jane", scope = "orders:read orders:write", aud = Acme.OrdersApi });
        var said = (await acme.OAuth.SignedAsync(token, narrow)).ShouldBeSigned(acme.Server).Said();
        said.GetRawText().ShouldBe((await acme.OAuth.IntrospectAsync(token, narrow)).Text);
        said.GetProperty("scope").GetString().ShouldBe("orders:write");
        said.GetRawText().ShouldNotContain("4821");
        said.GetRawText().ShouldNotContain("jane");
        (await acme.OAuth.SignedAsync(token, acme.Billing)).ShouldBeSigned(acme.Server).Claims.GetProperty("aud").GetString().ShouldBe("rs-billing");
    }

    [Fact]
    public async Task J02_J03_Who_does_not_authenticate_gets_no_answer_and_no_plain_one_either()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.SignedAsync(token, null)).ShouldBeError(400, "invalid_request", "A signed answer is for a caller that authenticates.");
        (await acme.OAuth.PostAsync(OAuthCalls.Introspect, null, ("token", token))).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.SignedAsync(token, new TestClient("rs-orders", "wrong"))).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.SignedAsync(token, acme.Mute)).ShouldBeError(403, "access_denied");
        (await acme.OAuth.SignedAsync(token, acme.Spa)).ShouldBeError(400, "invalid_request"); // An identifier alone proves nothing.
    }

    [Fact]
    public async Task J03_It_can_be_a_challenge_by_a_setting()
    {
        await using var other = await Acme.StartAsync(options => options.SignedAnswers.ChallengeMissingCredentials = true);
        (await other.OAuth.SignedAsync(await other.TokenAsync(), null)).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task J02_J11_An_access_token_of_the_resource_server_is_as_good_as_its_secret()
    {
        var own = await acme.OAuth.TokenOfAsync(acme.Orders, ("scope", "touchstone:introspect"));
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect) { Content = new FormUrlEncodedContent([new("token", await acme.TokenAsync())]) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", own);
        request.Headers.TryAddWithoutValidation("Accept", Jwt);
        var jwt = (await acme.OAuth.SendAsync(request)).ShouldBeSigned(acme.Server);
        jwt.Claims.GetProperty("aud").GetString().ShouldBe("rs-orders");
        jwt.Said().GetProperty("active").GetBoolean().ShouldBeTrue();
        (await acme.OAuth.SignedAsync(own, acme.Orders, path: "/admin/clients")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task J15_C18_Nothing_that_is_taken_is_406_and_an_error_is_JSON()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.SignedAsync(token, acme.Orders, "text/html")).ShouldBeError(406, "invalid_request", $"Accept application/json or {Jwt}.");
        (await acme.OAuth.SignedAsync(token, acme.Orders, "application/jwt")).ShouldBeError(406, "invalid_request");
        (await acme.OAuth.SignedAsync(token, null, "text/html")).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.SignedAsync("", acme.Orders)).ShouldBeError(400, "invalid_request");
        foreach (var accept in (string?[])[null, "*/*", "application/json", $"{Jwt};q=0.1, application/json"]) (await acme.OAuth.SignedAsync(token, acme.Orders, accept)).ShouldBeActive();
    }

    [Fact]
    public async Task J15_Answers_about_several_tokens_are_JSON_or_406()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.SignedAsync(token, acme.Orders, path: OAuthCalls.Batch)).ShouldBeError(406, "invalid_request");
        (await acme.OAuth.SignedAsync(token, acme.Orders, $"{Jwt}, application/json", OAuthCalls.Batch)).ShouldBeJson(200);
        (await acme.OAuth.SignedAsync(token, acme.Orders, "*/*", OAuthCalls.Batch)).ShouldBeJson(200);
        (await acme.OAuth.SignedAsync(token, null, path: OAuthCalls.Batch)).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task A_follower_is_told_the_same_beside_a_signed_answer()
    {
        var token = await acme.TokenAsync();
        var plain = await acme.OAuth.SignedAsync(token, acme.Orders, "application/json", follow: "1");
        var signed = await acme.OAuth.SignedAsync(token, acme.Orders, follow: "1");
        var about = signed.ShouldBeSigned(acme.Server).Claims.GetProperty("touchstone");
        (about.GetProperty("as_of").GetString(), about.GetProperty("tags").GetString()).ShouldBe((plain.Header("Touchstone-As-Of"), plain.Header("Touchstone-Tags")));
        foreach (var header in (string[])["Touchstone-As-Of", "Touchstone-Tags"]) signed.Header(header).ShouldBe(plain.Header(header).ShouldNotBeNull());
    }

    [Fact]
    public async Task J20_L09_A_signed_answer_is_no_token()
    {
        var answer = (await acme.OAuth.SignedAsync(await acme.TokenAsync(), acme.Orders)).Text;
        (await acme.OAuth.IntrospectAsync(answer, acme.Orders)).ShouldBeInactive();
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect) { Content = new FormUrlEncodedContent([new("token", "x")]) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", answer);
        (await acme.OAuth.SendAsync(request)).Status.ShouldBe(401);
        (await acme.OAuth.PostAsync(OAuthCalls.Introspect, null, ("token", "x"), ("client_assertion_type", ClientAuth.Signer.Type), ("client_assertion", answer))).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task J14_The_metadata_names_what_there_is()
    {
        var metadata = await acme.OAuth.MetadataAsync();
        string[] Of(string name) => [.. metadata.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];
        Of("introspection_signing_alg_values_supported").ShouldBe(["ES256", "RS256"], ignoreOrder: true);
        Of("introspection_encryption_alg_values_supported").ShouldBe(["RSA-OAEP-256", "ECDH-ES"]);
        Of("introspection_encryption_enc_values_supported").ShouldBe(["A128CBC-HS256", "A256GCM"]);
    }
}
