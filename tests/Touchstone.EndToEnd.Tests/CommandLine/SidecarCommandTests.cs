using System.Net.Sockets;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone sidecar</c>, <c>check</c> and <c>explain</c>: what somebody is told who writes his first file. No server is there, and none is needed.</summary>
public sealed class SidecarCommandTests : IDisposable
{
    private const string Issuer = "issuers: { issuer: https://as.acme.test, client_id: a, client_secret_file: nowhere }\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_whose_secrets_are_elsewhere_is_checked_without_them_and_explained()
    {
        var file = Write(Issuer + "opa: { url: http://127.0.0.1:8181/v1/data/touchstone/allow }\nrules:\n- { name: all, paths: /**, methods: GET, opa: true }\n- { name: orders, paths: /orders, methods: GET }\n");
        (await Cli.Bare.RunAsync("sidecar", "check", "--config", file)).ShouldEndWith(2);
        var check = await Cli.Bare.RunAsync("sidecar", "check", "--config", file, "--without-secrets");
        check.ShouldEndWith(0);
        check.Output.ShouldContain($"{file}:5:1: warning: rules: rule 'orders', line 5, is never reached");
        check.Output.ShouldContain("2 rules, 1 issuer.");
        (await Cli.Bare.RunAsync("sidecar", "check", "--config", file, "--without-secrets", "--json")).Json.GetProperty("warnings")[0].GetProperty("line").GetInt32().ShouldBe(5);

        var explained = (await Cli.Bare.RunAsync("sidecar", "explain", "--config", file, "--json", "POST", "https://a.test/orders")).Json;
        (explained.GetProperty("code").GetString(), explained.GetProperty("status").GetInt32(), explained.GetProperty("near_misses").GetArrayLength()).ShouldBe(("no_rule", 403, 2));
        var claims = _folder.File("claims.json");
        await File.WriteAllTextAsync(claims, """{"active":true}""");
        var passes = await Cli.Bare.RunAsync("sidecar", "explain", "--config", file, "--claims", claims, "GET", "https://a.test/orders");
        passes.ShouldEndWith(0);
        passes.Output.ShouldContain("http://127.0.0.1:8181/v1/data/touchstone/allow");
    }

    [Theory]
    [InlineData("""{"sub":"alice"}""", "has no `active`: it is no answer of introspection"), InlineData("{\n\"active\": tru }", "is no JSON: something is wrong in line 2"), InlineData("""{"active":true,"scope":[1]}""", "`scope`")]
    public async Task What_is_no_answer_of_introspection_is_none(string claims, string says)
    {
        await File.WriteAllTextAsync(_folder.File("claims.json"), claims);
        var result = await Cli.Bare.RunAsync("sidecar", "explain", "--config", Write(Issuer + "rules: { name: all, paths: /** }"), "--claims", _folder.File("claims.json"), "GET", "https://a.test/orders");
        result.ShouldEndWith(2);
        result.Error.ShouldContain(says);
    }

    [Fact]
    public async Task Where_it_cant_listen_one_line_says_where_and_why()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((System.Net.IPEndPoint)taken.LocalEndPoint!).Port;
        foreach (var (listen, says) in new[] { ($"http://127.0.0.1:{port}", "it is taken"), ("http://192.0.2.1:9080", "this machine does not have the address") })
        {
            var result = await Cli.Bare.RunAsync("sidecar", "--config", Write($"listen: {listen}\nadmin: off\nallow_insecure_http: true\n{Issuer.Replace("client_secret_file: nowhere", "client_secret: s", StringComparison.Ordinal)}rules: {{ name: all, paths: /** }}"));
            result.ShouldEndWith(1);
            result.Error.ShouldContain($"Nothing can listen at {listen}: {says}");
            (result.Output + result.Error).ShouldNotContain("   at ", customMessage: "no stack trace");
        }
    }

    [Theory]
    [InlineData("--allow-insecure-http"), InlineData("--data", "./data"), InlineData("--server", "https://as.acme.test")]
    public async Task Options_about_the_server_are_refused_where_they_do_nothing(params string[] option)
    {
        var file = Write(Issuer + "rules: { name: all, paths: /** }");
        var result = await Cli.Bare.RunAsync(["sidecar", "check", "--without-secrets", "--config", file, .. option]);
        result.ShouldEndWith(2);
        result.Error.ShouldContain($"{option[0]} does nothing in 'touchstone sidecar check'");
        (await Cli.Bare.RunAsync("sidecar", "check", "--help")).Output.ShouldNotContain(option[0]);
    }

    [Fact]
    public async Task Help_is_given_by_its_word_too() => (await Cli.Bare.RunAsync("help", "sidecar")).Output.ShouldBe((await Cli.Bare.RunAsync("sidecar", "--help")).Output);

    private string Write(string text)
    {
        var file = _folder.File("sidecar.yaml");
        File.WriteAllText(file, text);
        return file;
    }
}
