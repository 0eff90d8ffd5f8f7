using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Polly.CircuitBreaker;
using Touchstone.Client.Authentication;
using Touchstone.Client.Flights;
using Touchstone.Client.Follow;
using Touchstone.Client.Jwt;
using Touchstone.Client.Memory;
using Touchstone.Client.Shared;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Upstream;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client;

/// <summary>
/// Asks an RFC 7662 server about tokens, and remembers what it said for as long as that is true. Where the server has a revocation feed it is followed: an answer is current, or is not used.
/// One for each server and caller; it shares nothing with another. Safe for all threads.
/// </summary>
public sealed class IntrospectionClient : IAsyncDisposable
{
    private const int MaxTokenLength = 64 << 10;
    private const int MostAttempts = 3;

    private readonly TokenIntrospectionOptions _options;
    private readonly TimeProvider _time;
    private readonly TokenKeys _keys = new();
    private readonly HeldAnswers _held;
    private readonly SharedAnswers? _shared;
    private readonly SingleFlight<UpstreamAnswer> _flights = new();
    private readonly HttpClient _http;
    private readonly bool _ownsHttp;
    private readonly Discovery _discovery;
    private readonly IntrospectionEndpoint _endpoint;
    private readonly IssuerKeyRing _issuers;
    private readonly LocalJwts? _jwts;
    private readonly ResilientCalls _calls;
    private readonly FeedFollower _follower;
    private readonly ClientMetrics _metrics;
    private readonly ServerFaults _faults;
    private int _isDisposed;

    /// <summary>A client of its own.</summary>
    /// <param name="options">Read now, and not again.</param>
    /// <param name="http">What sends; it must not follow redirects. Null: one is made.</param>
    /// <param name="logger">Where faults are told.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">The options are not what they have to be; the message says all that is wrong.</exception>
    public IntrospectionClient(TokenIntrospectionOptions options, HttpClient? http = null, ILogger<IntrospectionClient>? logger = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var wrong = options.Faults();
        if (wrong.Count > 0) throw new ArgumentException(string.Join(' ', wrong), nameof(options));

        _options = options;
        _time = time ?? TimeProvider.System;
        var log = logger ?? NullLogger<IntrospectionClient>.Instance;
        var faults = new CallbackFaults(log);
        _http = http ?? Wire.NewHttp(options, faults);
        _ownsHttp = http is null;
        Policy = options.Policy;
        _metrics = new ClientMetrics(options.Name);
        _faults = new ServerFaults(options, log, _time);
        _discovery = new Discovery(options, _http, _time, _faults);
        var server = new AskedServer(_discovery, _http, _time);
        var caller = options.Authentication ?? ClientAuthentication.Basic(options.ClientId!, options.ClientSecret!);
        var authentication = new GuardedAuthentication(caller.At(server), faults);
        _follower = new FeedFollower(options, _discovery, new FeedPoll(new GuardedAuthentication(caller.AtFeed(server), faults), _http, options.FollowerName ?? Wire.DefaultFollowerName, _faults), new WantedGrace(options, faults), _metrics, log, _time);
        _held = new HeldAnswers(options, _follower, faults, _time);
        if (options.SharedCache is { } shared) _shared = new SharedAnswers(shared, options, log, _time);
        _issuers = new IssuerKeyRing(options, _discovery, _http, log, _time);
        _jwts = LocalJwts.Of(options, _issuers, new JwtFeed(options, _follower, _discovery, _time), log, _time);
        _endpoint = new IntrospectionEndpoint(authentication, _discovery, _http, () => _follower.Cursor, _time, SignedAnswers.Of(options, _issuers, faults, _time), _faults, options.TokenIssuers);
        _calls = new ResilientCalls(options, new BatchWindow(options, _endpoint, new BatchEndpoint(authentication, _http, _endpoint, () => _follower.Cursor, _time, _faults), _discovery, _time), _time);
        _metrics.Watch(this, _time);
    }

    /// <summary>The policy of calls that bring none.</summary>
    public IntrospectionPolicy Policy { get; }

    /// <summary>How the client is doing now. It asks nobody, and costs little.</summary>
    public IntrospectionClientStatus Status => new(
        _follower.At(_time.Read()) switch { Freshness.Followed => FeedState.Followed, Freshness.Plain => FeedState.Plain, _ => FeedState.Lapsed },
        _follower.View.Head.Seq,
        _calls.Breaker.CircuitState switch { CircuitState.Closed => BreakerState.Closed, CircuitState.HalfOpen => BreakerState.HalfOpen, _ => BreakerState.Open },
        _discovery.Known is not null,
        _held.Active.Count,
        _held.Inactive.Count)
    {
        LastFault = _faults.Last,
    };

    internal HeldAnswers Held => _held;

    internal SharedAnswers? Shared => _shared;

    internal FeedFollower Follower => _follower;

    internal SingleFlight<UpstreamAnswer> Flights => _flights;

