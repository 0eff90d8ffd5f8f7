using System.Collections.Concurrent;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Flights;

/// <summary>
/// Many checks of one token at once make one call. No check owns it: one that goes away leaves the others as they were, and what failed is forgotten before its result is told.
/// A check that may not join what began before it waits for the next call, together with all others that may not.
/// </summary>
internal sealed class SingleFlight<T>
{
    private readonly ConcurrentDictionary<Mac128, Flight> _underWay = new();
    private long _joined;

    private sealed class Flight(Func<Task<T>> work)
    {
        private TaskCompletionSource<T>? _told;

        internal Func<Task<T>> Work { get; } = work;

        internal Flight? Next { get; set; }

        internal bool HasLanded { get; set; }

        internal bool IsClosed { get; set; }

        // Who began the call runs on in its turn, as whoever asks alone does; those who joined do so each in a turn of its own.
        internal Task<T> Join() => (_told ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        internal void Tell(T result) => _told?.SetResult(result);

        internal void Tell(Exception bug) => _told?.SetException(bug);
    }

    /// <summary>How many checks found a call under way.</summary>
    internal long Joined => Volatile.Read(ref _joined);

    /// <summary>Joins the call under way for this key, or begins one. The work must end by itself.</summary>
    /// <param name="key">Of the token.</param>
    /// <param name="work">The call.</param>
    /// <param name="mayJoin">Whether a call will do that began earlier.</param>
    /// <param name="cancellationToken">Ends the wait, not the call.</param>
    internal Task<T> RunAsync(Mac128 key, Func<Task<T>> work, bool mayJoin, CancellationToken cancellationToken)
    {
        var mine = new Flight(work);
        while (true)
        {
            var flight = _underWay.GetOrAdd(key, mine);
            if (flight == mine) return Result(FlyAsync(key, mine), cancellationToken);
            lock (flight)
            {
                // It may have landed since: then another is under way, or none.
                if (flight.HasLanded) continue;
                Interlocked.Increment(ref _joined);
                return Result((mayJoin && !flight.IsClosed ? flight : flight.Next ??= mine).Join(), cancellationToken);
            }
        }
    }

    /// <summary>From now on no check joins what is under way for this key: it waits for the next call.</summary>
    internal void Close(Mac128 key)
    {
        if (!_underWay.TryGetValue(key, out var flight)) return;
        lock (flight) flight.IsClosed = true;
    }

    private static Task<T> Result(Task<T> told, CancellationToken cancellationToken) => cancellationToken.CanBeCanceled ? told.WaitAsync(cancellationToken) : told;

    private async Task<T> FlyAsync(Mac128 key, Flight flight)
    {
        try
        {
            var result = await flight.Work();
            Land(key, flight);
            flight.Tell(result);
            return result;
        }
        catch (Exception bug)
        {
            Land(key, flight);
            flight.Tell(bug);
            throw;
        }
    }

    // Whoever waits for the next call is not made to wait for somebody to come.
    private void Land(Mac128 key, Flight flight)
    {
        Flight? next;
        lock (flight)
        {
            flight.HasLanded = true;
            next = flight.Next;
            if (next is null) _underWay.TryRemove(new(key, flight));
            else _underWay[key] = next;
        }
        if (next is not null) _ = FlyAsync(key, next);
    }
}
