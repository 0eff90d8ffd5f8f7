using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.ClientAuth;
using static Touchstone.Protocol.Tests.ClientAuth.AssertionText;

namespace Touchstone.Protocol.Tests.ClientAuth;

public sealed class ClientAssertionTests
{
    [Fact]
    public void K03_An_assertion_is_read()
    {
        ClientAssertion.TryRead(Encoding.UTF8.GetBytes(Of()), out var assertion).ShouldBe(ClientAssertionFault.None);
        assertion.ShouldNotBeNull();
        (assertion.Algorithm, assertion.KeyId, assertion.ClientId, assertion.Id).ShouldBe(("ES256", "k1", "rs", "j1"));
        assertion.Audience.ShouldBe([Issuer]);
        (assertion.ExpiresAt, assertion.NotBefore, assertion.IssuedAt).ShouldBe((Now + 60, null, Now));
        Encoding.UTF8.GetString(assertion.Signed.Span).ShouldBe(Of()[..Of().LastIndexOf('.')]);
        Encoding.UTF8.GetString(assertion.Signature.Span).ShouldBe("sig");
    }

    [Theory]
    [InlineData("none"), InlineData("None"), InlineData("nOnE"), InlineData("es256"), InlineData("EdDSA"), InlineData("HS1"), InlineData(""), InlineData("RSA-OAEP")]
    public void K09_W21_Only_offered_algorithms_are_read(string algorithm) => Read(Of(header: HeaderWith("alg", algorithm))).ShouldBe(ClientAssertionFault.Algorithm);

    [Fact]
    public void K08_An_algorithm_there_has_to_be()
    {
        Read(Of(header: HeaderWith("alg", null))).ShouldBe(ClientAssertionFault.Algorithm);
        Read(Of(header: HeaderWith("alg", 1))).ShouldBe(ClientAssertionFault.Algorithm);
    }

    [Theory]
    [InlineData("JWT"), InlineData("jwt"), InlineData("client-authentication+jwt"), InlineData("application/client-authentication+jwt"), InlineData(null)]
    public void K11_The_types_of_assertions_are_read_and_none_too(string? type) => Read(Of(header: HeaderWith("typ", type))).ShouldBe(ClientAssertionFault.None);

    [Theory]
    [InlineData("at+jwt"), InlineData("application/at+jwt"), InlineData("secevent+jwt"), InlineData("dpop+jwt"), InlineData("token-introspection+jwt"), InlineData("statuslist+jwt"), InlineData("oauth-authz-req+jwt"), InlineData("logout+jwt"), InlineData("")]
    public void K12_L09_W11_JWTs_of_other_types_are_no_assertions(string type) => Read(Of(header: HeaderWith("typ", type))).ShouldBe(ClientAssertionFault.OtherKind);

    [Theory]
    [InlineData("events", """{"https://schemas.openid.net/secevent/caep/event-type/session-revoked":{}}""")]
    [InlineData("htm", "\"POST\"")]
    [InlineData("htu", "\"https://as.acme.test/oauth/token\"")]
    [InlineData("token_introspection", """{"active":true}""")]
    [InlineData("response_type", "\"code\"")]
    public void L09_W11_JWTs_that_are_something_else_by_their_claims_are_no_assertions(string claim, string value) => Read(Of(With(claim, Json(value)))).ShouldBe(ClientAssertionFault.OtherKind);

    [Fact]
    public void K12_A_type_that_is_no_text_is_refused() => Read(Of(header: HeaderWith("typ", 1))).ShouldBe(ClientAssertionFault.OtherKind);

    [Theory]
    [InlineData("crit", """["exp"]"""), InlineData("b64", "false")]
    public void K08_Extensions_that_are_not_known_are_refused(string name, string value) => Read(Of(header: HeaderWith(name, Json(value)))).ShouldBe(ClientAssertionFault.Algorithm);

    [Fact]
    public void W26_A_long_assertion_is_refused_unread()
    {
        Read(new string('.', ClientAssertion.MaxLength + 1)).ShouldBe(ClientAssertionFault.TooLong);
        Read(new string('a', ClientAssertion.MaxLength)).ShouldBe(ClientAssertionFault.Malformed);
    }

    [Fact]
    public void W25_A_member_that_stands_twice_is_refused()
    {
        Read(Of("""{"alg":"ES256","alg":"none"}""", Claims.ToJsonString())).ShouldBe(ClientAssertionFault.Malformed);
        Read(Of(Header.ToJsonString(), Claims.ToJsonString().Replace("{", """{"sub":"admin",""", StringComparison.Ordinal))).ShouldBe(ClientAssertionFault.Malformed);
        Read(Of(Header.ToJsonString(), Claims.ToJsonString().Replace("{", """{"s\u0075b":"admin",""", StringComparison.Ordinal))).ShouldBe(ClientAssertionFault.Malformed);
    }

