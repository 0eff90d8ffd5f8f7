using System.Text.Json;
using System.Text.RegularExpressions;

namespace Touchstone.EndToEnd.Tests.Serve;

/// <summary>The first minute of a newcomer: <c>serve --demo</c> and what it prints.</summary>
public sealed partial class DemoTests
{
    [Fact]
    public async Task The_printed_curl_lines_give_active_then_200_then_inactive()
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);
        var curl = CurlLines(server.Output);
        curl.Length.ShouldBe(3);

        var active = await Shell(curl[0]);
        active.GetProperty("active").GetBoolean().ShouldBeTrue();
        active.GetProperty("client_id").GetString().ShouldBe(server.DemoClient.Id);
        (await Programs.Bash.RunAsync("-c", curl[1])).Output.ShouldBe("200\n");
        (await Programs.Bash.RunAsync("-c", curl[2])).Output.ShouldBe("""{"active":false}""");
    }

    [Fact]
    public async Task The_folder_holds_exactly_the_documented_members_and_only_its_owner_can_read_them()
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);

        var issuer = server.Address.GetLeftPart(UriPartial.Authority);
        var demo = server.DemoJson;
        demo.EnumerateObject().Select(member => member.Name).ShouldBe(["server", "introspection_endpoint", "revocation_endpoint", "token_endpoint", "resource_server", "client", "access_token"]);
        demo.GetProperty("server").GetString().ShouldBe(issuer);
        demo.GetProperty("introspection_endpoint").GetString().ShouldBe(issuer + "/oauth/introspect");
        demo.GetProperty("revocation_endpoint").GetString().ShouldBe(issuer + "/oauth/revoke");
        demo.GetProperty("token_endpoint").GetString().ShouldBe(issuer + "/oauth/token");
        demo.GetProperty("resource_server").EnumerateObject().Select(member => member.Name).ShouldBe(["client_id", "client_secret", "audience"]);
        demo.GetProperty("client").EnumerateObject().Select(member => member.Name).ShouldBe(["client_id", "client_secret"]);
        var admin = Parse(Path.Combine(server.Data, "admin.json"));
        admin.EnumerateObject().Select(member => member.Name).ShouldBe(["client_id", "client_secret"]);

        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.GetUnixFileMode(Path.Combine(server.Data, "demo.json")).ShouldBe(OwnerOnly);
        File.GetUnixFileMode(Path.Combine(server.Data, "admin.json")).ShouldBe(OwnerOnly);
        File.GetUnixFileMode(server.Data).ShouldBe(OwnerOnly | UnixFileMode.UserExecute);
        Directory.GetFiles(server.Data, "*.tmp").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_restart_prints_and_keeps_the_same_data()
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);
        var (demo, admin, printed) = (Text(server, "demo.json"), Text(server, "admin.json"), CurlLines(server.Output));

        await server.RestartAsync();

        Text(server, "demo.json").ShouldBe(demo);
        Text(server, "admin.json").ShouldBe(admin);
        CurlLines(server.Output).ShouldBe([.. printed, .. printed]);
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_restart_makes_a_new_token_only_because_the_old_one_is_dead()
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);
        var (old, client, resourceServer) = (server.DemoToken, server.DemoClient, server.DemoResourceServer);
        (await server.OAuth.RevokeAsync(old, client)).Status.ShouldBe(200);

        await server.RestartAsync();

        server.DemoToken.ShouldNotBe(old);
        server.DemoClient.ShouldBe(client);
        server.DemoResourceServer.ShouldBe(resourceServer);
        (await server.OAuth.IsActiveAsync(server.DemoToken, resourceServer)).ShouldBeTrue();
        (await server.OAuth.IsActiveAsync(old, resourceServer)).ShouldBeFalse();
    }

    [Fact]
    public async Task The_token_endpoint_of_the_demo_works_with_its_client()
    {
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);

        var answer = await server.OAuth.GrantAsync(server.DemoClient);

        answer.Status.ShouldBe(200);
        var token = answer.Json.GetProperty("access_token").GetString()!;
        var seen = (await server.OAuth.IntrospectAsync(token, server.DemoResourceServer)).Json;
        seen.GetProperty("active").GetBoolean().ShouldBeTrue();
        seen.GetProperty("aud").GetRawText().ShouldContain(server.DemoJson.GetProperty("resource_server").GetProperty("audience").GetString()!);
    }

    [Fact]
    public async Task Without_the_demo_nothing_is_printed_and_no_demo_data_is_there()
    {
        await using var server = await ServerProcess.StartAsync();

        server.Output.ShouldBeEmpty();
        File.Exists(Path.Combine(server.Data, "demo.json")).ShouldBeFalse();
        (await server.Admin.GetAsync("/admin/clients")).Json.GetProperty("items").EnumerateArray().Select(client => client.GetProperty("client_id").GetString()).ShouldBe(["admin"]);
    }

    private static async Task<JsonElement> Shell(string line)
    {
        var result = await Programs.Bash.RunAsync("-c", line);
        result.ExitCode.ShouldBe(0, result.Error);
        return result.Json;
    }

    private static string[] CurlLines(string output) => [.. CurlLine().Matches(output).Select(match => match.Value)];

    private static string Text(ServerProcess server, string file) => File.ReadAllText(Path.Combine(server.Data, file));

    private static JsonElement Parse(string path) => JsonElement.Parse(File.ReadAllBytes(path));

    [GeneratedRegex("^curl .*$", RegexOptions.Multiline)]
    private static partial Regex CurlLine();
}
