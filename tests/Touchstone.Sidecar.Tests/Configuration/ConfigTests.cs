using Touchstone.Client;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar.Tests.Configuration;

/// <summary>What a file says, and everything that is wrong with it.</summary>
public sealed class ConfigTests
{
    private const string Issuer = "issuers: { issuer: https://as.acme.test, client_id: a, client_secret: b }\n";

    [Fact]
    public void A_whole_file_is_read()
    {
        var (config, faults) = SidecarConfigReader.Read("""
            listen: [http://127.0.0.1:9080, unix:/tmp/touchstone.sock]
            admin: http://127.0.0.1:9081
            realm: orders
            nginx_outage_status: 500
            trusted_proxies: [10.0.0.0/8, "::1"]
            issuers:
              - issuer: https://as.acme.test
                client_id: sidecar
                client_secret: s3cret
                token_prefix: tst_
                timeout: 2s
                try_timeout: 500ms
                retries: 1
            rules:
              - name: read orders
                hosts: orders.acme.test
                paths: [/orders, "/orders/{id}"]
                methods: [GET, HEAD]
                scopes: orders:read
                audiences: [https://orders.acme.test]
                fail_mode: stale_if_error
                max_stale: 1m
                max_ttl: 90s
                headers:
                  X-User: sub
                  X-Tenant: /acme/tenant
            """, ".");
        faults.ShouldBeEmpty();
        config!.Listen.ShouldBe(["http://127.0.0.1:9080", "unix:/tmp/touchstone.sock"]);
        (config.Realm, config.NginxOutageStatus, config.TrustedProxies.Count).ShouldBe(("orders", 500, 2));
        var issuer = config.Issuers.ShouldHaveSingleItem();
        (issuer.TokenPrefix, issuer.Options.Timeout, issuer.Options.TryTimeout, issuer.Options.Retries).ShouldBe(("tst_", TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(500), 1));
        var rule = config.Rules.All.ShouldHaveSingleItem();
        (rule.Name, rule.Line, rule.Paths.Count, rule.Methods.Count).ShouldBe(("read orders", 15, 2, 2));
        (rule.Policy.FailMode, rule.Policy.MaxStale, rule.Policy.MaxTtl).ShouldBe((FailMode.StaleIfError, TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(90)));
        rule.Headers.Select(header => (header.Name, header.Claim)).ShouldBe([("X-User", "sub"), ("X-Tenant", "/acme/tenant")]);
    }

    [Fact]
    public void The_same_as_JSON_is_the_same() =>
        SidecarConfigReader.Read("""{"issuers":[{"issuer":"https://as.acme.test","client_id":"a","client_secret":"b"}],"rules":[{"name":"r","paths":["/**"],"claims":[{"claim":"n","equals":5}]}]}""", ".").Config!.Rules.All[0].Claims[0].ToString().ShouldBe("n is 5");