    [Fact]
    public void W22_Only_the_compact_form_is_read() => Read("""{"payload":"e30","signatures":[]}""").ShouldBe(ClientAssertionFault.Malformed);

    [Theory]
    [InlineData(""), InlineData("."), InlineData(".."), InlineData("a.b"), InlineData("e30.e30."), InlineData("e30..c2ln"), InlineData(".e30.c2ln"), InlineData("e30.e30.c2ln.c2ln"), InlineData("e30=.e30.c2ln"), InlineData("e3 0.e30.c2ln")]
    [InlineData("e30.e30.c2l\n"), InlineData("W10.e30.c2ln"), InlineData("e30.W10.c2ln"), InlineData("ew.e30.c2ln"), InlineData("e30.bnVsbA.c2ln"), InlineData("é.e30.c2ln")]
    public void W06_K01_What_is_no_compact_JWT_is_refused(string jwt) => Read(jwt).ShouldBeOneOf(ClientAssertionFault.Malformed, ClientAssertionFault.Algorithm);

    [Fact]
    public void W06_Text_that_is_not_UTF8_or_not_Unicode_is_refused()
    {
        Read(Of(Header.ToJsonString(), """{"iss":"\ud800","sub":"\ud800"}""")).ShouldBe(ClientAssertionFault.Malformed);
        var bytes = System.Buffers.Text.Base64Url.EncodeToString([.. "{\"iss\":\""u8, 0xFF, .. "\"}"u8]);
        Read($"{Part(Header.ToJsonString())}.{bytes}.c2ln").ShouldBe(ClientAssertionFault.Malformed);
    }

    [Theory]
    [InlineData("../../etc/passwd"), InlineData("' OR 1=1 --"), InlineData("k\u0000")]
    public void W23_A_key_id_is_text_and_nothing_more(string keyId) => Read(Of(header: HeaderWith("kid", keyId))).ShouldBe(ClientAssertionFault.None);

    [Fact]
    public void W23_A_key_id_without_bounds_is_refused()
    {
        Read(Of(header: HeaderWith("kid", new string('k', ClientAssertion.MaxIdLength + 1)))).ShouldBe(ClientAssertionFault.Malformed);
        Read(Of(header: HeaderWith("kid", ""))).ShouldBe(ClientAssertionFault.Malformed);
        Read(Of(header: HeaderWith("kid", 1))).ShouldBe(ClientAssertionFault.Malformed);
    }

    [Fact]
    public void K03_Issuer_and_subject_are_there_and_equal()
    {
        Read(Of(With("iss", null))).ShouldBe(ClientAssertionFault.Subject);
        Read(Of(With("sub", null))).ShouldBe(ClientAssertionFault.Subject);
        Read(Of(With("iss", "other"))).ShouldBe(ClientAssertionFault.Subject);
        Read(Of(With("sub", "RS"))).ShouldBe(ClientAssertionFault.Subject);
        Read(Of(With("sub", 1))).ShouldBe(ClientAssertionFault.Subject);
    }

    [Fact]
    public void K07_A_jti_is_there_and_bounded()
    {
        Read(Of(With("jti", null))).ShouldBe(ClientAssertionFault.Id);
        Read(Of(With("jti", ""))).ShouldBe(ClientAssertionFault.Id);
        Read(Of(With("jti", 7))).ShouldBe(ClientAssertionFault.Id);
        Read(Of(With("jti", new string('j', ClientAssertion.MaxIdLength)))).ShouldBe(ClientAssertionFault.None);
        Read(Of(With("jti", new string('j', ClientAssertion.MaxIdLength + 1)))).ShouldBe(ClientAssertionFault.Id);
    }

    [Theory]
    [InlineData("exp", "\"1790000060\""), InlineData("exp", "1e400"), InlineData("exp", "-1"), InlineData("exp", "null"), InlineData("nbf", "\"now\""), InlineData("iat", "true"), InlineData("iat", "253402300800")]
    public void C26_Times_are_numbers_within_the_calendar(string claim, string value) =>
        Read(Of(Header.ToJsonString(), With(claim, null).ToJsonString().Replace("{", $"{{\"{claim}\":{value},", StringComparison.Ordinal))).ShouldBe(ClientAssertionFault.Malformed);

    [Fact]
    public void No_bytes_make_the_reader_throw() => Properties.Hold(Properties.From("e30", ".", "eyJhbGciOiJFUzI1NiJ9", "c2ln", "=", "é", "\0", Of()), jwt => Read(jwt), runs: 3000);
}
