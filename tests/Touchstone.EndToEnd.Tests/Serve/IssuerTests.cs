using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.Serve;

/// <summary>The issuer belongs to the data: stored at the first start, and held to.</summary>
public sealed class IssuerTests
{
    [Fact]
    public async Task Another_issuer_on_the_same_data_is_refused_and_the_old_one_is_named()
    {
        await using var server = await ServerProcess.StartAsync();
        await server.TerminateAsync();

        var result = await Cli.Bare.RunAsync("serve", "--data", server.Data, "--urls", server.Address.GetLeftPart(UriPartial.Authority), "--issuer", "https://as.example.com");

        result.ShouldEndWith(2);
        result.Error.ShouldContain(server.Address.GetLeftPart(UriPartial.Authority));
        result.Error.ShouldContain("https://as.example.com");

        await server.RestartAsync();
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_demo_may_move_to_another_address()
    {
        await using var first = await ServerProcess.StartAsync(ServerSetup.Demo);
        await first.TerminateAsync();

        await using var moved = await ServerProcess.StartAsync(ServerSetup.Demo with { Data = first.Data });

        moved.DemoJson.GetProperty("server").GetString().ShouldBe(moved.Address.GetLeftPart(UriPartial.Authority));
        (await moved.OAuth.IsActiveAsync(moved.DemoToken, moved.DemoResourceServer)).ShouldBeTrue();
        (await moved.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_issuer_with_a_path_is_served_under_it()
    {
        var port = Ports.Take();
        var issuer = $"http://127.0.0.1:{port}/as";
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Port = port, Arguments = ["--issuer", issuer, "--demo"] });

        var metadata = (await server.OAuth.GetAsync("/.well-known/oauth-authorization-server/as")).Json;
        metadata.GetProperty("issuer").GetString().ShouldBe(issuer);
        metadata.GetProperty("introspection_endpoint").GetString().ShouldBe(issuer + "/oauth/introspect");
        server.DemoJson.GetProperty("introspection_endpoint").GetString().ShouldBe(issuer + "/oauth/introspect");
        (await Cli.Bare.RunAsync("introspect", server.DemoToken, "--server", issuer, "--data", server.Data)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Behind_a_proxy_plain_http_beyond_loopback_is_served_with_a_warning()
    {
        var port = Ports.Take();
        await using var server = await ServerProcess.StartAsync(new ServerSetup
        {
            Port = port,
            Urls = $"http://0.0.0.0:{port}",
            Arguments = ["--allow-insecure-http", "--issuer", "https://as.example.com"],
        });

        server.Error.ShouldContain("Plain http is served beyond loopback");
        (await server.OAuth.MetadataAsync()).GetProperty("issuer").GetString().ShouldBe("https://as.example.com");
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_administrator_s_token_is_for_the_issuer()
    {
        await using var server = await ServerProcess.StartAsync();

        JsonElement known = await server.Admin.LookUpAsync(await server.Admin.TokenAsync());

        known.GetProperty("record").GetProperty("aud").EnumerateArray().Select(aud => aud.GetString()).ShouldBe([server.Address.GetLeftPart(UriPartial.Authority)]);
    }
}
