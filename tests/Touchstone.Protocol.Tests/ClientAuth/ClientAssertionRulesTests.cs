using System.Text.Json.Nodes;
using Touchstone.Protocol.ClientAuth;
using static Touchstone.Protocol.Tests.ClientAuth.AssertionText;

namespace Touchstone.Protocol.Tests.ClientAuth;

public sealed class ClientAssertionRulesTests
{
    [Fact]
    public void K03_K04_A_good_assertion_has_no_fault()
    {
        Judge(Claims).ShouldBe(ClientAssertionFault.None);
        Judge(Claims, "rs").ShouldBe(ClientAssertionFault.None);
        Judge(With("aud", new JsonArray(Issuer))).ShouldBe(ClientAssertionFault.None);
    }

    [Theory]
    [InlineData("other"), InlineData("RS"), InlineData("rs ")]
    public void K02_K33_Another_client_id_beside_it_is_refused(string clientId) => Judge(Claims, clientId).ShouldBe(ClientAssertionFault.ClientId);

    public static TheoryData<string> OtherAudiences =>
    [
        "null", "\"\"", "[]", "\"https://as.acme.test/\"", "\"HTTPS://as.acme.test\"", "\"https://other.test\"", "\"rs\"", "{}", "1", "[1]",
        """["https://as.acme.test","https://other.test"]""", """["https://as.acme.test","https://as.acme.test"]""", """[["https://as.acme.test"]]""",
    ];

    [Theory, MemberData(nameof(OtherAudiences))]
    public void K04_K31_Only_the_issuer_alone_is_the_audience(string audience) => Judge(With("aud", audience == "null" ? null : Json(audience))).ShouldBe(ClientAssertionFault.Audience);

    [Fact]
    public void K30_The_token_endpoint_is_refused_unless_the_client_may()
    {
        Judge(With("aud", TokenEndpoint)).ShouldBe(ClientAssertionFault.Audience);
        Judge(With("aud", TokenEndpoint), legacy: true).ShouldBe(ClientAssertionFault.None);
        Judge(With("aud", new JsonArray(Issuer, TokenEndpoint)), legacy: true).ShouldBe(ClientAssertionFault.None);
        Judge(Claims, legacy: true).ShouldBe(ClientAssertionFault.None);
        Judge(With("aud", new JsonArray(Issuer, "https://other.test")), legacy: true).ShouldBe(ClientAssertionFault.Audience);
        Judge(With("aud", new JsonArray()), legacy: true).ShouldBe(ClientAssertionFault.Audience);
    }

    [Fact]
    public void K05_K34_An_expiry_there_has_to_be() => Judge(With("exp", null)).ShouldBe(ClientAssertionFault.NoExpiry);

    [Theory]
    [InlineData(60, ClientAssertionFault.None)]
    [InlineData(89, ClientAssertionFault.None)]
    [InlineData(90, ClientAssertionFault.Expired)]
    [InlineData(100_000, ClientAssertionFault.Expired)]
    public void K05_It_ends_with_its_expiry_and_the_leeway(int later, ClientAssertionFault fault) => Judge(Claims, now: Now + later).ShouldBe(fault);

    [Fact]
    public void K07_It_is_remembered_for_as_long_as_it_is_accepted()
    {
        var end = ClientAssertionRules.ForgetAfter(Now + 60);
        Judge(Claims, now: end - 1).ShouldBe(ClientAssertionFault.None);
        Judge(Claims, now: end).ShouldBe(ClientAssertionFault.Expired);
    }

    [Theory]
    [InlineData(300, 0, ClientAssertionFault.None)]
    [InlineData(301, 0, ClientAssertionFault.Lifetime)]
    [InlineData(330, null, ClientAssertionFault.None)]
    [InlineData(331, null, ClientAssertionFault.Lifetime)]
    [InlineData(60, -240, ClientAssertionFault.None)]
    [InlineData(60, -241, ClientAssertionFault.Lifetime)]
    [InlineData(4_000_000_000, null, ClientAssertionFault.Lifetime)]
    public void K05_K06_K35_Its_life_is_bounded(long expires, int? issued, ClientAssertionFault fault)
    {
        var claims = With("exp", Now + expires);
        claims.Remove("iat");
        if (issued is { } at) claims["iat"] = Now + at;
        Judge(claims).ShouldBe(fault);
    }

    [Theory]
    [InlineData("nbf", 30, ClientAssertionFault.None)]
    [InlineData("nbf", 31, ClientAssertionFault.NotYetValid)]
    [InlineData("nbf", -1000, ClientAssertionFault.None)]
    [InlineData("iat", 30, ClientAssertionFault.None)]
    [InlineData("iat", 31, ClientAssertionFault.NotYetValid)]
    public void K06_The_future_is_refused_beyond_the_leeway(string claim, int seconds, ClientAssertionFault fault) => Judge(With(claim, Now + seconds)).ShouldBe(fault);

    [Fact]
    public void C26_A_time_may_have_a_fraction() => Judge(With("exp", Now + 59.5)).ShouldBe(ClientAssertionFault.None);

    [Fact]
    public void K09_No_list_of_algorithms_has_none()
    {
        ClientAssertionRules.Asymmetric.ShouldBe(["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"]);
        ClientAssertionRules.Symmetric.ShouldBe(["HS256", "HS384", "HS512"]);
    }

    [Fact]
    public void Every_fault_has_a_name_of_its_own()
    {
        var names = Enum.GetValues<ClientAssertionFault>().Select(fault => fault.Name()).ToArray();
        names.ShouldBeUnique();
        names.ShouldAllBe(name => name.StartsWith("assertion_", StringComparison.Ordinal));
    }
}
