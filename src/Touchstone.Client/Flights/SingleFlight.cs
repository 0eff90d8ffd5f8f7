using System.Collections.Concurrent;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Flights;

/// <summary>
/// Many checks of one token at once make one call. No check owns it: one that goes away leaves the others as they were, and what failed is forgotten before its result is told.
/// </summary>
internal sealed class SingleFlight<T>
{
    private readonly ConcurrentDictionary<Mac128, Flight> _underWay = new();
    private long _joined;

    // The result is told apart from the work, so that no check runs on in the work's own turn.
    private sealed class Flight
    {
        internal TaskCompletionSource<T> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>How many checks found a call under way.</summary>
    internal long Joined => Volatile.Read(ref _joined);

    /// <summary>Joins the call under way for this key, or begins one. The work must end by itself.</summary>
    internal Task<T> RunAsync<TState>(Mac128 key, Func<TState, Task<T>> work, TState state, CancellationToken cancellationToken)
    {
        var mine = new Flight();
        var flight = _underWay.GetOrAdd(key, mine);
        if (flight == mine) _ = FlyAsync(key, mine, work, state);
        else Interlocked.Increment(ref _joined);
        return cancellationToken.CanBeCanceled ? flight.Told.Task.WaitAsync(cancellationToken) : flight.Told.Task;
    }

    private async Task FlyAsync<TState>(Mac128 key, Flight flight, Func<TState, Task<T>> work, TState state)
    {
        try
        {
            var result = await work(state);
            _underWay.TryRemove(new(key, flight));
            flight.Told.SetResult(result);
        }
        catch (Exception bug)
        {
            _underWay.TryRemove(new(key, flight));
            flight.Told.SetException(bug);
        }
    }
}
