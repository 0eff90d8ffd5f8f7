using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FsCheck.Fluent;
using Touchstone.Protocol.DPoP;
using static Touchstone.Protocol.Tests.DPoP.ProofText;

namespace Touchstone.Protocol.Tests.DPoP;

public sealed class DPoPRulesTests
{
    [Fact]
    public void O03_A_right_proof_is_right()
    {
        Judge(With()).ShouldBe(DPoPFault.None);
        DPoPProof.TryRead(With("kid", value: "k1"), out var proof).ShouldBe(DPoPFault.None);
        (proof!.Algorithm, proof.Method, proof.Uri, proof.Id, proof.IssuedAt, proof.Nonce).ShouldBe(("ES256", "GET", Target, "q1x", Now, null));
    }

    [Theory]
    [InlineData("ES256", "P-256"), InlineData("ES384", "P-384"), InlineData("ES512", "P-521")]
    public void O01_Each_curve_has_its_algorithm(string algorithm, string curve)
    {
        using var key = ECDsa.Create(curve switch { "P-256" => ECCurve.NamedCurves.nistP256, "P-384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
        foreach (var told in new[] { "ES256", "ES384", "ES512" })
        {
            var header = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = told, ["jwk"] = Jwk(key, curve) };
            Judge(Sign(header.ToJsonString(), Claims.ToJsonString(), data => key.SignData(data, new HashAlgorithmName("SHA" + told[2..])))).ShouldBe(told == algorithm ? DPoPFault.None : DPoPFault.Key);
        }
    }

    [Theory]
    [InlineData("RS256"), InlineData("RS384"), InlineData("RS512"), InlineData("PS256"), InlineData("PS384"), InlineData("PS512")]
    public void O01_An_RSA_key_signs_with_RSA(string algorithm)
    {
        using var key = RSA.Create(2048);
        var header = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = algorithm, ["jwk"] = Jwk(key) };
        Judge(Sign(header.ToJsonString(), Claims.ToJsonString(), data => key.SignData(data, new HashAlgorithmName("SHA" + algorithm[2..]), algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1))).ShouldBe(DPoPFault.None);
    }

