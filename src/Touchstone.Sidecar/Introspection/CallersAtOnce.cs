using System.Collections.Concurrent;

namespace Touchstone.Sidecar.Introspection;

/// <summary>
/// How many questions of one caller of <c>/introspect</c> the server may be asked at once. What is in memory costs no turn: so a caller with ever new tokens takes neither the connections of the others nor their breaker.
/// </summary>
/// <param name="most">The most of each caller. There are as many callers as the file names, and one of all who need no secret.</param>
internal sealed class CallersAtOnce(int most)
{
    /// <summary>Where the file says nothing.</summary>
    internal const int Default = 64;

    private const string WithoutSecret = "";

    private readonly ConcurrentDictionary<string, Turns> _turns = new(StringComparer.Ordinal);

    /// <summary>Takes a turn; null where the caller has as many as it may.</summary>
    internal Turn? TryEnter(LocalCaller? caller)
    {
        var turns = _turns.GetOrAdd(caller?.Id ?? WithoutSecret, static _ => new Turns());
        if (Interlocked.Increment(ref turns.Taken) <= most) return new Turn(turns);
        Interlocked.Decrement(ref turns.Taken);
        return null;
    }

    internal sealed class Turns
    {
        internal int Taken;
    }

    /// <summary>One question that is under way; given back once, by whoever took it.</summary>
    internal readonly struct Turn(Turns turns) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref turns.Taken);
    }
}
