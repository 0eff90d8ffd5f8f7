using System.Collections.Concurrent;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>Users of one endpoint, each of whom presents a token by chance, and after a pause the next: a load that stays the same whatever becomes of the server.</summary>
internal sealed class PacedLoad : IAsyncDisposable
{
    private readonly ConcurrentQueue<ApiAnswer> _answers = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _working;

    internal PacedLoad(ProtectedApi api, string path, AskedToken[] tokens, int users, TimeSpan pause, int part) =>
        _working = Task.WhenAll(Enumerable.Range(0, users).Select(user => Task.Run(() => UseAsync(api, path, tokens, pause, Bars.Random(Bars.Seed, (part * 1000) + user)))));

    internal IReadOnlyCollection<ApiAnswer> Answers => _answers;

    internal async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _working;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task UseAsync(ProtectedApi api, string path, AskedToken[] tokens, TimeSpan pause, Random random)
    {
        // They don't come all at once.
        await Task.Delay(pause * random.NextDouble(), TimeProvider.System);
        while (!_stopping.IsCancellationRequested)
        {
            _answers.Enqueue(await api.AskAsync(path, tokens[random.Next(tokens.Length)]));
            await Task.Delay(pause, TimeProvider.System);
        }
    }
}
