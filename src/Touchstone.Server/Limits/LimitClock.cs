using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Detection;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Limits;

/// <summary>Ticks every ten seconds: what limits and detections do outside of requests.</summary>
internal sealed class LimitClock(LimitHits hits, AddressLimits addresses, Detector detector, ILogger<LimitClock> logger, TimeProvider time) : IHostedService, IDisposable
{
    internal static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly Lock _ticking = new();
    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(static clock => ((LimitClock)clock!).Tick(), this, Period, Period);
        return Task.CompletedTask;
    }

    /// <summary>What was counted since the last tick is told before the audit closes.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        hits.Flush();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void Tick()
    {
        if (!_ticking.TryEnter()) return; // The last one still works.
        try
        {
            hits.Flush();
            addresses.Sweep();
            detector.Tick();
        }
        catch (Exception failed)
        {
            logger.ClockFailed(failed);
        }
        finally
        {
            _ticking.Exit();
        }
    }
}

/// <summary>The parts that limit and detect.</summary>
internal static class LimitServices
{
    internal static void AddLimits(this IServiceCollection services)
    {
        services.AddSingleton<CallerLimits>();
        services.AddSingleton<AddressLimits>();
        services.AddSingleton<LimitHits>();
        services.AddSingleton<DetectionLog>();
        services.AddSingleton<TokenSpread>();
        services.AddSingleton<Detector>();
        // After the audit, so that it is stopped before it.
        services.AddSingleton<LimitClock>();
        services.AddHostedService(parts => parts.GetRequiredService<LimitClock>());
    }
}
