namespace Touchstone.Server.Tests.Races;

/// <summary>A request under way. It runs until its next call to the store, waits there until the scheduler lets it go on, and is over with its answer. Times are steps of the scheduler, 0 for what has not been.</summary>
internal sealed class Racer(int id, string what)
{
    // A request that neither ends nor comes to a gate waits for another one, and the simulation does not know it.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _goOn;

    internal int Id { get; } = id;

    internal string What { get; } = what;

    /// <summary>Where it waits.</summary>
    internal string At { get; private set; } = "start";

    /// <summary>Whether it waits before a write.</summary>
    internal bool IsBeforeWrite { get; private set; }

    /// <summary>The one that ends the family for both, where it waits for that one and at no gate.</summary>
    internal Racer? JoinedTo { get; private set; }

    internal int Began { get; set; }

    /// <summary>When its first write was let through.</summary>
    internal int Wrote { get; set; }

    internal int Ended { get; set; }

    internal long BeganAt { get; set; }

    internal long EndedAt { get; set; }

    internal bool IsRefresh { get; init; }

    internal Task<Answer> Answer { get; set; } = null!;

    internal bool IsOver { get; private set; }

    /// <summary>Judges the answer.</summary>
    internal Action<Racer, Answer> Finish { get; init; } = (_, _) => { };

    /// <summary>Told of the write that was just let through, by its name.</summary>
    internal Action<Racer, string> Writes { get; init; } = (_, _) => { };

    internal Task ParkAsync(string at, bool isWrite)
    {
        var goOn = _goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (At, IsBeforeWrite) = (at, isWrite);
        _settled.TrySetResult();
        return goOn.Task;
    }

    internal void Join(Racer owner)
    {
        JoinedTo = owner;
        _settled.TrySetResult();
    }

    /// <summary>Lets it go on; done when it waits again or is over.</summary>
    internal Task GoOnAsync()
    {
        _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _goOn!.SetResult();
        return SettleAsync();
    }

    internal async Task SettleAsync()
    {
        await Task.WhenAny(_settled.Task, Answer).WaitAsync(Longest);
        IsOver = Answer.IsCompleted;
    }

    internal async Task EndAsync()
    {
        await Answer.WaitAsync(Longest);
        IsOver = true;
    }
}
