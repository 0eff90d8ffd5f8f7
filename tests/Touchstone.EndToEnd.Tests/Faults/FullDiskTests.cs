using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Faults;

/// <summary>A disk that is full: 503 and nothing half done; when there is room again, it goes on as if nothing had been.</summary>
[Collection(LoadCollection.Name)]
public sealed class FullDiskTests
{
    private const string Audience = "https://api.demo.example";
    private const int Mebibytes = 6;

    [Fact]
    public async Task L06_Every_write_is_503_with_Retry_After_and_reads_go_on_and_nothing_is_lost()
    {
        await using var disk = await SmallDisk.MountOrSkipAsync(Mebibytes);
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo with { Data = disk.Data });
        var admin = server.Admin;
        var active = new List<string>(await IssueAsync(server, 200));
        var revoked = new List<string>();

        disk.Fill();
        await UntilRefusedAsync(() => server.OAuth.GrantAsync(server.DemoClient), answer => active.Add(answer.Json.GetProperty("access_token").GetString()!));
        await UntilRefusedAsync(
            () => admin.PostAsync("/admin/tokens", Enumerable.Range(0, 20).Select(_ => new { client_id = server.DemoClient.Id, aud = Audience })),
            answer => active.AddRange(answer.Json.EnumerateArray().Select(item => item.GetProperty("token").GetString()!)));
        await UntilRefusedAsync(() => server.OAuth.RevokeAsync(active[^1], server.DemoClient), _ => Move(active, revoked));
        await UntilRefusedAsync(() => admin.PostAsync("/admin/revocations", new { token = active[^1] }), _ => Move(active, revoked));
        await UntilRefusedAsync(() => admin.PostAsync("/admin/clients", new { client_id = $"late-{Guid.NewGuid()}", kind = "client" }), _ => { });

        // What is known is still known: a full disk says nothing about a token.
        await ShouldBeAsync(server, active, revoked);
        server.Error.ShouldNotContain("Unexpected");

        disk.Empty();
        await Until.TrueAsync(async () => (await server.OAuth.GrantAsync(server.DemoClient)).Status == 200, "there is room again");
        (await server.OAuth.RevokeAsync(active[^1], server.DemoClient)).Status.ShouldBe(200);
        Move(active, revoked);
        active.AddRange(await IssueAsync(server, 20));
        await ShouldBeAsync(server, active, revoked);

        await server.Kill9Async();
        await server.RestartAsync();
        await ShouldBeAsync(server, active, revoked);
    }

    [Fact]
    public async Task L06_A_first_start_on_a_full_disk_ends_with_a_clear_message_and_the_next_one_is_a_first_start()
    {
        await using var disk = await SmallDisk.MountOrSkipAsync(1);
        Directory.CreateDirectory(disk.Data);
        disk.Fill();

        var result = await Cli.Bare.RunAsync("serve", "--data", disk.Data, "--urls", $"http://127.0.0.1:{Ports.Take()}");

        result.ShouldEndWith(1);
        result.ErrorLines.Length.ShouldBe(1);

        disk.Empty();
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo with { Data = disk.Data });
        (await server.OAuth.IsActiveAsync(server.DemoToken, server.DemoResourceServer)).ShouldBeTrue();
        (await server.Admin.GetAsync("/admin/clients")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task L06_A_kill_on_a_full_disk_loses_nothing_either()
    {
        await using var disk = await SmallDisk.MountOrSkipAsync(Mebibytes);
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo with { Data = disk.Data });
        var (active, revoked) = (new List<string>(await IssueAsync(server, 100)), new List<string>());
        disk.Fill();
        await UntilRefusedAsync(() => server.OAuth.RevokeAsync(active[^1], server.DemoClient), _ => Move(active, revoked));
        await server.Kill9Async();

        disk.Empty();
        await server.RestartAsync();
        await ShouldBeAsync(server, active[..^1], revoked);
        // The one that was refused may not be half done: asked for again, it is done.
        (await server.OAuth.RevokeAsync(active[^1], server.DemoClient)).Status.ShouldBe(200);
        (await server.OAuth.IsActiveAsync(active[^1], server.DemoResourceServer)).ShouldBeFalse();
    }

    // Some writes still find room in pages that were written before; they are kept like any other.
    private static async Task UntilRefusedAsync(Func<Task<Answer>> write, Action<Answer> done)
    {
        Answer? refused = null;
        await Until.TrueAsync(
            async () =>
            {
                var answer = await write();
                if (answer.Status is 200 or 201) done(answer);
                else refused = answer;
                return refused is not null;
            },
            "the disk is full");
        refused!.Status.ShouldBe(503, refused.ToString());
        refused.Header("Retry-After").ShouldNotBeNullOrEmpty();
        refused.Header("Cache-Control").ShouldBe("no-store");
    }

    private static async Task<IEnumerable<string>> IssueAsync(ServerProcess server, int count)
    {
        var answer = await server.Admin.PostAsync("/admin/tokens", Enumerable.Range(0, count).Select(_ => new { client_id = server.DemoClient.Id, aud = Audience }));
        answer.Status.ShouldBe(201, answer.ToString());
        return answer.Json.EnumerateArray().Select(item => item.GetProperty("token").GetString()!);
    }

    private static void Move(List<string> from, List<string> to)
    {
        to.Add(from[^1]);
        from.RemoveAt(from.Count - 1);
    }

    private static async Task ShouldBeAsync(ServerProcess server, IEnumerable<string> active, IEnumerable<string> revoked)
    {
        foreach (var token in active) (await server.OAuth.IsActiveAsync(token, server.DemoResourceServer)).ShouldBeTrue();
        foreach (var token in revoked) (await server.OAuth.IsActiveAsync(token, server.DemoResourceServer)).ShouldBeFalse();
    }
}
