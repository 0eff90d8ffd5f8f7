using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Feed;

/// <summary>Ticks every ten seconds: followers that are long gone are forgotten, and callers that ask without following are noted.</summary>
internal sealed class FollowerClock(Followers followers, UnfollowedCallers unfollowed, ILogger<FollowerClock> logger, TimeProvider time) : IHostedService, IDisposable
{
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(static clock => ((FollowerClock)clock!).Tick(), this, Period, Period);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void Tick()
    {
        try
        {
            followers.Sweep();
            unfollowed.Look();
        }
        catch (Exception bug)
        {
            logger.Unexpected("feed", "-", bug);
        }
    }
}
