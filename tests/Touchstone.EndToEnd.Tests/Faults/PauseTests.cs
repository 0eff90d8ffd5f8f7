using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Faults;

/// <summary>A process that stands still for a while, as a virtual machine does that is moved.</summary>
[Collection(LoadCollection.Name)]
public sealed class PauseTests
{
    [Fact]
    public async Task After_SIGSTOP_and_SIGCONT_what_was_asked_meanwhile_is_answered_and_it_works_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "whether a process stands still is read from /proc");
        await using var server = await ServerProcess.StartAsync(ServerSetup.Demo);
        var token = await server.Admin.IssueAsync(new { client_id = server.DemoClient.Id, aud = "https://api.demo.example" });
        (await server.OAuth.IsActiveAsync(token, server.DemoResourceServer)).ShouldBeTrue();

        server.Stop();
        await Until.TrueAsync(() => StateOf(server) == 'T', "it stands still");
        var introspection = server.OAuth.IntrospectAsync(server.DemoToken, server.DemoResourceServer);
        var revocation = server.OAuth.RevokeAsync(token, server.DemoClient);
        var grants = Enumerable.Range(0, 20).Select(_ => server.OAuth.GrantAsync(server.DemoClient)).ToArray();
        StateOf(server).ShouldBe('T');
        (introspection.IsCompleted || revocation.IsCompleted).ShouldBeFalse();
        server.Continue();

        (await introspection).Json.GetProperty("active").GetBoolean().ShouldBeTrue();
        (await revocation).Status.ShouldBe(200);
        (await Task.WhenAll(grants)).ShouldAllBe(answer => answer.Status == 200);
        (await server.OAuth.IsActiveAsync(token, server.DemoResourceServer)).ShouldBeFalse();
        (await server.TerminateAsync()).ShouldBe(0);
    }

    // The letter after the name, which stands in brackets and may hold anything.
    private static char StateOf(ServerProcess server)
    {
        var line = File.ReadAllText($"/proc/{server.ProcessId}/stat");
        return line[line.LastIndexOf(')') + 2];
    }
}
