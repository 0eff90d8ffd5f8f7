namespace Touchstone.Server.Tests.Races;

/// <summary>Two servers for all worlds of a test run: every fourth seed goes to the one whose store has to judge.</summary>
public sealed class RaceServers : IAsyncLifetime
{
    private RaceServer _memory = null!, _store = null!;
    private int _runs;

    public async ValueTask InitializeAsync() => (_memory, _store) = (await RaceServer.StartAsync(isStoreJudging: false), await RaceServer.StartAsync(isStoreJudging: true));

    public async ValueTask DisposeAsync()
    {
        await _memory.DisposeAsync();
        await _store.DisposeAsync();
    }

    internal Task<RaceLedger> RunAsync(int seed, RaceMutation mutation) => RaceWorld.RunAsync(seed % 4 == 0 ? _store : _memory, seed, mutation, _runs++);
}
