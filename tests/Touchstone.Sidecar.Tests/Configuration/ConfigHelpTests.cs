using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar.Tests.Configuration;

/// <summary>What somebody who writes his first file is told: in the words of the file, where it stands, and once.</summary>
public sealed class ConfigHelpTests
{
    private const string Issuer = "issuers: { issuer: https://as.acme.test, client_id: a, client_secret: b }\n", Rules = "rules: { name: r, paths: /** }\n";

    [Theory]
    [InlineData("issuer: 127.0.0.1:5080", "issuers.issuer", "'127.0.0.1:5080' is no URL such as https://tokens.example.com.")]
    [InlineData("issuer: http://as.acme.test", "issuers.issuer", "issuer is http: tokens would go over the wire as they are. Use https, or set allow_insecure_http.")]
    [InlineData("token_prefix: x_", "issuers", "Set issuer, or introspection_endpoint where there is no metadata; one of them.")]
    [InlineData("issuer: https://as.acme.test, try_timeout: 9s", "issuers.try_timeout", "try_timeout must be from 10 ms to timeout.")]
    [InlineData("issuer: https://as.acme.test, feed_endpoint: https://as.acme.test/feed", "issuers.feed_endpoint", "feed_endpoint goes with introspection_endpoint; beside issuer the metadata names it.")]
    public void What_is_wrong_with_an_issuer_is_told_once_at_its_key_in_the_words_of_the_file(string issuer, string path, string says)
    {
        var fault = SidecarConfigReader.Read($"issuers: {{ {issuer}, client_id: a, client_secret: b }}\n{Rules}", ".").Faults.ShouldHaveSingleItem();
        (fault.Path, fault.Message).ShouldBe((path, says));
    }

    [Fact]
    public void A_path_that_is_none_is_told_once() =>
        SidecarConfigReader.Read(Issuer + "rules: { name: r, paths: orders }", ".").Faults.ShouldHaveSingleItem().Path.ShouldBe("rules.paths");

    [Fact]
    public void A_tab_is_told_where_it_is()
    {
        var fault = SidecarConfigReader.Read(Issuer + "rules:\n  - name: r\n\tpaths: /**\n", ".").Faults.ShouldHaveSingleItem();
        (fault.Line, fault.Column).ShouldBe((4, 1));
        fault.Message.ShouldContain("tab");
    }

    [Fact]
    public void A_file_that_is_not_there_and_a_folder_are_told_with_the_option_that_names_another()
    {
        using var folder = new TempFolder();
        SidecarConfigReader.ReadFile(folder.File("sidecar.yaml")).Faults.ShouldHaveSingleItem().Message.ShouldBe($"There is no file {folder.File("sidecar.yaml")}: name one with --config.");
        SidecarConfigReader.ReadFile(folder.Path).Faults.ShouldHaveSingleItem().Message.ShouldContain("is a folder");
    }

    [Theory]
    [InlineData("listen: http://127.0.0.1:9081", "is in the way of http://127.0.0.1:9081")]
    [InlineData("admin: http://127.0.0.1:9080", "is in the way of http://127.0.0.1:9080")]
    [InlineData("admin: [http://0.0.0.0:9081, http://127.0.0.1:9081]\nallow_insecure_http: true", "is in the way of http://0.0.0.0:9081")]
    [InlineData("listen: unix:/tmp/a.sock\nadmin: unix:/tmp/a.sock", "is in the way of unix:/tmp/a.sock")]
    [InlineData("listen: unix:/nowhere/a.sock", "There is no folder /nowhere")]
    [InlineData("introspect: { socket_peers: true }", "give listen an address unix:/path")]
    [InlineData("socket_mode: rw", "octal"), InlineData("socket_mode: 0060", "octal"), InlineData("admin: []", "or off")]
    public void Addresses_that_are_in_each_others_way_and_sockets_that_nobody_opens_are_told(string line, string says) =>
        SidecarConfigReader.Read($"{Issuer}{Rules}{line}", ".").Faults.ShouldHaveSingleItem().Message.ShouldContain(says);

