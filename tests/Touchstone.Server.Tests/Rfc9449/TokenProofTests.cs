using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Touchstone.Server.Tests.ClientAuth;

namespace Touchstone.Server.Tests.Rfc9449;

/// <summary>Proofs of DPoP at the token endpoint.</summary>
public sealed class TokenProofTests(Acme acme) : IClassFixture<Acme>
{
    private readonly Signer _key = Signer.Of("ES256", keyId: null);

    private long Now => acme.Time.Seconds;

    [Fact]
    public async Task O05_O08_A_token_is_bound_to_the_key_of_the_proof()
    {
        var token = (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now))).ShouldBeBound();
        var seen = (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        seen.GetProperty("cnf").GetRawText().ShouldBe($$"""{"jkt":"{{_key.Thumbprint}}"}""");
        seen.GetProperty("token_type").GetString().ShouldBe("DPoP");
    }

    [Fact]
    public async Task O05_Without_a_proof_it_is_a_plain_one()
    {
        var token = (await acme.OAuth.GrantAsync(acme.Shop)).ShouldBeUnbound().GetProperty("access_token").GetString()!;
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive().TryGetProperty("cnf", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task O05_O20_A_proof_is_good_once()
    {
        var proof = _key.Proof(Now);
        (await acme.OAuth.ProveAsync(acme.Shop, proof)).ShouldBeBound();
        (await acme.OAuth.ProveAsync(acme.Shop, proof)).ShouldBeBadProof();
        (await acme.OAuth.ProveAsync(acme.Warehouse, proof)).ShouldBeBadProof();
    }

    [Fact]
    public async Task O15_O20_Of_many_parallel_uses_one_is_good()
    {
        var proof = _key.Proof(Now);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => acme.OAuth.ProveAsync(acme.Shop, proof)));
        answers.Count(answer => answer.Status == 200).ShouldBe(1);
        answers.Count(answer => answer.Status == 400).ShouldBe(49);
    }

    [Fact]
    public async Task O15_The_jti_is_the_keys_own()
    {
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now, claims => claims["jti"] = "one"))).ShouldBeBound();
        (await acme.OAuth.ProveAsync(acme.Shop, Signer.Of("ES256", null).Proof(Now, claims => claims["jti"] = "one"))).ShouldBeBound();
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now, claims => claims["jti"] = "one"))).ShouldBeBadProof();
    }

    [Fact]
    public async Task O03_What_was_refused_uses_nothing_up()
    {
        (await acme.OAuth.ProveAsync(acme.Shop with { Secret = "wrong" }, _key.Proof(Now, claims => claims["jti"] = "two"))).ShouldBeError(401, "invalid_client");
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now, claims => (claims["jti"], claims["htm"]) = ("two", "GET")))).ShouldBeBadProof();
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now, claims => claims["jti"] = "two"))).ShouldBeBound();
    }

    [Theory]
    [InlineData("AQ"), InlineData("AAE"), InlineData("AAAAAQ"), InlineData("AQAB")]
    public async Task W04_L47_A_key_that_is_none_is_the_callers_fault(string exponent)
    {
        var modulus = Base64Url.EncodeToString(Enumerable.Repeat((byte)255, 256).ToArray());
        static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        var signed = Part($$$"""{"typ":"dpop+jwt","alg":"RS256","jwk":{"kty":"RSA","n":"{{{modulus}}}","e":"{{{exponent}}}"}}""") + "." + Part($$"""{"jti":"1","htm":"POST","htu":"{{TestServer.DefaultIssuer}}/oauth/token","iat":{{Now}}}""");
        (await acme.OAuth.ProveAsync(acme.Shop, signed + "." + Base64Url.EncodeToString(new byte[256]))).ShouldBeBadProof();
    }

    [Fact]
    public async Task O03_O31_Two_headers_are_refused()
    {
        (await acme.OAuth.ProveAsync(acme.Shop, [_key.Proof(Now), _key.Proof(Now)])).ShouldBeBadProof();
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now) + "," + _key.Proof(Now))).ShouldBeBadProof();
        (await acme.OAuth.ProveAsync(acme.Shop, "")).ShouldBeBadProof();
    }

    public static TheoryData<string, string?> BadClaims => new()
    {
        { "htm", "GET" },
        { "htm", "post" },
        { "htu", "https://as.acme.test/oauth/introspect" },
        { "htu", "https://other.acme.test/oauth/token" },
        { "htu", "https://as.acme.test:444/oauth/token" },
        { "htu", "http://as.acme.test/oauth/token" },
        { "htu", "/oauth/token" },
        { "jti", "" },
        { "jti", new string('x', 257) },
        { "jti", null },
        { "htm", null },
        { "htu", null },
        { "iat", null },
    };

    [Theory]
    [MemberData(nameof(BadClaims))]
    public async Task O02_O03_O21_O22_A_claim_that_is_wrong_or_missing_is_refused(string claim, string? value) =>
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now, claims =>
        {
            if (value is null) claims.Remove(claim);
            else claims[claim] = value;
        }))).ShouldBeBadProof();

    [Theory]
    [InlineData("HTTPS://AS.acme.test:443/oauth/token")]
    [InlineData("https://as.acme.test/oauth/%74oken")]
    [InlineData("https://as.acme.test/oauth/token?x=1#y")]
    public async Task O04_O22_O23_The_endpoint_is_the_same_after_normalisation(string uri) => (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now, claims => claims["htu"] = uri))).ShouldBeBound();

    [Theory]
    [InlineData(-61)]
    [InlineData(61)]
    public async Task O14_O24_A_proof_of_another_time_is_refused(int seconds)
    {
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now + seconds))).ShouldBeBadProof();
        (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now + seconds - Math.Sign(seconds)))).ShouldBeBound();
    }

    [Fact]
    public async Task O01_O27_O28_A_header_that_is_wrong_is_refused()
    {
        Action<JsonObject>[] wrong =
        [
            header => header["typ"] = "JWT",
            header => header["alg"] = "none",
            header => header["alg"] = "HS256",
            header => header["alg"] = "ES384",
            header => header.Remove("jwk"),
            header => header["jwk"]!["d"] = "AAAA",
            header => header["jwk"] = Signer.Of("ES256", null).Jwk,
            header => header["crit"] = new JsonArray("x"),
        ];
        foreach (var change in wrong) (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now, header: change))).ShouldBeBadProof();
    }

    [Fact]
    public async Task O07_A_client_that_is_registered_so_gets_nothing_without_a_proof()
    {
        var bound = await acme.Admin.AddClientAsync(new { client_id = "bound", kind = "client", audience = new[] { Acme.OrdersApi }, grants = new { dpop_bound_access_tokens = true } });
        (await acme.OAuth.GrantAsync(bound)).ShouldBeBadProof();
        (await acme.OAuth.ProveAsync(bound, _key.Proof(Now))).ShouldBeBound();
        await acme.Admin.ChangeAsync("bound", "grants", new { dpop_bound_access_tokens = false });
        (await acme.OAuth.GrantAsync(bound)).ShouldBeUnbound();
    }

    [Fact]
    public async Task O12_Without_the_setting_no_nonce_is_given() => (await acme.OAuth.ProveAsync(acme.Shop, _key.Proof(Now))).Header("DPoP-Nonce").ShouldBeNull();

    [Fact]
    public async Task O01_The_metadata_names_the_algorithms() =>
        (await acme.OAuth.MetadataAsync()).GetProperty("dpop_signing_alg_values_supported").EnumerateArray().Select(item => item.GetString()).ShouldBe(["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]);

    [Fact]
    public async Task O15_The_fault_is_logged_and_the_proof_is_not()
    {
        var proof = _key.Proof(Now, claims => claims["htm"] = "GET");
        (await acme.OAuth.ProveAsync(acme.Shop, proof)).ShouldBeBadProof();
        acme.Server.Logs.Of(43).ShouldContain(line => line.Text.Contains("A DPoP proof of client web-shop was refused: htm is not POST", StringComparison.Ordinal));
        acme.Server.Logs.Text.ShouldNotContain(proof);
    }
}
