using System.Text.Json;
using FsCheck.Fluent;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Tests.Rules;

/// <summary>What a rule asks of a token.</summary>
public sealed class RuleRequirementsTests
{
    private const long Now = 1_800_000_000;

    [Theory]
    [InlineData("scopes: [a, b]", """{"scope":"b a c"}""", true)]
    [InlineData("scopes: [a, b]", """{"scope":["a","b"]}""", true)]
    [InlineData("scopes: [a, b]", """{"scope":"a"}""", false)]
    [InlineData("scopes: a", """{"scope":"ab"}""", false)]
    [InlineData("scopes: a", """{"scope":["a b"]}""", false)]
    [InlineData("scopes: a", """{"scope":7}""", false)]
    [InlineData("scopes: a", "{}", false)]
    [InlineData("scopes: { any: [a, b] }", """{"scope":"b"}""", true)]
    [InlineData("scopes: { any: [a, b] }", """{"scope":"c"}""", false)]
    [InlineData("scopes: { all: a, any: [b, c] }", """{"scope":"a c"}""", true)]
    [InlineData("scopes: { all: a, any: [b, c] }", """{"scope":"b c"}""", false)]
    [InlineData("audiences: https://a", """{"aud":"https://a"}""", true)]
    [InlineData("audiences: [https://a, https://b]", """{"aud":["x","https://b"]}""", true)]
    [InlineData("audiences: https://a", """{"aud":"https://a https://b"}""", false)]
    [InlineData("audiences: https://a", "{}", false)]
    [InlineData("issuers: https://i", """{"iss":"https://i"}""", true)]
    [InlineData("issuers: https://i", """{"iss":"https://i/"}""", false)]
    [InlineData("issuers: https://i", """{"iss":["https://i"]}""", false)]
    [InlineData("claims: { claim: tenant, equals: acme }", """{"tenant":"acme"}""", true)]
    [InlineData("claims: { claim: /act/0/blocked, exists: false }", """{"act":[{"blocked":true}]}""", false)]
    [InlineData("claims: { claim: /act/0/blocked, exists: false }", """{"act":[{}]}""", true)]
    [InlineData("claims: { claim: /roles/1, equals: admin }", """{"roles":["user","admin"]}""", true)]
    [InlineData("claims: { claim: /roles/10, exists: true }", """{"roles":["a","b"]}""", false)]
    [InlineData("claims: { claim: /roles/2, exists: true }", """{"roles":["a","b"]}""", false)]
    [InlineData("claims: { claim: /roles/01, exists: true }", """{"roles":["a","b"]}""", false)]
    [InlineData("claims: { claim: /roles/-, exists: true }", """{"roles":["a","b"]}""", false)]
    [InlineData("claims: { claim: /roles/-1, exists: true }", """{"roles":["a","b"]}""", false)]
    [InlineData("claims: { claim: /roles/99999999999, exists: true }", """{"roles":["a","b"]}""", false)]
    [InlineData("claims: { claim: /roles/0, equals: a }", """{"roles":{"0":"a"}}""", true)]
    [InlineData("claims: { claim: /a~1b/m~0n, equals: 1 }", """{"a/b":{"m~n":1}}""", true)]
    [InlineData("claims: { claim: tenant, equals: acme }", """{"tenant":["acme"]}""", false)]
    [InlineData("claims: { claim: level, equals: 5 }", """{"level":5}""", true)]
    [InlineData("claims: { claim: level, equals: 5 }", """{"level":"5"}""", false)]
    [InlineData("claims: { claim: level, equals: \"5\" }", """{"level":"5"}""", true)]
    [InlineData("claims: { claim: admin, equals: true }", """{"admin":true}""", true)]
    [InlineData("claims: { claim: admin, equals: true }", """{"admin":"true"}""", false)]
    [InlineData("claims: { claim: tenant, one_of: [acme, 7] }", """{"tenant":7}""", true)]
    [InlineData("claims: { claim: tenant, one_of: [acme, 7] }", """{"tenant":8}""", false)]
    [InlineData("claims: { claim: roles, contains: admin }", """{"roles":["user","admin"]}""", true)]
    [InlineData("claims: { claim: roles, contains: admin }", """{"roles":"admin"}""", false)]
    [InlineData("claims: { claim: /realm/roles, contains: admin }", """{"realm":{"roles":["admin"]}}""", true)]
    [InlineData("claims: { claim: \"/https:~1~1acme~1tenant\", equals: a }", """{"https://acme/tenant":"a"}""", true)]
    [InlineData("claims: { claim: x, exists: true }", """{"x":false}""", true)]
    [InlineData("claims: { claim: x, exists: true }", """{"x":null}""", false)]
    [InlineData("claims: { claim: x, exists: false }", """{"x":null}""", true)]
    [InlineData("claims: { claim: x, exists: false }", """{"x":1}""", false)]
    [InlineData("acr: [aal2, aal3]", """{"acr":"aal3"}""", true)]
    [InlineData("acr: aal2", """{"acr":["aal2"]}""", false)]
    [InlineData("max_age: 5m", """{"auth_time":1799999700}""", true)]
    [InlineData("max_age: 5m", """{"auth_time":1799999699}""", false)]
    [InlineData("max_age: 5m", """{"auth_time":1800000061}""", false)]
    [InlineData("max_age: 5m", "{}", false)]
    public void Each_thing_is_met_or_not(string asks, string claims, bool isMet)
    {
        var rule = RuleSetTests.Rules("- { name: r, paths: /**, " + asks + " }").All[0];
        (rule.Requirements.FirstUnmet(JsonElement.Parse(claims), Now) is null).ShouldBe(isMet);
        rule.AsksForNothing.ShouldBeFalse();
    }

