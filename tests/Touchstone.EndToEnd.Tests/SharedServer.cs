using System.Globalization;
using System.Runtime.Versioning;
using Touchstone.EndToEnd.Tests;

[assembly: AssemblyFixture(typeof(SharedServer))]
// Signals, file modes and a shell: these tests run on Linux and macOS.
[assembly: UnsupportedOSPlatform("windows")]

namespace Touchstone.EndToEnd.Tests;

/// <summary>One server with demo data for all tests that leave it as they found it, but for clients and tokens of their own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private static int _names;

    public ServerProcess Server { get; private set; } = null!;

    /// <summary>The command line, as the administrator of this server.</summary>
    public Command Cli => Touchstone.Testing.Processes.Cli.For(Server);

    /// <summary>A name that no other test has.</summary>
    public static string Name(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{Interlocked.Increment(ref _names)}");

    public async ValueTask InitializeAsync() => Server = await ServerProcess.StartAsync(ServerSetup.Demo);

    // There is none when it did not start.
    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
