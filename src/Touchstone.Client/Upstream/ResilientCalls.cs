using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Touchstone.Client.Upstream;

/// <summary>
/// Calls of the server within bounds: so long in all, so long for a try, so often, so many at once; and none for a while when most fail. Failures are values on the way in and on the way out.
/// </summary>
internal sealed class ResilientCalls : IDisposable
{
    private const double FailureRatio = 0.5;
    private const int LeastCalls = 10;

    private static readonly TimeSpan Sampled = TimeSpan.FromSeconds(10), FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly ResiliencePropertyKey<string> Token = new("token");

    private readonly BatchWindow _endpoint;
    private readonly SemaphoreSlim _underWay;
    private readonly int _most;
    private readonly ResiliencePipeline<UpstreamAnswer> _pipeline;
    private int _waiting;
    private long _retries;
    private IntrospectionFault _openedBy; // The last failure before the breaker opened.

    internal ResilientCalls(TokenIntrospectionOptions options, BatchWindow endpoint, TimeProvider time)
    {
        (_endpoint, _most) = (endpoint, options.MaxConcurrentCalls + options.MaxWaitingCalls);
        _underWay = new SemaphoreSlim(options.MaxConcurrentCalls);
        var builder = new ResiliencePipelineBuilder<UpstreamAnswer> { TimeProvider = time };
        builder.AddTimeout(options.Timeout);
        if (options.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<UpstreamAnswer>
            {
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = FirstPause,
                UseJitter = true,
                // Not while the breaker is open, nor where the server said that it will take longer than anybody waits.
                ShouldHandle = call => new(call.Outcome.Exception is TimeoutRejectedException || (call.Outcome.Result is { IsTransient: true } failed && !(failed.RetryAfter >= options.Timeout))),
                OnRetry = _ => { Interlocked.Increment(ref _retries); return default; },
                DelayGenerator = static call => new(call.Outcome.Result?.RetryAfter),
            });
        }
        builder.AddCircuitBreaker(new CircuitBreakerStrategyOptions<UpstreamAnswer>
        {
            FailureRatio = FailureRatio,
            MinimumThroughput = LeastCalls,
            SamplingDuration = Sampled,
            BreakDuration = options.BreakDuration,
            ShouldHandle = static call => new(call.Outcome.Exception is TimeoutRejectedException || call.Outcome.Result is { IsTransient: true }),
            StateProvider = Breaker,
            OnOpened = opened =>
            {
                _openedBy = opened.Outcome.Result?.Fault ?? IntrospectionFault.Timeout;
                return default;
            },
        });
        builder.AddTimeout(options.TryTimeout);
        _pipeline = builder.Build();
    }

    /// <summary>The state of the breaker.</summary>
    internal CircuitBreakerStateProvider Breaker { get; } = new();

    /// <summary>How often a failed try was repeated.</summary>
    internal long Retries => Volatile.Read(ref _retries);

    /// <summary>Asks about a token. It ends by itself, within the total time.</summary>
    internal async Task<UpstreamAnswer> AskAsync(string token)
    {
        if (Interlocked.Increment(ref _waiting) > _most)
        {
            Interlocked.Decrement(ref _waiting);
            return UpstreamAnswer.Failed(IntrospectionFault.Overloaded);
        }
        var context = ResilienceContextPool.Shared.Get();
        try
        {
            context.Properties.Set(Token, token);
            return await _pipeline.ExecuteAsync(static (context, calls) => calls.TryAsync(context), context, this);
        }
        catch (TimeoutRejectedException)
        {
            return UpstreamAnswer.Failed(IntrospectionFault.Timeout);
        }
        catch (BrokenCircuitException)
        {
            // Left alone because it wanted that: more of the same, and no outage.
            return UpstreamAnswer.Failed(_openedBy is IntrospectionFault.Throttled ? IntrospectionFault.Throttled : IntrospectionFault.BreakerOpen);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
            Interlocked.Decrement(ref _waiting);
        }
    }

    // The wait for a turn is part of the try. A turn that does not come is the load of this process, and no trouble of the server.
    private async ValueTask<UpstreamAnswer> TryAsync(ResilienceContext context)
    {
        try
        {
            await _underWay.WaitAsync(context.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            return UpstreamAnswer.Failed(IntrospectionFault.Overloaded);
        }
        try
        {
            return await _endpoint.AskAsync(context.Properties.GetValue(Token, ""), context.CancellationToken);
        }
        finally
        {
            _underWay.Release();
        }
    }

    public void Dispose() => _underWay.Dispose();
}
