namespace Touchstone.Server.Leases;

/// <summary>Wakes a loop: however often it is set while the loop is busy, the loop runs once more.</summary>
internal sealed class Wakeup
{
    private readonly SemaphoreSlim _set = new(0, 1);
    private readonly Lock _setting = new();

    internal void Set()
    {
        lock (_setting)
        {
            if (_set.CurrentCount == 0) _set.Release();
        }
    }

    /// <summary>Waits until it is set, or so long; says whether it was.</summary>
    internal Task<bool> WaitAsync(TimeSpan most, CancellationToken cancellationToken) => _set.WaitAsync(most, cancellationToken);
}