    [Fact]
    public void O01_An_RSA_key_of_less_than_2048_bits_is_refused()
    {
        using var key = RSA.Create(1024);
        var header = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = "RS256", ["jwk"] = Jwk(key) };
        Judge(Sign(header.ToJsonString(), Claims.ToJsonString(), data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))).ShouldBe(DPoPFault.Key);
    }

    [Theory]
    [InlineData("none"), InlineData("nOnE"), InlineData("HS256"), InlineData("es256"), InlineData("EdDSA"), InlineData("")]
    public void O28_MACs_and_none_are_refused(string algorithm) => Judge(With("alg", value: algorithm)).ShouldBe(DPoPFault.Algorithm);

    [Fact]
    public void O28_So_is_what_is_not_accepted_here()
    {
        DPoPProof.TryRead(With(), out var proof);
        DPoPRules.Judge(proof!, ["PS256"], "GET", Target, Token, Now, Window).ShouldBe(DPoPFault.Algorithm);
    }

    [Theory]
    [InlineData("d"), InlineData("p"), InlineData("q"), InlineData("dp"), InlineData("dq"), InlineData("qi"), InlineData("oth"), InlineData("k")]
    public void O27_A_private_key_is_refused(string member)
    {
        var key = Jwk(Key, "P-256");
        key[member] = "AQ";
        Judge(With("jwk", value: key)).ShouldBe(DPoPFault.Key);
    }

    [Fact]
    public void O27_A_key_there_has_to_be_on_its_curve_and_for_signatures()
    {
        Judge(With("jwk")).ShouldBe(DPoPFault.Key);
        Judge(With("jwk", value: "x")).ShouldBe(DPoPFault.Key);
        Judge(With("jwk", value: JsonNode.Parse("""{"kty":"oct"}"""))).ShouldBe(DPoPFault.Key);
        var (offCurve, forSecrets) = (Jwk(Key, "P-256"), Jwk(Key, "P-256"));
        offCurve["y"] = offCurve["x"]!.DeepClone();
        forSecrets["use"] = "enc";
        Judge(With("jwk", value: offCurve)).ShouldBe(DPoPFault.Key);
        Judge(With("jwk", value: forSecrets)).ShouldBe(DPoPFault.Key);
    }

    [Theory]
    [InlineData("JWT"), InlineData("at+jwt"), InlineData("client-authentication+jwt"), InlineData("DPoP+JWT"), InlineData(null)]
    public void O01_L09_W11_JWTs_of_other_types_are_no_proofs(string? type) => Judge(With("typ", value: type)).ShouldBe(DPoPFault.OtherKind);

    [Theory]
    [InlineData("crit", """["exp"]"""), InlineData("b64", "false"), InlineData("cty", "\"JWT\"")]
    public void O03_Extensions_are_refused(string name, string value) => Judge(With(name, value: JsonNode.Parse(value))).ShouldBe(DPoPFault.Algorithm);

    [Theory]
    [InlineData("htm"), InlineData("htu"), InlineData("iat")]
    public void O02_Claims_that_are_missing_are_missed(string claim)
    {
        Judge(With(claim: claim)).ShouldBe(DPoPFault.Malformed);
        Judge(With(claim: claim, value: JsonNode.Parse("[]"))).ShouldBe(DPoPFault.Malformed);
    }

    [Fact]
    public void O15_A_jti_is_there_and_bounded()
    {
        Judge(With(claim: "jti")).ShouldBe(DPoPFault.Id);
        Judge(With(claim: "jti", value: "")).ShouldBe(DPoPFault.Id);
        Judge(With(claim: "jti", value: 7)).ShouldBe(DPoPFault.Id);
        Judge(With(claim: "jti", value: new string('j', DPoPProof.MaxIdLength))).ShouldBe(DPoPFault.None);
        Judge(With(claim: "jti", value: new string('j', DPoPProof.MaxIdLength + 1))).ShouldBe(DPoPFault.Id);
    }

    [Theory]
    [InlineData("POST"), InlineData("get"), InlineData("")]
    public void O21_Another_method_is_refused(string method) => Judge(With(), method).ShouldBe(DPoPFault.Method);

    [Fact]
    public void O22_Another_URI_is_refused() => Judge(With(), uri: "https://orders.acme.test/orders/18").ShouldBe(DPoPFault.Uri);

    [Theory]
    [InlineData(-61, false), InlineData(-60, true), InlineData(60, true), InlineData(61, false), InlineData(-1_790_000_000, false)]
    public void O24_A_time_too_far_back_or_ahead_is_refused(long offset, bool isRight) => Judge(With(claim: "iat", value: Now + offset)).ShouldBe(isRight ? DPoPFault.None : DPoPFault.Time);

    [Fact]
    public void O25_The_hash_is_that_of_the_token()
    {
        Judge(With(claim: "ath")).ShouldBe(DPoPFault.Token);
        Judge(With(), token: Token + "x").ShouldBe(DPoPFault.Token);
        Judge(With(claim: "ath", value: Hash(Token) + "=")).ShouldBe(DPoPFault.Token);
        Judge(With(claim: "ath", value: "")).ShouldBe(DPoPFault.Token);
        Judge(With(claim: "ath"), token: "").ShouldBe(DPoPFault.None, "a token endpoint has no token yet");
        Hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU").ShouldBe("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    }

    [Fact]
    public void O03_Another_key_made_the_signature()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Judge(Sign(Header.ToJsonString(), Claims.ToJsonString(), data => other.SignData(data, HashAlgorithmName.SHA256))).ShouldBe(DPoPFault.Signature);
        Judge(Sign(Header.ToJsonString(), Claims.ToJsonString(), static _ => new byte[64])).ShouldBe(DPoPFault.Signature);
        Judge(Sign(Header.ToJsonString(), Claims.ToJsonString(), data => Key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))).ShouldBe(DPoPFault.Signature);
    }

    [Fact]
    public void W26_A_long_proof_is_refused_unread() => Judge(new string('a', DPoPProof.MaxLength + 1)).ShouldBe(DPoPFault.TooLong);

    [Fact]
    public void W25_A_member_that_stands_twice_is_refused()
    {
        Judge(Sign(Header.ToJsonString(), Claims.ToJsonString().Replace("{", """{"htm":"POST",""", StringComparison.Ordinal))).ShouldBe(DPoPFault.Malformed);
        Judge(Sign(Header.ToJsonString().Replace("""{"typ""", """{"alg":"none","typ""", StringComparison.Ordinal), Claims.ToJsonString())).ShouldBe(DPoPFault.Malformed);
    }

    [Fact]
    public void L10_Any_flipped_bit_of_a_proof_is_noticed()
    {
        var proof = With();
        Properties.Hold(from at in Gen.Choose(0, proof.Length - 1) from bit in Gen.Choose(0, 7) select (at, bit), flip =>
        {
            var text = proof.ToCharArray();
            text[flip.at] = (char)(text[flip.at] ^ (1 << flip.bit));
            Judge(new string(text)).ShouldNotBe(DPoPFault.None);
        }, runs: 3000);
    }

    [Fact]
    public void L10_Any_other_last_character_is_noticed()
    {
        var proof = With();
        foreach (var last in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=".Where(last => last != proof[^1])) Judge(proof[..^1] + last).ShouldNotBe(DPoPFault.None);
    }

    [Fact]
    public void No_characters_make_the_reader_throw() => Properties.Hold(Properties.From("e30", ".", "eyJhbGciOiJFUzI1NiJ9", "c2ln", "=", "é", "\0", "\ud800", With()), text => Judge(text), runs: 3000);
}
