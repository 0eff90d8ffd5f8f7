namespace Touchstone.Testing.Processes;

/// <summary>Waits for a condition, never for a time: looks again and again, up to a deadline that only a fault reaches.</summary>
public static class Until
{
    /// <summary>How long anything may take before it counts as broken; generous, for busy machines.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold before the deadline.</exception>
    public static async Task TrueAsync(Func<ValueTask<bool>> condition, string what, TimeSpan? deadline = null)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        while (!await condition())
        {
            if (clock.GetElapsedTime(started) > (deadline ?? Deadline)) throw new TimeoutException($"Waited in vain until {what}.");
            await Task.Delay(Pause, clock);
        }
    }

    /// <summary>Waits until the condition holds.</summary>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? deadline = null) => TrueAsync(() => ValueTask.FromResult(condition()), what, deadline);
}
