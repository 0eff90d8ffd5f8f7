using System.Text.Json;
using Touchstone.Server.Startup;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Startup;

public sealed class DemoTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_demo_makes_an_api_an_app_and_an_active_token_and_writes_them_for_its_owner_only()
    {
        await using var server = await StartAsync();
        var demo = server.App.Demo.ShouldNotBeNull();
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(_folder.File("demo.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder.File("demo.json")));
        JsonSerializer.Serialize(json.RootElement).ShouldBe(JsonSerializer.Serialize(JsonSerializer.SerializeToElement(new
        {
            server = TestServer.DefaultIssuer,
            introspection_endpoint = TestServer.DefaultIssuer + "/oauth/introspect",
            revocation_endpoint = TestServer.DefaultIssuer + "/oauth/revoke",
            token_endpoint = TestServer.DefaultIssuer + "/oauth/token",
            resource_server = new { client_id = demo.ResourceServer.ClientId, client_secret = demo.ResourceServer.ClientSecret, audience = demo.ResourceServer.Audience },
            client = new { client_id = demo.Client.ClientId, client_secret = demo.Client.ClientSecret },
            access_token = demo.AccessToken,
        })));

        await WorksAsync(server, demo);
    }

    [Fact]
    public async Task Without_it_there_is_none()
    {
        await using var server = await TestServer.StartAsync(data: _folder.Path);
        server.App.Demo.ShouldBeNull();
        File.Exists(_folder.File("demo.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_restart_reuses_everything_while_the_token_is_active()
    {
        var first = await DemoOfAStartAsync();
        _time.AdvanceSeconds(86399);
        (await DemoOfAStartAsync()).ShouldBe(first);
    }

    [Fact]
    public async Task A_restart_makes_a_new_token_when_the_old_one_is_expired_and_keeps_the_rest()
    {
        var first = await DemoOfAStartAsync();
        _time.AdvanceSeconds(86400);
        await using var server = await StartAsync();
        var second = server.App.Demo!;
        second.AccessToken.ShouldNotBe(first.AccessToken);
        (second with { AccessToken = first.AccessToken }).ShouldBe(first);
        await WorksAsync(server, second);
    }

    [Fact]
    public async Task A_restart_makes_a_new_token_when_the_old_one_was_revoked()
    {
        DemoFile first;
        await using (var server = await StartAsync())
        {
            first = server.App.Demo!;
            await WorksAsync(server, first);
        }
        await using (var server = await StartAsync())
        {
            server.App.Demo!.AccessToken.ShouldNotBe(first.AccessToken);
            server.App.Demo.Client.ShouldBe(first.Client);
            await WorksAsync(server, server.App.Demo);
        }
    }

    [Fact]
    public async Task A_crash_between_file_and_rows_is_made_good_with_what_the_file_says()
    {
        var first = await DemoOfAStartAsync();
        new Database(_folder.Path).Execute("DELETE FROM clients; DELETE FROM tokens");
        await using var server = await StartAsync();
        (server.App.Demo! with { AccessToken = first.AccessToken }).ShouldBe(first);
        await WorksAsync(server, server.App.Demo!);
    }

    [Fact]
    public async Task The_demo_file_of_another_folder_is_followed()
    {
        await DemoOfAStartAsync();
        var edited = (await File.ReadAllTextAsync(_folder.File("demo.json"))).Replace(TestServer.DefaultIssuer, TestServer.DefaultIssuer, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(edited);
        var secret = json.RootElement.GetProperty("client").GetProperty("client_secret").GetString()!;
        var other = string.Concat(secret.AsSpan(0, secret.Length - 2), secret.EndsWith("AA", StringComparison.Ordinal) ? "BB" : "AA");
        await File.WriteAllTextAsync(_folder.File("demo.json"), edited.Replace(secret, other, StringComparison.Ordinal));
        await using var server = await StartAsync();
        server.App.Demo!.Client.ClientSecret.ShouldBe(other);
        (await server.OAuth.GrantAsync(new TestClient("demo-app", secret))).ShouldBeError(401, "invalid_client");
        await WorksAsync(server, server.App.Demo);
    }

    [Fact]
    public async Task Another_issuer_stands_in_the_file_after_a_restart()
    {
        var first = await DemoOfAStartAsync();
        await using var server = await TestServer.StartAsync(options => (options.Demo, options.Issuer) = (true, "https://new.acme.test"), data: _folder.Path, time: _time);
        server.App.Demo!.Server.ShouldBe("https://new.acme.test");
        server.App.Demo.Client.ShouldBe(first.Client);
        (await File.ReadAllTextAsync(_folder.File("demo.json"))).ShouldContain("https://new.acme.test/oauth/introspect");
        await WorksAsync(server, server.App.Demo);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"server":"x"}""")]
    public async Task A_demo_file_that_cannot_be_read_is_told_and_left_alone(string text)
    {
        await File.WriteAllTextAsync(_folder.File("demo.json"), text);
        (await Should.ThrowAsync<StartupException>(StartAsync)).Message.ShouldStartWith(_folder.File("demo.json") + " can't be read");
        (await File.ReadAllTextAsync(_folder.File("demo.json"))).ShouldBe(text);
    }

    [Fact]
    public async Task A_demo_file_that_cannot_be_read_is_made_anew_as_the_message_says()
    {
        var first = await DemoOfAStartAsync();
        await File.WriteAllTextAsync(_folder.File("demo.json"), "{\"server\":");
        (await Should.ThrowAsync<StartupException>(StartAsync)).Message.ShouldEndWith("Move it away and start with --demo again: another one is made, with new secrets.");
        File.Move(_folder.File("demo.json"), _folder.File("demo.json.broken"));
        await using var server = await StartAsync();
        server.App.Demo!.Client.ClientSecret.ShouldNotBe(first.Client.ClientSecret);
        await WorksAsync(server, server.App.Demo);
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(options => options.Demo = true, data: _folder.Path, time: _time);

    private async Task<DemoFile> DemoOfAStartAsync()
    {
        await using var server = await StartAsync();
        return server.App.Demo!;
    }

    /// <summary>The three lines that a newcomer pastes: active, 200, inactive.</summary>
    private static async Task WorksAsync(TestServer server, DemoFile demo)
    {
        var api = new TestClient(demo.ResourceServer.ClientId, demo.ResourceServer.ClientSecret);
        (await server.OAuth.IntrospectAsync(demo.AccessToken, api)).ShouldBeActive().GetProperty("aud").GetString().ShouldBe(demo.ResourceServer.Audience);
        (await server.OAuth.RevokeAsync(demo.AccessToken, new TestClient(demo.Client.ClientId, demo.Client.ClientSecret))).ShouldBeEmpty();
        (await server.OAuth.IntrospectAsync(demo.AccessToken, api)).ShouldBeInactive();
    }
}