    [Theory]
    [InlineData("- { name: r, paths: /a, scope: x }", 3, "'scope' is not known here")]
    [InlineData("- { paths: /a }", 3, "'name' is missing")]
    [InlineData("- { name: r }", 3, "'paths' is missing")]
    [InlineData("- { name: r, paths: [] }", 3, "Give one path")]
    [InlineData("- { name: r, paths: /a/../b }", 3, "dot segment")]
    [InlineData("- { name: r, paths: /a, methods: get }", 3, "capitals")]
    [InlineData("- { name: r, paths: /a, hosts: \"a b\" }", 3, "no host name")]
    [InlineData("- { name: r, paths: /a, allow: everyone }", 3, "anybody")]
    [InlineData("- { name: r, paths: /a, allow: anybody, scopes: x }", 3, "looks at no token")]
    [InlineData("- { name: r, paths: /a, scopes: \"a b\" }", 3, "no scope")]
    [InlineData("- { name: r, paths: /a, claims: { claim: x } }", 3, "one of equals")]
    [InlineData("- { name: r, paths: /a, claims: { claim: x, equals: 1, exists: true } }", 3, "one of equals")]
    [InlineData("- { name: r, paths: /a, claims: { claim: x, equals: null } }", 3, "exists")]
    [InlineData("- { name: r, paths: /a, claims: { claim: /a~2b, exists: false } }", 3, "no JSON Pointer")]
    [InlineData("- { name: r, paths: /a, claims: { claim: /a/b~, exists: true } }", 3, "no JSON Pointer")]
    [InlineData("- name: r\n  paths: /a\n  headers: { X-User: /a~ }", 5, "no JSON Pointer")]
    [InlineData("- { name: r, paths: /a%EF%B8%8F }", 3, "can be taken for another one")]
    [InlineData("- { name: r, paths: /a, max_age: soon }", 3, "a time such as")]
    [InlineData("- { name: r, paths: /a, fail_mode: ajar }", 3, "closed, stale_if_error or open")]
    [InlineData("- { name: r, paths: /a, max_ttl: 3d }", 3, "max_ttl must be")]
    [InlineData("- { name: r, paths: /a, headers: { X_User: sub } }", 3, "letters, digits and hyphens")]
    [InlineData("- { name: r, paths: /a, headers: { X-User: sub, x-user: iss } }", 3, "twice")]
    [InlineData("- { name: r, paths: /a, scopes: [] }", 3, "empty list")]
    [InlineData("- { name: r, paths: /a, scopes: { any: [] } }", 3, "empty list")]
    [InlineData("- { name: r, paths: /a, hosts: [] }", 3, "empty list")]
    [InlineData("- { name: r, paths: /a, claims: { claim: x, one_of: [] } }", 3, "empty list")]
    [InlineData("- { name: r, paths: /a, scopes: x, fail_mode: open }", 3, "never opens")]
    [InlineData("- { name: r, paths: /a, opa: true }", 3, "give opa, with its url")]
    [InlineData("- { name: r, paths: /a, opa: \"../admin\" }", 3, "path of a document")]
    [InlineData("- { name: r, paths: /a, opa: true, fail_mode: open }", 3, "never opens")]
    [InlineData("- { name: r, paths: /a, allow: anybody, opa: true }", 3, "looks at no token")]
    [InlineData("- { name: r, paths: /a, acr: \"a b\" }", 3, "no acr")]
    [InlineData("- { name: r, paths: /a, max_age: -Infinity }", 3, "a time such as")]
    [InlineData("- { name: r, paths: /a, headers: { Content-Length: sub } }", 3, "another name")]
    [InlineData("- { name: r, paths: /a, headers: { x-accel-redirect: sub } }", 3, "another name")]
    [InlineData("- { name: r, paths: &p /a }\n- { name: s, paths: *p }", 4, "Aliases")]
    [InlineData("- { name: r, paths: /a, scopes: [[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]] }", 3, "nested deeper")]
    [InlineData("- { name: r, paths: /a }\n- { name: r, paths: /b }", 4, "the name of the rule in line 3")]
    public void L47_What_is_wrong_with_a_rule_is_told_with_its_line(string rules, int line, string says)
    {
        var (config, faults) = SidecarConfigReader.Read(Issuer + "rules:\n" + rules, ".");
        config.ShouldBeNull();
        faults.ShouldContain(fault => fault.Line == line && fault.Message.Contains(says, StringComparison.Ordinal), string.Join('\n', faults));
    }

    [Fact]
    public void What_is_no_YAML_is_told_with_the_place_where_it_ends_to_be_some()
    {
        var fault = SidecarConfigReader.Read(Issuer + "rules:\n- { name: r, paths: /a", ".").Faults.ShouldHaveSingleItem();
        fault.Message.ShouldContain("no YAML");
        fault.Line.ShouldBeGreaterThanOrEqualTo(3);
    }

