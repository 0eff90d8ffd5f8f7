using System.Text.Json;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Tests.Rules;

/// <summary>What <c>explain</c> tells is what a request is answered, and what its author may have meant.</summary>
public sealed class ExplanationTests
{
    private const string All = """
        - { name: health, paths: /healthz, allow: anybody }
        - { name: read orders, hosts: a.test, paths: "/orders/{id}", methods: GET, scopes: orders:read, audiences: api }
        - { name: admin, paths: /admin, claims: { claim: role, equals: admin } }
        - { name: later, paths: "/admin/{x}" }
        - { name: fresh, paths: /fresh, acr: aal2 }
        """;

    [Theory]
    [InlineData("GET", "/healthz", null, "anybody", 200)]
    [InlineData("GET", "/orders/1", null, "no_token", 401)]
    [InlineData("GET", "/orders/1", """{"active":true,"aud":"api","scope":"orders:read"}""", "allowed", 200)]
    [InlineData("GET", "/orders/1", """{"active":true,"aud":"api","scope":"other"}""", "insufficient_scope", 403)]
    [InlineData("GET", "/orders/1", """{"active":true,"scope":"orders:read"}""", "audience", 401)]
    [InlineData("GET", "/orders/1", """{"active":false}""", "inactive", 401)]
    [InlineData("GET", "/orders/1", """{"active":true,"cnf":{"jkt":"x"}}""", "bound", 401)]
    [InlineData("GET", "/admin", """{"active":true}""", "claim", 403)]
    [InlineData("GET", "/fresh", """{"active":true}""", "step_up", 401)]
    [InlineData("GET", "/nothing", null, "no_rule", 403)]
    [InlineData("GET", "/a/../b", null, "ambiguous_path", 400)]
    [InlineData("get", "/orders/1", null, "ambiguous_method", 400)]
    public void The_code_and_the_status_are_those_of_a_real_answer(string method, string target, string? claims, string code, int status)
    {
        var explained = Explain(method, target, claims);
        (explained.Code, explained.Status).ShouldBe((code, status));
        Touchstone.Sidecar.Decisions.Decision.Reasons.ShouldContain(code);
    }

    [Fact]
    public void Rules_that_nearly_match_are_named_and_so_is_the_one_that_makes_a_path_ambiguous()
    {
        Explain("POST", "/orders/1", null).NearMisses.ShouldBe(["rule 'read orders', line 4, matches the path, not the method"]);
        Explain("POST", "/orders/1", null, "b.test").NearMisses.ShouldBe(["rule 'read orders', line 4, matches the path, not the method and not the host"]);
        Explain("GET", "/Healthz", null).NearMisses.ShouldBe(["rule 'health', line 3, has the path in another case, or with or without a slash at the end"]);
        Explain("GET", "/elsewhere", null).NearMisses.ShouldBeEmpty();
        Explain("GET", "/admin/", null).Reason.ShouldEndWith("it is that of rule 'admin', line 5, which comes earlier");
        Explain("GET", "/orders/1", """{"active":true}""").Reason.ShouldBe("the token does not meet this: aud has api");
    }

    [Theory]
    [InlineData("""{"active":true,"scope":["a","b"],"aud":null,"exp":1.5}""", null), InlineData("""{"sub":"alice"}""", "has no `active`: it is no answer of introspection"), InlineData("""{"active":"true"}""", "neither true nor false")]
    [InlineData("""{"active":true,"scope":[1]}""", "`scope`"), InlineData("""{"active":true,"aud":{}}""", "`aud`"), InlineData("""{"active":true,"exp":"1"}""", "`exp`"), InlineData("[]", "JSON object")]
    public void What_is_no_answer_of_introspection_is_told(string claims, string? says)
    {
        if (says is null) Explanation.FaultOf(JsonElement.Parse(claims)).ShouldBeNull();
        else Explanation.FaultOf(JsonElement.Parse(claims))!.ShouldContain(says);
    }

    private static Explanation Explain(string method, string target, string? claims, string host = "a.test") => Explanation.Of(RuleSetTests.Rules(All), method, host, target, claims is null ? null : JsonElement.Parse(claims), 100);
}
