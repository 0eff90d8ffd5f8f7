namespace Touchstone.Protocol.Tests;

/// <summary>Counts the bytes that an action allocates once it is warm.</summary>
internal static class Allocations
{
    private const int Rounds = 5;
    private const int Calls = 200;

    /// <summary>
    /// The bytes of 200 calls in the best of five rounds: what the action itself needs shows in every round, what the runtime does beside it does not.
    /// </summary>
    internal static long Of(Action action)
    {
        for (var i = 0; i < Calls; i++) action();
        return Enumerable.Range(0, Rounds).Select(_ => OneRound(action)).ToArray().Min();
    }

    private static long OneRound(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++) action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