    [Theory]
    [InlineData("trusted_proxies: 0.0.0.0/0", "everybody"), InlineData("trusted_proxies: \"::/0\"", "everybody"), InlineData("trusted_proxies: 0.0.0.0/1", "everybody"), InlineData("trusted_proxies: nginx", "no address"), InlineData("listen: http://loopback:9080", "plain http"), InlineData("listen: []", "one address at least"), InlineData("listen: \"unix:/a;http://0.0.0.0:80\"", "as a list"), InlineData("listen: http://0.0.0.0:9080", "plain http"), InlineData("listen: ftp://x", "no address such as")]
    [InlineData("realm: \"a\\\"b\"", "without quotes"), InlineData("nginx_outage_status: 401", "403, 500 or 503"), InlineData("surprise: 1", "'surprise' is not known here")]
    [InlineData("listen: https://127.0.0.1:9443", "give tls"), InlineData("tls: { certificate_file: a, key_file: b }", "no file"), InlineData("kubernetes: { username: sub }", "'audiences' is missing"), InlineData("kubernetes: { audiences: a, extra: { Scopes: scope } }", "no key of extra")]
    [InlineData("introspect: {}", "Nobody may ask"), InlineData("introspect: { callers: { client_id: a } }", "one of the two"), InlineData("listen: unix:/tmp/a.sock\nintrospect: { socket_peers: true, fail_mode: open }", "stale_if_error"), InlineData("log_decisions: some", "none, refused or all")]
    [InlineData("admin: https://127.0.0.1:9081", "give admin_tls"), InlineData("admin_tls: { certificate_file: a }", "is missing")]
    [InlineData("opa: { timeout: 1s }", "'url' is missing"), InlineData("opa: { url: \"http://127.0.0.1:8181/v1/data/\" }", "a document under /v1/data/"), InlineData("opa: { url: \"http://127.0.0.1:8181/v1/query\" }", "a document under /v1/data/"), InlineData("opa: { url: \"http://opa.acme.test/v1/data/a\" }", "plain http")]
    [InlineData("opa: { url: \"http://127.0.0.1:8181/v1/data/a\", timeout: 11s }", "1ms to 10s"), InlineData("opa: { url: \"http://127.0.0.1:8181/v1/data/a\", fail_mode: stale_if_error }", "closed or open"), InlineData("opa: { url: \"http://127.0.0.1:8181/v1/data/a\", max_connections: 0 }", "1 to 10000"), InlineData("opa: { url: \"http://127.0.0.1:8181/v1/data/a\", headers: Set-Cookie }", "another name")]
    [InlineData("otlp: { endpoint: collector }", "http or https URL"), InlineData("otlp: { protocol: udp }", "grpc or http/protobuf"), InlineData("otlp: { sample_one_in: 1000001 }", "from 0, none, to 1000000")]
    public void L41_What_is_wrong_above_the_rules_is_told(string line, string says)
    {
        var (config, faults) = SidecarConfigReader.Read(Issuer + "rules: { name: r, paths: /** }\n" + line, ".");
        config.ShouldBeNull();
        faults[0].Message.ShouldContain(says);
    }

    [Fact]
    public void All_faults_are_told_at_once_in_the_order_of_the_file()
    {
        var (_, faults) = SidecarConfigReader.Read("issuers: { client_id: a }\nrules:\n- { name: r, paths: x }\n- { name: s, paths: /a, methods: get }\n", ".");
        faults.Select(fault => fault.Line).ShouldBe(faults.Select(fault => fault.Line).Order());
        faults.Select(fault => fault.Line).Distinct().ShouldBe([1, 3, 4]);
    }

    [Fact]
    public void A_secret_in_a_file_is_followed_and_one_that_is_not_there_is_told()
    {
        using var folder = new TempFolder();
        File.WriteAllText(Path.Combine(folder.Path, "secret"), "s3cret\n");
        var rules = "\nrules: { name: r, paths: /** }";
        SidecarConfigReader.Read("issuers: { issuer: https://as.acme.test, client_id: a, client_secret_file: secret }" + rules, folder.Path).Config.ShouldNotBeNull();
        SidecarConfigReader.Read("issuers: { issuer: https://as.acme.test, client_id: a, client_secret_file: nowhere }" + rules, folder.Path).Faults.ShouldHaveSingleItem().Message.ShouldContain("nowhere");
        SidecarConfigReader.Read("issuers: { issuer: https://as.acme.test, client_id: a, client_secret: x, client_secret_file: secret }" + rules, folder.Path).Faults.ShouldHaveSingleItem().Message.ShouldContain("one of the two");
        SidecarConfigReader.ReadFile(Path.Combine(folder.Path, "sidecar.yaml")).Faults.ShouldHaveSingleItem().Message.ShouldContain("There is no file");
    }
}