    [Fact]
    public void A_copy_asks_for_what_it_is_itself()
    {
        var rule = RuleSetTests.Rules("- { name: r, paths: /**, scopes: a }").All[0];
        rule.Requirements.All.Count.ShouldBe(1);
        var other = rule with { AllScopes = ["a", "b"] };
        other.Requirements.All.Count.ShouldBe(2);
        other.Requirements.ShouldBeSameAs(other.Requirements);
        rule.Requirements.All.Count.ShouldBe(1);
    }

    [Fact]
    public void Judging_allocates_nothing()
    {
        var rule = RuleSetTests.Rules("- { name: r, paths: /**, scopes: { all: [a, b], any: [c, d] }, audiences: https://a, issuers: [x, https://i], acr: aal2, max_age: 5m, claims: [{ claim: tenant, equals: acme }, { claim: roles, contains: admin }] }").All[0];
        var claims = JsonElement.Parse("""{"scope":"z b a d","aud":["y","https://a"],"iss":"https://i","acr":"aal2","auth_time":1799999999,"tenant":"acme","roles":["user","admin"]}""");
        for (var i = 0; i < 100; i++) rule.Requirements.FirstUnmet(claims, Now).ShouldBeNull();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) _ = rule.Requirements.FirstUnmet(claims, Now);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"scope":"\u0061"}""", true), InlineData("""{"scope":"b \u0061"}""", true), InlineData("""{"scope":"b\u0020a"}""", true), InlineData("""{"scope":"\u0061b"}""", false), InlineData("""{"scope":""}""", false), InlineData("""{"scope":"b  a "}""", true)]
    public void A_scope_is_the_same_however_it_is_escaped(string claims, bool isMet) => (RuleSetTests.Rules("- { name: r, paths: /**, scopes: a }").All[0].Requirements.FirstUnmet(JsonElement.Parse(claims), Now) is null).ShouldBe(isMet);

    [Fact]
    public void L49_A_header_is_visible_ASCII_not_empty_and_never_ends_itself_whatever_the_claim_is()
    {
        var header = new IdentityHeader("X-User", "sub");
        Properties.Hold(Gen.ListOf(Gen.Choose(0, 0xffff)).Select(codes => new string([.. codes.Select(code => (char)code).Where(c => !char.IsSurrogate(c))])), text =>
        {
            var value = header.ValueOf(JsonElement.Parse("{\"sub\":\"" + JsonEncodedText.Encode(text) + "\"}"));
            value.ShouldNotBeEmpty();
            value.ShouldAllBe(c => c >= ' ' && c <= '~');
            (value[0], value[^1]).ShouldNotBe((' ', ' '));
            if (value != IdentityHeader.Nothing) Uri.UnescapeDataString(value).ShouldBe(text);
        }, runs: 5000);
    }

    [Theory]
    [InlineData("""{"sub":"alice"}""", "alice"), InlineData("{}", "-"), InlineData("""{"sub":null}""", "-"), InlineData("""{"sub":""}""", "-"), InlineData("""{"sub":"-"}""", "%2D"), InlineData("""{"sub":"a\r\nX: y"}""", "a%0D%0AX: y")]
    [InlineData("""{"sub":["a","b,c"]}""", "a,b%2Cc"), InlineData("""{"sub":7}""", "7"), InlineData("""{"sub":true}""", "true"), InlineData("""{"sub":{"a":1}}""", "{\"a\":1}"), InlineData("""{"sub":"100%"}""", "100%25"), InlineData("""{"sub":"zoë"}""", "zo%C3%AB"), InlineData("""{"sub":"a b"}""", "a b"), InlineData("""{"sub":"a,admin"}""", "a%2Cadmin")]
    public void L44_A_header_says_what_the_claim_is(string claims, string expected) => new IdentityHeader("X-User", "sub").ValueOf(JsonElement.Parse(claims)).ShouldBe(expected);
}
