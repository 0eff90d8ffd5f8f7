using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Touchstone.Client.Upstream;

/// <summary>
/// Calls of the server within bounds: so long in all, so long for a try, so often, so many at once; and none for a while when most fail. Failures are values on the way in and on the way out.
/// What the server said of itself last is what a call says, whatever ends it: a server that answered 429 and then was waited for is throttling, and not out of reach (L47).
/// </summary>
internal sealed class ResilientCalls : IDisposable
{
    private const double FailureRatio = 0.5;
    private const int LeastCalls = 10;

    private static readonly TimeSpan Sampled = TimeSpan.FromSeconds(10), FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly ResiliencePropertyKey<Call> Key = new("call");

    private readonly BatchWindow _endpoint;
    private readonly SemaphoreSlim _underWay;
    private readonly int _most;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline<UpstreamAnswer> _pipeline;
    private int _waiting;
    private long _retries;

    // One question, with all its tries.
    private sealed class Call(string token, long began)
    {
        internal string Token => token;

        internal long Began => began;

        // What the last whole try brought.
        internal UpstreamAnswer? Last { get; set; }
    }

    internal ResilientCalls(TokenIntrospectionOptions options, BatchWindow endpoint, TimeProvider time)
    {
        (_endpoint, _most, _patience, _time) = (endpoint, options.MaxConcurrentCalls + options.MaxWaitingCalls, options.Timeout, time);
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
                ShouldHandle = call => new(IsWorthAnother(call)),
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
            ShouldHandle = static call => new(IsTrouble(call)),
            StateProvider = Breaker,
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
        var call = new Call(token, _time.GetTimestamp());
        try
        {
            context.Properties.Set(Key, call);
            var answer = await _pipeline.ExecuteAsync(static (context, calls) => calls.TryAsync(context), context, this);
            // Where the total time ended a try, that had less than its time.
            return answer.Fault is IntrospectionFault.Timeout && call.Last is { } last ? last : answer;
        }
        catch (TimeoutRejectedException)
        {
            return call.Last ?? UpstreamAnswer.Failed(IntrospectionFault.Timeout);
        }
        catch (BrokenCircuitException)
        {
            return UpstreamAnswer.Failed(IntrospectionFault.BreakerOpen);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
            Interlocked.Decrement(ref _waiting);
        }
    }

    // Not while the breaker is open, nor where the server wants to be left alone for longer than anybody waits; and one that asked for fewer questions is not asked twice more.
    private bool IsWorthAnother(RetryPredicateArguments<UpstreamAnswer> tried)
    {
        if (tried.Context.CancellationToken.IsCancellationRequested) return false;
        var call = tried.Context.Properties.GetValue(Key, null!);
        call.Last = tried.Outcome.Result ?? (tried.Outcome.Exception is TimeoutRejectedException ? UpstreamAnswer.Failed(IntrospectionFault.Timeout) : null);
        if (call.Last is not { IsTransient: true } failed) return false;
        if (failed.Fault is IntrospectionFault.Throttled && tried.AttemptNumber > 0) return false;
        return !(failed.RetryAfter >= _patience - _time.GetElapsedTime(call.Began));
    }

    // A 429 is an answer, and says of whom asks that it asks too much: whoever brings made-up tokens would shut everybody out with it. And a try that the total time ended, because others were waited for before, says nothing.
    private static bool IsTrouble(CircuitBreakerPredicateArguments<UpstreamAnswer> tried) =>
        tried.Outcome.Exception is TimeoutRejectedException || (tried.Outcome.Result is { IsTransient: true, Fault: not IntrospectionFault.Throttled } && !(tried.Context.CancellationToken.IsCancellationRequested && tried.Context.Properties.GetValue(Key, null!).Last is not null));

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
            return await _endpoint.AskAsync(context.Properties.GetValue(Key, null!).Token, context.CancellationToken);
        }
        finally
        {
            _underWay.Release();
        }
    }

    public void Dispose() => _underWay.Dispose();
}
