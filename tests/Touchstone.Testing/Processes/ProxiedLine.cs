namespace Touchstone.Testing.Processes;

/// <summary>What lies between the two ends of a proxy's connections.</summary>
internal sealed class ProxiedLine
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _held;

    /// <summary>How much later everything arrives.</summary>
    internal TimeSpan Delay { get; set; }

    /// <summary>Lets nothing pass.</summary>
    internal void Hold()
    {
        lock (_lock) _held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Lets pass what was held, and all that comes.</summary>
    internal void Release()
    {
        lock (_lock)
        {
            _held?.SetResult();
            _held = null;
        }
    }

    /// <summary>Done when what has just come may go on.</summary>
    internal async ValueTask PassAsync(CancellationToken cancellationToken)
    {
        if (Delay > TimeSpan.Zero) await Task.Delay(Delay, TimeProvider.System, cancellationToken);
        while (Held is { } held) await held.WaitAsync(cancellationToken);
    }

    private Task? Held
    {
        get
        {
            lock (_lock) return _held?.Task;
        }
    }
}
