using System.Collections.Concurrent;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>Users of an API who present tokens without much of a pause: half of the time one of those that were just revoked. What came of tokens that live is counted apart from those that are revoked.</summary>
internal sealed class RevocationLoad : IAsyncDisposable
{
    private const int RequestsBetweenPauses = 10;

    private readonly ProtectedApi _api;
    private readonly AskedToken[] _living;
    private readonly AskedToken[] _recent;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly Task _working;
    private int _next;
    private long _served, _fromMemory, _refused;

    internal RevocationLoad(ProtectedApi api, AskedToken[] living, int users, int seed)
    {
        (_api, _living) = (api, living);
        _recent = [.. Enumerable.Range(0, 16).Select(i => living[i])];
        _working = Task.WhenAll(Enumerable.Range(0, users).Select(user => Task.Run(() => UseAsync(Bars.Random(seed, user)))));
    }

    /// <summary>Tokens that live, and were called revoked.</summary>
    internal IReadOnlyCollection<string> Faults => _faults;

    /// <summary>How many requests with tokens that live were accepted.</summary>
    internal long Served => Volatile.Read(ref _served);

    /// <summary>How many of these were answered from memory.</summary>
    internal long FromMemory => Volatile.Read(ref _fromMemory);

    /// <summary>How many requests with tokens that live were answered 503.</summary>
    internal long Refused => Volatile.Read(ref _refused);

    /// <summary>From now on half of all requests are with this token and the last few before it.</summary>
    internal void Watch(AskedToken token) => Volatile.Write(ref _recent[(uint)Interlocked.Increment(ref _next) % _recent.Length], token);

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

    private async Task UseAsync(Random random)
    {
        for (var request = 1; !_stopping.IsCancellationRequested; request++)
        {
            var token = random.Next(2) == 0 ? _living[random.Next(_living.Length)] : Volatile.Read(ref _recent[random.Next(_recent.Length)]);
            Judge(token, await _api.AskAsync("/", token));
            // The load must not take from the machine what the feed needs to be heard.
            if (request % RequestsBetweenPauses == 0) await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }

    private void Judge(AskedToken token, ApiAnswer answer)
    {
        if (answer.IsAccepted) token.Accept(answer.Begun);
        // Looked at afterwards: what lives now has lived all the while.
        if (token.IsAsked) return;
        switch (answer.Status)
        {
            case 200:
                Interlocked.Increment(ref _served);
                if (answer.IsFromMemory) Interlocked.Increment(ref _fromMemory);
                break;
            case 503:
                Interlocked.Increment(ref _refused);
                break;
            default:
                _faults.Enqueue($"{answer.Status} for a token that lives");
                break;
        }
    }
}
