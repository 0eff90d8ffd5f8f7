using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.Audit;

/// <summary>The audit of a real server, read and verified with the command line beside it and after it.</summary>
public sealed class AuditCommandTests
{
    private static readonly ServerSetup Everything = ServerSetup.Demo with { Environment = new Dictionary<string, string?> { ["Touchstone__Audit__Introspection"] = "all" } };

    [Fact]
    public async Task Verify_passes_beside_a_running_server_and_after_it_and_names_what_was_edited()
    {
        await using var server = await ServerProcess.StartAsync(Everything);
        for (var i = 0; i < 10; i++) (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();

        var running = await Cli.For(server).RunAsync("audit", "verify");
        running.ShouldEndWith(0);
        running.Output.ShouldContain("Nothing was changed");

        (await server.TerminateAsync()).ShouldBe(0);
        (await Cli.For(server).RunAsync("audit", "verify", "--json")).Json.GetProperty("verified").GetBoolean().ShouldBeTrue();

        var segment = Directory.GetFiles(Path.Combine(server.Data, "audit"))[0];
        File.WriteAllText(segment, File.ReadAllText(segment).Replace("\"actor\":\"demo-api\"", "\"actor\":\"nobody\"", StringComparison.Ordinal));
        var tampered = await Cli.For(server).RunAsync("audit", "verify");
        tampered.ShouldEndWith(1);
        tampered.Output.ShouldContain("FOUND");
        var finding = (await Cli.For(server).RunAsync("audit", "verify", "--json")).Json.GetProperty("findings")[0];
        finding.GetProperty("chain").GetString()!.ShouldEndWith(".introspections");
        finding.GetProperty("n").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task Verifying_leaves_no_trace_in_the_folder_and_needs_no_right_to_write_there()
    {
        await using var server = await ServerProcess.StartAsync(Everything);
        await server.TerminateAsync();
        var before = Directory.GetFiles(server.Data).Order().ToList();
        (await Programs.Bash.RunAsync("-c", $"chmod -R a-w '{server.Data}'")).ExitCode.ShouldBe(0);
        (await Cli.For(server).RunAsync("audit", "verify")).ShouldEndWith(0);
        Directory.GetFiles(server.Data).Order().ShouldBe(before);
        (await Programs.Bash.RunAsync("-c", $"chmod -R u+w '{server.Data}'")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task An_exported_checkpoint_finds_a_folder_that_was_put_back_to_an_earlier_state()
    {
        await using var server = await ServerProcess.StartAsync(Everything);
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        await server.TerminateAsync();
        var backup = Path.Combine(server.Folder, "backup");
        (await Programs.Bash.RunAsync("-c", $"cp -r '{server.Data}' '{backup}'")).ExitCode.ShouldBe(0);
        await server.RestartAsync();
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        await server.TerminateAsync();
        var exported = Path.Combine(server.Folder, "checkpoint.json");
        File.WriteAllText(exported, (await Cli.For(server).RunAsync("audit", "checkpoint")).Output);

        (await Cli.For(server).RunAsync("audit", "verify", "--checkpoint", exported)).ShouldEndWith(0);
        (await Cli.Bare.RunAsync("audit", "verify", "--data", backup)).ShouldEndWith(0);
        var cut = await Cli.Bare.RunAsync("audit", "verify", "--data", backup, "--checkpoint", exported);
        cut.ShouldEndWith(1);
        cut.Output.ShouldContain("cut off");
    }

    [Fact]
    public async Task Search_and_export_give_what_was_asked_for()
    {
        await using var server = await ServerProcess.StartAsync(Everything);
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        (await server.OAuth.RevokeAsync(server.DemoToken, server.DemoClient)).Status.ShouldBe(200);
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeFalse();

        var revoked = await LinesAsync(server, "audit", "search", "--kind", "revoked", "--json");
        revoked.Length.ShouldBe(1);
        revoked[0].GetProperty("class_uid").GetInt32().ShouldBe(3002);
        var row = revoked[0].GetProperty("unmapped").GetProperty("revocation").GetInt64();

        var refused = await LinesAsync(server, "audit", "search", "--kind", "introspected", "--revocation", row.ToString(System.Globalization.CultureInfo.InvariantCulture), "--json");
        refused.Length.ShouldBe(1);
        refused[0].GetProperty("class_name").GetString().ShouldBe("API Activity");
        refused[0].GetProperty("status_detail").GetString().ShouldBe("revoked");

        (await LinesAsync(server, "audit", "search", "--subject", "alice", "--since", "1h", "--json")).Length.ShouldBe(3);
        (await LinesAsync(server, "audit", "search", "--until", "2020-01-01", "--json")).ShouldBeEmpty();
        var all = await LinesAsync(server, "audit", "export");
        all.ShouldAllBe(record => record.GetProperty("type_uid").GetInt32() / 100 == record.GetProperty("class_uid").GetInt32());
        foreach (var chain in all.GroupBy(record => record.GetProperty("metadata").GetProperty("log_name").GetString()))
            chain.Select(record => record.GetProperty("metadata").GetProperty("sequence").GetInt64()).ShouldBe(Enumerable.Range(1, chain.Count()).Select(n => (long)n));
        (await LinesAsync(server, "audit", "export", "--raw")).Length.ShouldBe(all.Length);

        var tail = await Cli.For(server).RunAsync("audit", "tail", "-n", "3");
        tail.ShouldEndWith(0);
        tail.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(3);
        tail.Output.ShouldContain("introspected inactive");
        tail.Output.ShouldNotContain(server.DemoToken);
    }

    [Fact]
    public async Task Kill_9_loses_no_record_of_an_introspection_that_was_answered()
    {
        await using var server = await ServerProcess.StartAsync(Everything);
        var answered = 0;
        var callers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            try
            {
                while (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)) Interlocked.Increment(ref answered);
            }
            catch (Exception error) when (error is HttpRequestException or IOException)
            {
                // It was killed.
            }
        })).ToList();
        await Until.TrueAsync(() => Volatile.Read(ref answered) > 2000, "2,000 were answered");
        await server.Kill9Async();
        await Task.WhenAll(callers);

        var recorded = (await LinesAsync(server, "audit", "export", "--kind", "introspected", "--raw")).Length;
        recorded.ShouldBeInRange(answered, answered + 8);
        (await Cli.For(server).RunAsync("audit", "verify")).ShouldEndWith(0);
        await server.RestartAsync();
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        (await Cli.For(server).RunAsync("audit", "verify")).ShouldEndWith(0);
    }

    [Fact]
    public async Task Settings_out_of_range_are_all_told_at_once()
    {
        var server = Cli.Bare.With("Touchstone__Audit__SampleOneIn", "0").With("Touchstone__Audit__Retention", "00:00:01").With("Touchstone__Audit__Syslog__Port", "0");
        var refused = await server.RunAsync("serve", "--data", Path.Combine(Path.GetTempPath(), "touchstone-never-made"));
        refused.ShouldEndWith(2);
        refused.ErrorLines.Length.ShouldBe(3);
    }

    private static async Task<JsonElement[]> LinesAsync(ServerProcess server, params string[] arguments)
    {
        var result = await Cli.For(server).RunAsync(arguments);
        result.ShouldEndWith(0);
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }
}
