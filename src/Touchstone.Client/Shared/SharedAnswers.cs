using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Touchstone.Client.Memory;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Upstream;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Shared;

/// <summary>What became of a look into the shared cache.</summary>
internal enum SharedLookup
{
    /// <summary>It was there.</summary>
    Hit,

    /// <summary>It was not.</summary>
    Miss,

    /// <summary>Something was there that nobody of ours wrote, or under another secret.</summary>
    Invalid,

    /// <summary>The cache failed, or took too long, or is left alone because it did.</summary>
    Failed,
}

/// <summary>
/// Answers about active tokens in a cache that other processes share. It is a help and nothing more: whatever it does, a check goes on without it after the deadline.
/// What is found there is judged as what is found in memory.
/// </summary>
internal sealed class SharedAnswers
{
    private const double FailureRatio = 0.5;
    private const int LeastCalls = 10, MostWrites = 256;

    private static readonly TimeSpan Sampled = TimeSpan.FromSeconds(10);

    private readonly SharedCacheOptions _options;
    private readonly IDistributedCache _cache;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _pipeline;
    private readonly SharedTexts _texts = new();
    private readonly InvalidatedKeys _invalidated = new(InvalidatedKeys.Most);
    private readonly string _issuer, _endpoint, _caller, _kind;
    private readonly TimeSpan _followedTtl;
    private readonly IReadOnlyList<string>? _issuers;
    private readonly long[] _lookups = new long[4];
    private int _writes;

    internal SharedAnswers(SharedCacheOptions shared, TokenIntrospectionOptions options, ILogger logger, TimeProvider time)
    {
        (_options, _cache, _time) = (shared, shared.Cache!, time);
        (_issuer, _endpoint, _caller) = (options.Issuer?.OriginalString ?? "", options.IntrospectionEndpoint?.OriginalString ?? "", options.ClientId!);
        _issuers = options.TokenIssuers;
        // Who takes signed answers alone does not take them from one who takes others.
        _kind = options.RequireSignedAnswers ? "signed" : "plain";
        // Whom it proves is only said, and nobody looks: it shares with others of whom that holds.
        if (options.Authentication is { ClientId: null }) _kind += ":unproven";
        _followedTtl = options.Policy.MaxTtl + options.Policy.StaleWhileRevalidate;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            FailureRatio = FailureRatio,
            MinimumThroughput = LeastCalls,
            SamplingDuration = Sampled,
            BreakDuration = shared.BreakDuration,
            ShouldHandle = static call => new(call.Outcome.Exception is not null),
            StateProvider = Breaker,
            OnOpened = _ => { logger.SharedCacheFails(); return default; },
            OnClosed = _ => { logger.SharedCacheWorks(); return default; },
        }).Build();
    }

    /// <summary>The state of its breaker.</summary>
    internal CircuitBreakerStateProvider Breaker { get; } = new();

    internal long Lookups(SharedLookup outcome) => Volatile.Read(ref _lookups[(int)outcome]);

    /// <summary>What is kept about a token; null when there is nothing, or nothing came in time. Whether it may be used is another question.</summary>
    internal async ValueTask<HeldAnswer?> FindAsync(string token, Mac128 key)
    {
        var name = NameOf(token);
        var (lookup, held) = (SharedLookup.Failed, (HeldAnswer?)null);
        if (await TryAsync(cancellation => _cache.GetAsync(name, cancellation)) is { } found)
        {
            held = found.Value is { } value ? Open(value, name) : null;
            lookup = held is not null ? SharedLookup.Hit : found.Value is null ? SharedLookup.Miss : SharedLookup.Invalid;
        }
        Interlocked.Increment(ref _lookups[(int)lookup]);
        // Asked last: it may have been on its way when somebody invalidated it, or could not be removed then (L30).
        return held is null || _invalidated.Ends(key, held.Asked, AnswerCodec.MostAhead) ? null : held;
    }

    /// <summary>Keeps an answer of the server, beside the check; an inactive one only ends what was there.</summary>
    internal void Keep(string token, Mac128 key, HeldAnswer held)
    {
        // Too many under way: the cache is slow, and others will do without this one.
        if (Interlocked.Increment(ref _writes) > MostWrites) Interlocked.Decrement(ref _writes);
        else _ = KeepAsync(token, key, held);
    }

    /// <summary>From now on nothing from before is used here, whatever the cache does.</summary>
    internal void Invalidate(Mac128 key) => _invalidated.Add(key, _time.Read());

    /// <summary>Removes what is kept of a token, if the cache lets it.</summary>
    internal async ValueTask RemoveAsync(string token) => await TryAsync(async cancellation =>
    {
        await _cache.RemoveAsync(NameOf(token), cancellation);
        return null;
    });

    private async Task KeepAsync(string token, Mac128 key, HeldAnswer held)
    {
        try
        {
            var ttl = held.Token is null ? TimeSpan.Zero : TtlOf(held, held.Token);
            if (ttl <= TimeSpan.Zero)
            {
                await RemoveAsync(token);
                return;
            }
            var name = NameOf(token);
            var value = SealedAnswer.Seal(AnswerCodec.Write(held), name, _options.Key!);
            await TryAsync(async cancellation =>
            {
                await _cache.SetAsync(name, value, new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = ttl }, cancellation);
                return null;
            });
            // Somebody may have removed it before it was there.
            if (_invalidated.Ends(key, held.Asked, doubt: TimeSpan.Zero)) await RemoveAsync(token);
        }
        finally
        {
            Interlocked.Decrement(ref _writes);
        }
    }

    private TimeSpan TtlOf(HeldAnswer held, IntrospectedToken token)
    {
        var ttl = held.IsFollowed ? _followedTtl : _options.PlainTtl;
        if (held.MaxTtl < ttl) ttl = held.MaxTtl;
        var left = token.ExpiresAt is { } expires ? TimeSpan.FromSeconds(expires - _time.Read().UnixSeconds()) : ttl;
        return left < ttl ? left : ttl;
    }

    private string NameOf(string token) => SealedAnswer.NameOf(_options.KeyPrefix, _issuer, _endpoint, _caller, _kind, token);

    private HeldAnswer? Open(byte[] value, string name)
    {
        var bytes = SealedAnswer.Open(value, name, _options.Key!) ?? (_options.PreviousKey is { } previous ? SealedAnswer.Open(value, name, previous) : null);
        var held = bytes is null ? null : AnswerCodec.Read(bytes, _texts, _time.Read());
        // Who else writes here may not look.
        return held is { Token: { } token } && !_issuers.Allow(token) ? null : held;
    }

    // The outer null: it failed. A cache that ignores its cancellation is left behind at the deadline all the same.
    private async ValueTask<(byte[]? Value, bool IsThere)?> TryAsync(Func<CancellationToken, Task<byte[]?>> call)
    {
        try
        {
            return (await _pipeline.ExecuteAsync(async (asked, uncancelled) =>
            {
                using var deadline = new CancellationTokenSource(_options.Deadline, _time);
                var task = asked(deadline.Token);
                if (!task.IsCompleted) _ = task.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
                return await task.WaitAsync(deadline.Token);
            }, call), true);
        }
        catch (Exception)
        {
            return null; // Whatever a cache throws means the same: there is none now.
        }
    }
}
