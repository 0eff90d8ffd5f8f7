using Microsoft.Extensions.Hosting;

namespace Touchstone.Sidecar;

/// <summary>The time between being told to stop and listening no more: first readiness says no, so that nothing new is sent here, and what is still sent is answered.</summary>
internal sealed class Drain(TimeSpan time, TimeProvider clock) : IHostedLifecycleService
{
    private volatile bool _isStarted, _hasBegun;

    /// <summary>The longest: with the requests under way it is within what the process is given to end, and what a cluster gives by default is not much less.</summary>
    internal static readonly TimeSpan Most = TimeSpan.FromSeconds(25);

    internal bool HasBegun => _hasBegun;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // A start that failed is not drained, and a host may be told to stop twice.
        if (!_isStarted || _hasBegun) return;
        _hasBegun = true;
        try
        {
            if (time > TimeSpan.Zero) await Task.Delay(time, clock, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Then at once.
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _isStarted = true;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
