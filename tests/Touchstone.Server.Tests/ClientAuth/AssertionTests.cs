using System.Text.Json.Nodes;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary><c>private_key_jwt</c> and <c>client_secret_jwt</c> at the server; what the claims may be is tested beside the rules.</summary>
public sealed class AssertionTests(Acme acme) : IClassFixture<Acme>
{
    private static int _count;

    private static string NewId => $"caller-{Interlocked.Increment(ref _count)}";

    private long Now => acme.Time.Seconds;

    public static TheoryData<string> Asymmetric => ["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

    [Theory, MemberData(nameof(Asymmetric))]
    public async Task K01_K08_A_signed_assertion_is_accepted(string algorithm)
    {
        var (id, key) = (NewId, Signer.Of(algorithm));
        await acme.Server.AddWithKeysAsync(id, key);
        await acme.Server.ShouldAcceptAsync(key.Assertion(id, Now));
        await acme.Server.ShouldAcceptAsync(key.Assertion(id, Now), ("client_id", id));
    }

    [Theory]
    [InlineData("HS256"), InlineData("HS384"), InlineData("HS512")]
    public async Task K01_K08_An_assertion_with_a_MAC_under_the_secret_is_accepted(string algorithm)
    {
        var client = await acme.Server.AddAsync(NewId, "client_secret_jwt");
        client.Secret!.Length.ShouldBeGreaterThanOrEqualTo(64);
        await acme.Server.ShouldAcceptAsync(Signer.OfSecret(client.Secret!, algorithm).Assertion(client.Id, Now));
    }

    [Theory]
    [InlineData(OAuthCalls.Introspect), InlineData(OAuthCalls.Revoke), InlineData(OAuthCalls.Token)]
    public async Task K01_All_endpoints_take_assertions(string endpoint)
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddAsync(id, "private_key_jwt", body => (body["jwks"], body["kind"], body["may_introspect"]) = (key.Jwks, "client", true));
        var answer = await acme.OAuth.PostAsync(endpoint, null, ("token", "x"), ("grant_type", "client_credentials"), ("client_assertion_type", Signer.Type), ("client_assertion", key.Assertion(id, Now)));
        answer.Status.ShouldBe(200, answer.ToString());
    }