    internal ResilientCalls Calls => _calls;

    internal IntrospectionEndpoint Endpoint => _endpoint;

    internal LocalJwts? Jwts => _jwts;

    internal IssuerKeyRing Issuers => _issuers;

    /// <summary>Looks for the server and begins to follow its feed, so that the first check need not wait for that. A server that is not there is no failure: it is looked for again. Waits for <see cref="TokenIntrospectionOptions.TryTimeout"/> at most.</summary>
    /// <param name="cancellationToken">Ends the wait; what was begun goes on.</param>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        _follower.Start();
        await _follower.WaitForFirstAsync(cancellationToken);
        // Where nothing is to be followed nobody looked.
        if (_options.Feed is FeedMode.Off) await _discovery.LookAsync(_options.TryTimeout, cancellationToken);
    }

    /// <summary>Finds out about a token from what is kept, if that is enough. It asks nobody, waits for nothing and allocates nothing; where it is false, <see cref="IntrospectAsync"/> asks.</summary>
    /// <param name="token">As it came. It is kept nowhere.</param>
    /// <param name="policy">For this check; null: that of the client.</param>
    /// <param name="result">What is known.</param>
    public bool TryIntrospect(ReadOnlySpan<char> token, IntrospectionPolicy? policy, out IntrospectionResult result)
    {
        result = new IntrospectionResult(IntrospectionOutcome.Inactive, IntrospectionSource.Shape);
        if (token.Length is not (0 or > MaxTokenLength))
        {
            var key = _keys.Of(token);
            var recall = _held.Find(key, policy ?? Policy, _time.Read(), out result);
            if (recall is Recall.Nothing) return false;
            if (recall is Recall.FoundButDue) Refresh(token.ToString(), key, policy ?? Policy);
        }
        _metrics.Checked(result);
        return true;
    }

    /// <summary>Finds out about a token. An expected failure is a result, not an exception; what cancels ends this check and no other.</summary>
    /// <param name="token">As it came. It is kept nowhere.</param>
    /// <param name="policy">For this check; null: that of the client.</param>
    /// <param name="cancellationToken">Ends this check.</param>
    public ValueTask<IntrospectionResult> IntrospectAsync(string token, IntrospectionPolicy? policy = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        // 1. What no token can be is not asked about; and what is kept, and still true, is enough.
        if (TryIntrospect(token, policy, out var known)) return new(known);

        // 2. A JWT of an issuer that is known is judged here.
        // 3. The server, or what the policy says where it can't be asked.
        return AskAsync(token, _keys.Of(token), policy ?? Policy, cancellationToken);
    }

    /// <summary>Forgets what was said of a token, here and in the shared cache, so that the next check asks: for servers without a feed, when it is known from elsewhere that a token was revoked.</summary>
    /// <param name="token">As it came. It is kept nowhere.</param>
    /// <returns>Whether anything was kept here.</returns>
    public async ValueTask<bool> InvalidateAsync(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        var key = _keys.Of(token);
        // First what is on its way from the shared cache: whoever begins after the next line sees it.
        _shared?.Invalidate(key);
        var wasHeld = _held.Invalidate(key);
        // Whoever comes after this does not join what was asked before.
        _flights.Close(key);
        if (_shared is not null) await _shared.RemoveAsync(token);
        return wasHeld;
    }

    /// <summary>Stops following, and forgets everything. Once: a container that knows it under two names disposes it twice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _metrics.Dispose();
        await _follower.DisposeAsync();
        _calls.Dispose();
        _issuers.Dispose();
        _discovery.Dispose();
        if (_ownsHttp) _http.Dispose();
    }

    private async ValueTask<IntrospectionResult> AskAsync(string token, Mac128 key, IntrospectionPolicy policy, CancellationToken cancellationToken)
    {
        var (judged, isEnded) = _jwts is not null && JwtShape.Is(token) ? await JudgeHereAsync(_jwts, token, key, policy, cancellationToken) : default;
        var result = judged ?? await FindOutAsync(token, key, policy, cancellationToken);
        // What is known to have ended passes by nothing but the word of the server.
        if (isEnded && result is { IsActive: true, Fault: not IntrospectionFault.None }) result = new IntrospectionResult(IntrospectionOutcome.CannotTell, IntrospectionSource.Server, Fault: result.Fault);
        _metrics.Checked(result);
        return result;
    }

    // No result where the server has to be asked, alone or as well.
    private async ValueTask<(IntrospectionResult? Result, bool IsEnded)> JudgeHereAsync(LocalJwts jwts, string token, Mac128 key, IntrospectionPolicy policy, CancellationToken cancellationToken)
    {
        var (began, invalidations) = (_time.Read(), _held.Invalidations);
        var judgement = await jwts.JudgeAsync(token, policy, cancellationToken);
        switch (judgement.Verdict)
        {
            case LocalVerdict.Accepted:
                _held.Keep(key, new HeldAnswer(judgement.Token, judgement.Mark, began, HeldAnswer.SizeOf(judgement.Token, judgement.Token!.Json.Length, judgement.Mark?.Tags.Length ?? 0), IssuerKeys.Fresh) { Proof = judgement.Proof }, invalidations);
                return (new IntrospectionResult(IntrospectionOutcome.Active, IntrospectionSource.Jwt, judgement.Token), false);
            case LocalVerdict.Refused:
                return (new IntrospectionResult(IntrospectionOutcome.Inactive, IntrospectionSource.Jwt), false);
            case LocalVerdict.CannotTell:
                return (_held.InFault(key, policy, judgement.Unknown), false);
            case LocalVerdict.Unfollowed:
                return (_held.InFault(key, policy, IntrospectionFault.Unfollowed), false);
            default:
                return (null, judgement.IsEnded);
        }
    }

    private async ValueTask<IntrospectionResult> FindOutAsync(string token, Mac128 key, IntrospectionPolicy policy, CancellationToken cancellationToken)
    {
        var came = _time.Read();
        _follower.Start();
        _follower.Want(policy.Grace);
        // A poll that was begun first lets what is asked now be kept; where it does not come, the answer serves this check alone.
        await _follower.WaitForFirstAsync(cancellationToken);

        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            // Out of touch with the feed, only what began after this check can know of all revocations before it.
            var mayJoin = _follower.At(_time.Read()) is not Freshness.Lapsed;
            var answer = await _flights.RunAsync(key, () => FlyAsync(token, key, policy, asksAnew: attempt > 0), mayJoin, cancellationToken);
            if (answer.Outcome is IntrospectionOutcome.CannotTell) return _held.InFault(key, policy, answer.Fault);
            if (answer.Kept is { } kept)
            {
                // Who began the call may have been content with less than this check's policy (L22).
                if (_held.Use(kept, policy, _time.Read(), out var known) is not Recall.Nothing) return known with { Source = answer.Source };
                continue;
            }
            // Asked before this check came, it is judged as what is kept: by what the feed said since, and by this check's own policy (L22, L30).
            if (answer.Asked.Monotonic < came.Monotonic && answer.Held is { Token: not null } earlier && _held.Use(earlier, policy, _time.Read(), out _) is Recall.Nothing) continue;
            // Something that concerns the token happened while the answer was under way: asking again gives the truth (L30).
            if (answer.Mark is { } mark && _follower.View.Ends(mark)) continue;
            return Judge(answer);
        }
        return _held.InFault(key, policy, IntrospectionFault.Outdated);
    }

    private async Task<UpstreamAnswer> FlyAsync(string token, Mac128 key, IntrospectionPolicy policy, bool asksAnew)
    {
        var invalidations = _held.Invalidations;
        if (!asksAnew && !_held.IsDoubted(key))
        {
            // 1. A flight may have landed between the check's look into memory and this take-off.
            if (_held.Peek(key, policy, _time.Read()) is { } landed) return UpstreamAnswer.Of(landed, IntrospectionSource.Memory);
            // 2. Another process may have asked.
            if (_shared is not null && await _shared.FindAsync(token, key) is { } there && !_held.WasEndedAfter(key, there.Asked) && _held.Use(there, policy, _time.Read(), out _) is not Recall.Nothing)
            {
                _held.Keep(key, there, invalidations);
                return UpstreamAnswer.Of(there, IntrospectionSource.Shared);
            }
        }
        // 3. The server. The clocks are read before the request leaves: what is revoked meanwhile is revoked after.
        (var asked, invalidations) = (_time.Read(), _held.Invalidations);
        using var activity = ClientActivities.Begin(_options.Name);
        var answer = await _calls.AskAsync(token);
        activity.Tell(answer.Outcome, answer.Fault);
        _metrics.Called(answer.Fault, _time.Read().AtLeastSince(asked));
        // 4. It is kept, unless somebody said meanwhile that it is not true any more (L30).
        if (answer.Outcome is IntrospectionOutcome.CannotTell) return answer;
        var held = _held.Hold(answer, asked);
        if (_held.Keep(key, held, invalidations) && _shared is not null && _follower.At(_time.Read()) is not Freshness.Lapsed) _shared.Keep(token, key, held);
        return answer with { Asked = asked, Held = held };
    }

    private void Refresh(string token, Mac128 key, IntrospectionPolicy policy) => _ = _flights.RunAsync(key, () => FlyAsync(token, key, policy, asksAnew: true), mayJoin: true, CancellationToken.None);

    private IntrospectionResult Judge(UpstreamAnswer answer)
    {
        var now = _time.Read();
        var isActive = _held.IsActive(answer, now);
        return new IntrospectionResult(isActive ? IntrospectionOutcome.Active : IntrospectionOutcome.Inactive, IntrospectionSource.Server, isActive ? answer.Token : null, Age: now.AtMostSince(answer.Asked));
    }
}
