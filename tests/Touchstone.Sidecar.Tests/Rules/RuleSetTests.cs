using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Tests.Rules;

/// <summary>Which rule a request is about.</summary>
public sealed class RuleSetTests
{
    [Theory]
    [InlineData("/orders", "/orders", true), InlineData("/orders", "/orders/", false), InlineData("/orders", "/Orders", false), InlineData("/orders/{id}", "/orders/17", true), InlineData("/orders/{id}", "/orders/", false)]
    [InlineData("/orders/{id}", "/orders/17/lines", false), InlineData("/orders/{id}/lines", "/orders/17/lines", true), InlineData("/orders/**", "/orders", true), InlineData("/orders/**", "/orders/", true), InlineData("/orders/**", "/orders/1/2", true)]
    [InlineData("/orders/**", "/ordersX", false), InlineData("/**", "/", true), InlineData("/**", "/a/b", true), InlineData("/a%20b", "/a%20b", true), InlineData("/caf%C3%A9", "/caf%c3%a9", true), InlineData("/", "/", true), InlineData("/", "/a", false)]
    public void A_template_matches_whole_segments(string template, string target, bool matches)
    {
        PathTemplate.TryParse(template, out var parsed, out var fault).ShouldBeTrue(fault);
        RequestPath.TryParse(target, out var path, out _).ShouldBeTrue();
        parsed!.Matches(path!).ShouldBe(matches);
    }

    [Theory]
    [InlineData("orders"), InlineData("/a/../b"), InlineData("/a//b"), InlineData("/a/{id"), InlineData("/a/x{id}"), InlineData("/a/**/b"), InlineData("/a/*"), InlineData("/a/{}"), InlineData("/a/{i d}"), InlineData("/a?b"), InlineData("/a;b"), InlineData("**")]
    public void What_is_no_template_is_refused(string template)
    {
        PathTemplate.TryParse(template, out _, out var fault).ShouldBeFalse();
        fault.ShouldContain("'" + template + "'");
    }

    [Theory]
    [InlineData("orders.acme.test", "orders.acme.test", true), InlineData("orders.acme.test", "ORDERS.acme.TEST.:8443", true), InlineData("orders.acme.test", "acme.test", false), InlineData("*.acme.test", "orders.acme.test", true), InlineData("*.acme.test", "a.b.acme.test", false)]
    [InlineData("*.acme.test", "acme.test", false), InlineData("*.acme.test", ".acme.test", null), InlineData("127.0.0.1", "127.0.0.1:80", true), InlineData("[::1]", "[0:0:0:0:0:0:0:1]:80", true), InlineData("a", "a:", null), InlineData("a", "a:x", null), InlineData("a", "a@b", null), InlineData("a", "a/b", null), InlineData("a", "", null), InlineData("a", "[::1", null)]
    public void A_host_matches_without_case_port_and_final_dot_or_is_none(string pattern, string authority, bool? matches)
    {
        HostPattern.TryParse(pattern, out var parsed).ShouldBeTrue();
        RequestHost.TryParse(authority, out var host).ShouldBe(matches is not null);
        if (matches is { } expected) parsed!.Matches(host).ShouldBe(expected);
    }

    [Fact]
    public void The_first_that_matches_counts_and_without_one_the_request_is_refused()
    {
        var rules = Rules("""
            - { name: health, paths: /healthz, allow: anybody }
            - { name: preflight, paths: /**, methods: OPTIONS, allow: anybody }
            - { name: one, hosts: a.test, paths: "/orders/{id}", methods: [GET, HEAD] }
            - { name: rest, hosts: [a.test, b.test], paths: /orders/** }
            """);
        Find("GET", "a.test", "/healthz").ShouldBe("health");
        Find("OPTIONS", "x.test", "/anything").ShouldBe("preflight");
        Find("GET", "a.test", "/orders/1").ShouldBe("one");
        Find("HEAD", "a.test", "/orders/1").ShouldBe("one", "what may GET may HEAD");
        Find("POST", "a.test", "/orders/1").ShouldBe("rest");
        Find("GET", "b.test", "/orders/1").ShouldBe("rest");
        Find("GET", "c.test", "/orders/1").ShouldBeNull();
        Find("GET", "a.test", "/other").ShouldBeNull();

        string? Find(string method, string host, string target)
        {
            RequestPath.TryParse(target, out var path, out _).ShouldBeTrue();
            return rules.Find(method, host, path!, out _)?.Name;
        }
    }

