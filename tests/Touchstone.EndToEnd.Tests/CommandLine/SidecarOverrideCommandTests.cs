using Touchstone.EndToEnd.Tests.Sidecar;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone sidecar override</c> and a sidecar that runs, over a unix socket. Its server need not be there.</summary>
public sealed class SidecarOverrideCommandTests : IAsyncLifetime
{
    private SidecarProcess _sidecar = null!;

    public async ValueTask InitializeAsync() => _sidecar = await SidecarProcess.StartAsync(
        folder => $$"""
            listen: unix:{{folder.File("auth.sock")}}
            admin: unix:{{folder.File("admin.sock")}}
            {{SidecarProcess.Nowhere}}
            rules:
              - { name: any token, paths: /any }
              - { name: read orders, paths: /orders, scopes: orders:read }
            """,
        static folder => ValueTask.FromResult(File.Exists(folder.File("auth.sock"))));

    public ValueTask DisposeAsync() => _sidecar.DisposeAsync();

    [Fact]
    public async Task One_is_set_listed_and_ended()
    {
        var none = await Run();
        none.ShouldEndWith(0);
        none.Output.ShouldContain("No override is in force.");

        var set = await Run("--rule", "any token", "--fail-mode", "open", "--max-ttl", "10s", "--for", "15m", "--reason", "the database moves", "--json");
        set.ShouldEndWith(0);
        var one = set.Json.GetProperty("overrides")[0];
        (one.GetProperty("rule").GetString(), one.GetProperty("fail_mode").GetString(), one.GetProperty("max_ttl_seconds").GetDouble(), one.GetProperty("reason").GetString()).ShouldBe(("any token", "open", 10, "the database moves"));
        (await Run()).Output.ShouldContain("the database moves");

        var refused = await Run("--rule", "read orders", "--fail-mode", "open", "--for", "15m");
        refused.ShouldEndWith(1);
        refused.Error.ShouldContain("never opens");
        (await Run("--rule", "any token", "--clear")).Output.ShouldContain("No override is in force.");
        (await Run("--rule", "any token", "--clear")).ShouldEndWith(1);
    }

    [Fact]
    public async Task What_is_missing_is_told_before_anything_is_sent()
    {
        foreach (var line in new string[][] { ["--fail-mode", "open"], ["--rule", "r", "--fail-mode", "open"], ["--rule", "r", "--for", "15m"], ["--rule", "r", "--clear", "--for", "15m"], ["--rule", "r", "--fail-mode", "ajar", "--for", "15m"], ["--clear"] }) (await Run(line)).ShouldEndWith(2);
        (await Cli.Bare.RunAsync("sidecar", "override", "--admin", "127.0.0.1:9081")).ShouldEndWith(2);
        var nobody = await Cli.Bare.RunAsync("sidecar", "override", "--admin", $"http://127.0.0.1:{Ports.Take()}");
        nobody.ShouldEndWith(3);
        nobody.Error.ShouldContain("touchstone sidecar");
    }

    private Task<CommandResult> Run(params string[] line) => Cli.Bare.RunAsync(["sidecar", "override", "--admin", "unix:" + _sidecar.FileOf("admin.sock"), .. line]);
}