    [Fact]
    public async Task K08_K10_A_wrong_signature_is_invalid_client()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        await acme.Server.ShouldRefuseAsync(Signer.Of("ES256").Assertion(id, Now), id, "wrong_signature");
        var good = key.Assertion(id, Now);
        await acme.Server.ShouldRefuseAsync(good[..^4] + (good[^4] == 'A' ? 'B' : 'A') + good[^3..], id, "wrong_signature");
        await acme.Server.ShouldAcceptAsync(good);
    }

    [Fact]
    public async Task K13_A_key_in_the_header_is_not_used_and_an_address_there_is_not_fetched()
    {
        var (id, key, mine) = (NewId, Signer.Of("ES256"), Signer.Of("ES256", "k9"));
        await acme.Server.AddWithKeysAsync(id, key);
        await using var keys = await KeyServer.StartAsync(mine.Jwks);
        await acme.Server.ShouldRefuseAsync(mine.Assertion(id, Now, header: head => head["jwk"] = mine.Jwk), id, "unknown_key");
        await acme.Server.ShouldRefuseAsync(mine.Assertion(id, Now, header: head => (head["jku"], head["x5u"]) = (keys.Uri, keys.Uri)), id, "unknown_key");
        keys.Calls.ShouldBe(0); // W-24
    }

    [Fact]
    public async Task K13_W20_A_public_key_is_no_secret()
    {
        var (id, key) = (NewId, Signer.Of("RS256"));
        await acme.Server.AddAsync(id, "private_key_jwt", body => body["jwks"] = key.Jwks);
        foreach (var text in (string[])[key.Jwk["n"]!.GetValue<string>(), key.Jwk.ToJsonString(), key.Jwks.ToJsonString()])
            await acme.Server.ShouldRefuseAsync(Signer.OfSecret(text).Assertion(id, Now), id, "method_not_registered");

        // Even where both methods are registered.
        var both = await acme.Server.AddAsync(NewId, "private_key_jwt", body => (body["jwks"], body["auth_methods"]) = (key.Jwks, new JsonArray("private_key_jwt", "client_secret_jwt")));
        await acme.Server.ShouldRefuseAsync(Signer.OfSecret(key.Jwk.ToJsonString()).Assertion(both.Id, Now), both.Id, "wrong_signature");
        await acme.Server.ShouldAcceptAsync(Signer.OfSecret(both.Secret!).Assertion(both.Id, Now));
        await acme.Server.ShouldAcceptAsync(key.Assertion(both.Id, Now));
    }

    [Theory]
    [InlineData("none"), InlineData("nOnE")]
    public async Task W21_K09_Unsigned_is_refused(string algorithm)
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        (await acme.Server.AssertAsync(key.Assertion(id, Now, header: head => head["alg"] = algorithm), ("client_id", id))).ShouldBeError(401, "invalid_client");
        (await acme.Server.LastFailureAsync(id)).ShouldBe("assertion_algorithm");
    }

    [Fact]
    public async Task W01_A_key_is_for_its_own_algorithm()
    {
        var (id, rs) = (NewId, Signer.Of("RS256"));
        var jwk = rs.Jwk;
        jwk["alg"] = "RS256";
        await acme.Server.AddAsync(id, "private_key_jwt", body => body["jwks"] = new JsonObject { ["keys"] = new JsonArray(jwk) });
        await acme.Server.ShouldRefuseAsync(Signer.Of("PS256").Assertion(id, Now), id, "unknown_key");
        await acme.Server.ShouldRefuseAsync(Signer.Of("RS512").Assertion(id, Now), id, "unknown_key");
        await acme.Server.ShouldAcceptAsync(rs.Assertion(id, Now));
    }

    [Fact]
    public async Task K13_A_key_of_one_client_is_not_another_clients()
    {
        var (a, b, keyA, keyB) = (NewId, NewId, Signer.Of("ES256"), Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(a, keyA);
        await acme.Server.AddWithKeysAsync(b, keyB);
        await acme.Server.ShouldRefuseAsync(keyA.Assertion(b, Now), b, "wrong_signature");
    }

    [Fact]
    public async Task K02_K33_An_assertion_beside_the_client_id_of_another_is_refused()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        await acme.Server.ShouldRefuseAsync(key.Assertion(id, Now), id, "assertion_client_id", ("client_id", acme.Orders.Id));
    }

    [Fact]
    public async Task K04_K30_The_token_endpoint_is_an_audience_only_for_clients_that_may()
    {
        var (id, old, key) = (NewId, NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        await acme.Server.AddAsync(old, "private_key_jwt", body => (body["jwks"], body["token_endpoint_audience"]) = (key.Jwks, true));
        const string TokenEndpoint = TestServer.DefaultIssuer + "/oauth/token";
        await acme.Server.ShouldRefuseAsync(key.Assertion(id, Now, claims => claims["aud"] = TokenEndpoint), id, "assertion_audience");
        await acme.Server.ShouldAcceptAsync(key.Assertion(old, Now, claims => claims["aud"] = TokenEndpoint));
        await acme.Server.ShouldAcceptAsync(key.Assertion(old, Now));
    }

    [Theory]
    [InlineData("exp", null, "assertion_without_exp"), InlineData("jti", null, "assertion_jti"), InlineData("aud", """["https://as.acme.test","https://x.test"]""", "assertion_audience")]
    [InlineData("exp", "1790100000", "assertion_lifetime"), InlineData("exp", "1789999000", "assertion_expired"), InlineData("nbf", "1790000100", "assertion_not_yet_valid")]
    public async Task K10_K31_K34_K35_Each_fault_is_the_same_outside_and_has_its_name_inside(string claim, string? value, string reason)
    {
        acme.Time.Seconds.ShouldBe(ManualTime.Start);
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        var assertion = key.Assertion(id, Now, claims =>
        {
            claims.Remove(claim);
            if (value is not null) claims[claim] = JsonNode.Parse(value);
        });
        (await acme.Server.AssertAsync(assertion, ("client_id", id))).ShouldBeError(401, "invalid_client", "Client authentication failed.");
        (await acme.Server.LastFailureAsync(id)).ShouldBe(reason);
    }

    [Fact]
    public async Task K10_Whom_an_assertion_names_is_told_of_its_fault_without_a_client_id_too()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        await acme.Server.ShouldRefuseAsync(key.Assertion(id, Now, claims => claims["jti"] = ""), id, "assertion_jti");
        await acme.Server.ShouldRefuseAsync(key.Assertion(id, Now, claims => claims.Remove("exp")), id, "assertion_without_exp");
        var nobody = NewId;
        await acme.Server.ShouldRefuseAsync(key.Assertion(nobody, Now, claims => claims["jti"] = ""), nobody, "assertion_jti");
    }

    [Fact]
    public async Task A10_Only_the_registered_methods_are_accepted()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        (await acme.OAuth.IntrospectAsync("x", new TestClient(id, "guess"))).ShouldBeError(401, "invalid_client");
        await acme.Server.ShouldRefuseAsync(Signer.OfSecret(acme.Orders.Secret!).Assertion(acme.Orders.Id, Now), acme.Orders.Id, "method_not_registered");

        var mac = await acme.Server.AddAsync(NewId, "client_secret_jwt");
        (await acme.OAuth.IntrospectAsync("x", mac)).ShouldBeError(401, "invalid_client");
        (await acme.Server.LastFailureAsync(mac.Id)).ShouldBe("method_not_registered");
    }

    [Fact]
    public async Task A04_An_assertion_beside_another_method_is_invalid_client()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        (await acme.Server.AssertAsync(key.Assertion(id, Now), ("client_id", id), ("client_secret", "x"))).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.PostAsync(OAuthCalls.Introspect, acme.Orders, ("token", "x"), ("client_assertion_type", Signer.Type), ("client_assertion", key.Assertion(id, Now)))).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task A11_An_unknown_client_looks_like_a_wrong_signature()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        var unknown = await acme.Server.AssertAsync(key.Assertion("nobody-at-all", Now));
        (await acme.Server.AssertAsync(Signer.Of("ES256").Assertion(id, Now))).Shape().ShouldBe(unknown.Shape());
        (await acme.Server.LastFailureAsync("nobody-at-all")).ShouldBe("unknown_client");
    }

    [Fact]
    public async Task A10_A_disabled_client_is_refused()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        await acme.Admin.ChangeAsync(id, "disable");
        await acme.Server.ShouldRefuseAsync(key.Assertion(id, Now), id, "client_disabled");
    }

    [Fact]
    public async Task L09_W11_JWTs_of_other_kinds_are_no_assertions_and_an_assertion_is_no_token()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        foreach (var type in (string[])["at+jwt", "secevent+jwt", "dpop+jwt", "token-introspection+jwt", "statuslist+jwt", "logout+jwt", "oauth-authz-req+jwt"])
        {
            (await acme.Server.AssertAsync(key.Assertion(id, Now, header: head => head["typ"] = type), ("client_id", id))).ShouldBeError(401, "invalid_client");
            (await acme.Server.LastFailureAsync(id)).ShouldBe("assertion_of_other_kind", type);
        }
        // Opaque tokens of either kind, and the assertion where a token belongs.
        foreach (var token in (string[])[await acme.TokenAsync(), await acme.RefreshTokenAsync("g1")]) (await acme.Server.AssertAsync(token)).ShouldBeError(401, "invalid_client");
        var assertion = key.Assertion(id, Now);
        (await acme.OAuth.IntrospectAsync(assertion, acme.Orders)).ShouldBeInactive();
        await acme.Server.ShouldAcceptAsync(assertion);
    }

    [Fact]
    public async Task W26_A_long_assertion_is_refused()
    {
        var (id, key) = (NewId, Signer.Of("ES256"));
        await acme.Server.AddWithKeysAsync(id, key);
        (await acme.Server.AssertAsync(key.Assertion(id, Now, claims => claims["x"] = new string('x', 8192)), ("client_id", id))).ShouldBeError(401, "invalid_client");
        (await acme.Server.LastFailureAsync(id)).ShouldBe("assertion_too_long");
    }
}