    [Theory]
    [InlineData("/admin/users", "admin"), InlineData("/Admin/users", null), InlineData("/ADMIN", null), InlineData("/admin/users/", "admin"), InlineData("/orders", "write"), InlineData("/orders/", null), InlineData("/Orders", null), InlineData("/other", "rest"), InlineData("/Healthz", "rest")]
    public void L40_What_a_service_may_take_for_the_path_of_an_earlier_rule_is_not_left_to_a_later_one(string target, string? rule)
    {
        var rules = Rules("""
            - { name: health, paths: /healthz, allow: anybody }
            - { name: admin, paths: /admin/**, scopes: admin }
            - { name: write, paths: /orders, methods: POST, scopes: orders:write }
            - { name: rest, paths: /** }
            """);
        RequestPath.TryParse(target, out var path, out _).ShouldBeTrue();
        rules.Find("POST", "a.test", path!, out var isAmbiguous)?.Name.ShouldBe(rule);
        isAmbiguous.ShouldBe(rule is null);
    }

    // The Kelvin sign, a long s, a fullwidth letter, a mark of its own, a ligature, an eszett, a Hangul syllable of its letters, a capital; a final jamo and a voiced mark, which join the letter before them; and what is like none of them.
    [Theory]
    [InlineData("/to%E2%84%AAens"), InlineData("/token%C5%BF"), InlineData("/tok%EF%BD%85ns"), InlineData("/cafe%CC%81"), InlineData("/%EF%AC%81les"), InlineData("/STRASSE"), InlineData("/stra%C3%9Fe"), InlineData("/%E1%84%80%E1%85%A1"), InlineData("/CAF%C3%89")]
    [InlineData("/%EA%B0%80%E1%86%A8"), InlineData("/%EA%B0%80%E3%84%B3"), InlineData("/%E3%82%AB%EF%BE%9E"), InlineData("/%E3%83%8F%EF%BE%9F")]
    [InlineData("/a/to%E2%84%AAens/b", "rest"), InlineData("/%E6%9D%B1%E4%BA%AC", "rest"), InlineData("/m%C3%BCnchen", "rest"), InlineData("/caf%C3%A8", "rest"), InlineData("/tokens", "first"), InlineData("/caf%C3%A9", "first"), InlineData("/%EA%B0%80", "first")]
    public void L40_Nor_what_is_the_same_once_a_service_normalized_it(string target, string? rule = null)
    {
        var rules = Rules("""
            - { name: first, paths: [/tokens, "/caf%C3%A9", /files, /strasse, "/%EA%B0%80", "/%EA%B0%81", "/%EA%B0%83", "/%E3%82%AC", "/%E3%83%91"], scopes: admin }
            - { name: rest, paths: /** }
            """);
        RequestPath.TryParse(target, out var path, out _).ShouldBeTrue();
        rules.Find("GET", "a.test", path!, out var isAmbiguous)?.Name.ShouldBe(rule);
        isAmbiguous.ShouldBe(rule is null);
    }

    [Theory]
    [InlineData("/tok%EF%B8%8Fens"), InlineData("/t%E3%85%A4okens"), InlineData("/to%CD%8Fkens"), InlineData("/tok%F3%A0%84%80ens"), InlineData("/t%EF%BE%A0okens"), InlineData("/t%E1%85%9Fokens")]
    public void L40_What_is_not_seen_is_in_no_path(string target) => RequestPath.TryParse(target, out _, out _).ShouldBeFalse();

    [Theory]
    [InlineData("get"), InlineData("GET, POST"), InlineData("Post"), InlineData(""), InlineData("G T")]
    public void L40_A_method_that_is_not_plain_is_refused(string method) => Explanation.Of(Rules("- { name: all, paths: /**, allow: anybody }"), method, "a.test", "/fine", null, 0).IsAllowed.ShouldBe(false);

    [Theory]
    [InlineData("""{"active":true}""", true), InlineData("""{"active":false}""", false), InlineData("""{"exp":101}""", false), InlineData("""{"active":true,"exp":100}""", false), InlineData("""{"active":true,"exp":101}""", true), InlineData("""{"active":true,"nbf":101}""", false), InlineData("""{"active":true,"cnf":{"jkt":"x"}}""", false), InlineData("""{"active":true,"token_type":"DPoP"}""", false)]
    public void An_explanation_takes_a_token_as_a_request_would(string claims, bool passes) => Explanation.Of(Rules("- { name: all, paths: /** }"), "GET", "a.test", "/fine", System.Text.Json.JsonElement.Parse(claims), 100).IsAllowed.ShouldBe(passes);

    [Fact]
    public void L40_Nothing_that_is_ambiguous_passes_not_even_where_anybody_may()
    {
        var rules = Rules("- { name: all, paths: /**, allow: anybody }");
        foreach (var target in Traversals.All) Explanation.Of(rules, "GET", "a.test", target, null, 0).IsAllowed.ShouldBe(false, target);
        Explanation.Of(rules, "GET", "a.test", "/fine", null, 0).IsAllowed.ShouldBe(true);
    }

    internal static RuleSet Rules(string rules)
    {
        var (config, faults) = SidecarConfigReader.Read("issuers: { issuer: \"https://as.acme.test\", client_id: a, client_secret: b }\nrules:\n" + rules, ".");
        config.ShouldNotBeNull(string.Join('\n', faults));
        return config.Rules;
    }
}
