using System.Diagnostics;

namespace Touchstone.Server.Tests.Storage;

/// <summary>A disk that is really full: a small file system of memory.</summary>
public sealed class DiskFullTests
{
    private const string Ready = "/health/ready";

    [Fact]
    public async Task L06_With_audit_all_a_full_disk_is_503_for_introspections_and_not_ready_until_there_is_room()
    {
        using var folder = new TempFolder();
        var mount = folder.File("disk");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount), "a file system of its own can't be mounted here");
        try
        {
            await using var acme = await Acme.StartAsync(options => options.Audit.Introspection = Server.Audit.IntrospectionAudit.All, data: Path.Combine(mount, "data"));
            var token = await acme.TokenAsync();
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
            var filler = Path.Combine(mount, "filler");
            Fill(filler);
            Answer answer;
            var written = 0;
            do answer = await acme.OAuth.IntrospectAsync(token, acme.Orders);
            while (answer.Status == 200 && ++written < 5000);
            answer.ShouldBeError(503, "temporarily_unavailable");
            (await acme.OAuth.GetAsync(Ready)).ShouldBeError(503, "temporarily_unavailable");

            File.Delete(filler);
            Answer ready;
            do ready = await acme.OAuth.GetAsync(Ready);
            while (ready.Status == 503);
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        }
        finally
        {
            await RunAsync("umount", mount);
        }
    }

    [Fact]
    public async Task L06_A_full_disk_is_503_for_writes_while_reads_go_on_and_all_is_well_when_there_is_room()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "the database is on another disk");
        using var folder = new TempFolder();
        var mount = folder.File("disk");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount), "a file system of its own can't be mounted here");
        try
        {
            await using var acme = await Acme.StartAsync(options => options.RecordCacheBytes = 0, data: Path.Combine(mount, "data"));
            var token = await acme.TokenAsync();
            var filler = Path.Combine(mount, "filler");
            Fill(filler);

            // What is left is used up sooner or later; from then on it stays so.
            Answer answer;
            var written = 0;
            do answer = await acme.OAuth.GrantAsync(acme.Shop);
            while (answer.Status == 200 && ++written < 5000);
            answer.ShouldBeError(503, "temporarily_unavailable");
            (await acme.Admin.PostAsync(AdminCalls.Tokens, Enumerable.Range(0, 200).Select(_ => new { client_id = "web-shop" }).ToArray())).ShouldBeProblem(503);
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
            // Introspection goes on, so it stays ready, and says what does not.
            (await acme.OAuth.GetAsync(Ready)).ShouldBeJson(200).Text.ShouldBe("{\"status\":\"ready\",\"writes\":\"failing\"}");
            acme.Server.Logs.Of(1).ShouldHaveSingleItem();

            File.Delete(filler);
            // Nobody writes, and still it is noticed: the polls themselves try.
            Answer ready;
            do ready = await acme.OAuth.GetAsync(Ready);
            while (ready.Text.Contains("failing", StringComparison.Ordinal));
            ready.ShouldBeJson(200).Text.ShouldBe("{\"status\":\"ready\"}");
            (await acme.OAuth.RevokeAsync(token, acme.Shop)).ShouldBeEmpty();
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
            (await acme.OAuth.IntrospectAsync(await acme.OAuth.TokenOfAsync(acme.Shop), acme.Orders)).ShouldBeActive();
        }
        finally
        {
            await RunAsync("umount", mount);
        }
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            var block = new byte[4096];
            while (true) file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
