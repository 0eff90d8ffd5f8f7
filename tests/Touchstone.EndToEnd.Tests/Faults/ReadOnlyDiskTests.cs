using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Faults;

/// <summary>A data folder that can only be read.</summary>
[Collection(LoadCollection.Name)]
public sealed class ReadOnlyDiskTests
{
    [Fact]
    public async Task L06_It_is_named_as_what_it_is_and_not_taken_for_a_second_server()
    {
        await using var disk = await SmallDisk.MountOrSkipAsync(6);
        await using (var server = await ServerProcess.StartAsync(ServerSetup.Demo with { Data = disk.Data })) await server.TerminateAsync();
        await disk.MakeReadOnlyAsync();

        var result = await Cli.Bare.RunAsync("serve", "--data", disk.Data, "--urls", $"http://127.0.0.1:{Ports.Take()}");

        result.ShouldEndWith(1);
        result.ErrorLines.Length.ShouldBe(1);
        result.Error.ShouldContain(disk.Data);
        result.Error.ShouldContain("ead-only");
        result.Error.ShouldNotContain("Another touchstone process");
    }
}