    [Theory]
    [InlineData("admin: [http://127.0.0.1:9081, http://127.0.0.1:9082]"), InlineData("admin: off"), InlineData("listen: [http://127.0.0.1:0, http://127.0.0.1:0]")]
    public void Addresses_that_are_not_are_taken(string line) => SidecarConfigReader.Read($"{Issuer}{Rules}{line}", ".").Config.ShouldNotBeNull();

    [Fact]
    public void Without_what_is_on_the_machine_a_file_is_valid_that_names_it()
    {
        const string Text = """
            listen: [https://127.0.0.1:9443, unix:/nowhere/a.sock]
            tls: { certificate_file: nowhere.crt, key_file: nowhere.key, client_ca_file: nowhere.pem }
            introspect: { callers: { client_id: c, client_secret_file: nowhere }, certificate_peers: true }
            shared_cache: { redis: "rediss://redis.acme.test:6380", key_file: nowhere, password_file: nowhere, ca_file: nowhere }
            issuers: { issuer: https://as.acme.test, client_id: a, client_secret_file: nowhere, require_signed_answers: true, answer_key_files: nowhere, require_encrypted_answers: true }
            rules: { name: r, paths: /** }
            """;
        var (config, faults) = SidecarConfigReader.Read(Text, null);
        config.ShouldNotBeNull(string.Join('\n', faults));
        SidecarConfigReader.Read(Text, ".").Config.ShouldBeNull();
        SidecarConfigReader.Read(Text.Replace("client_id: a, ", "", StringComparison.Ordinal), null).Faults.ShouldHaveSingleItem().Message.ShouldContain("'client_id' is missing");
    }

    [Theory]
    [InlineData("- { name: all, paths: /**, allow: anybody }\n- { name: orders, paths: /orders, scopes: x }", true)]
    [InlineData("- { name: all, paths: \"/{a}/**\" }\n- { name: orders, paths: [/orders, \"/orders/{id}\"], methods: GET, hosts: a.test }", true)]
    [InlineData("- { name: all, paths: /orders, methods: GET, hosts: \"*.acme.test\" }\n- { name: orders, paths: /orders, methods: HEAD, hosts: a.acme.test }", true)]
    [InlineData("- { name: all, paths: [/orders, /orders/**], methods: [GET, POST] }\n- { name: orders, paths: /orders/**, methods: POST }", true)]
    [InlineData("- { name: all, paths: /orders/** }\n- { name: orders, paths: /** }", false)]
    [InlineData("- { name: all, paths: \"/orders/{id}\" }\n- { name: orders, paths: /orders/ }", false)]
    [InlineData("- { name: all, paths: \"/orders/{id}\" }\n- { name: orders, paths: /orders/** }", false)]
    [InlineData("- { name: all, paths: /**, methods: GET }\n- { name: orders, paths: /orders }", false)]
    [InlineData("- { name: all, paths: /**, hosts: a.test }\n- { name: orders, paths: /orders }", false)]
    [InlineData("- { name: all, paths: /**, hosts: \"*.test\" }\n- { name: orders, paths: /orders, hosts: [a.test, b.a.test] }", false)]
    public void A_rule_that_is_never_reached_is_told_and_the_file_stays_valid(string rules, bool isNever)
    {
        var (config, faults) = SidecarConfigReader.Read(Issuer + "rules:\n" + rules, ".");
        var told = config.ShouldNotBeNull(string.Join('\n', faults)).Warnings.Select(static warning => (warning.Line, warning.Message));
        told.ShouldBe(isNever ? [(4, "rule 'orders', line 4, is never reached: rule 'all', line 3, matches all of it.")] : []);
    }

    [Fact]
    public void A_short_secret_of_a_caller_is_warned_of() =>
        SidecarConfigReader.Read(Issuer + Rules + "introspect: { callers: [{ client_id: c, client_secret: short }, { client_id: d, client_secret: 0123456789abcdef }] }", ".").Config!.Warnings.ShouldHaveSingleItem().Path.ShouldBe("introspect.callers[0].client_secret");
}
