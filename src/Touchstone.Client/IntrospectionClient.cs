using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Touchstone.Client.Authentication;
using Touchstone.Client.Flights;
using Touchstone.Client.Follow;
using Touchstone.Client.Memory;
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
    private readonly AnswerMemory _active, _inactive;
    private readonly SingleFlight<UpstreamAnswer> _flights = new();
    private readonly HttpClient _http;
    private readonly bool _ownsHttp;
    private readonly Discovery _discovery;
    private readonly ResilientCalls _calls;
    private readonly FeedFollower _follower;
    private readonly ClientMetrics _metrics;
    private readonly long _leeway;

    /// <summary>A client of its own.</summary>
    /// <param name="options">Read now, and not again.</param>
    /// <param name="http">What sends; it must not follow redirects. Null: one is made.</param>
    /// <param name="logger">Where faults are told.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException">The options are not what they have to be; the message says all that is wrong.</exception>
    public IntrospectionClient(TokenIntrospectionOptions options, HttpClient? http = null, ILogger<IntrospectionClient>? logger = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = TokenIntrospectionOptionsRules.Faults(options);
        if (faults.Count > 0) throw new ArgumentException(string.Join(' ', faults), nameof(options));

        _options = options;
        _time = time ?? TimeProvider.System;
        _http = http ?? Wire.NewHttp(options);
        _ownsHttp = http is null;
        Policy = options.Policy;
        _leeway = (long)options.Leeway.TotalSeconds;
        _active = new AnswerMemory(options.MaxEntries, options.MaxBytes);
        _inactive = new AnswerMemory(options.MaxNegativeEntries, long.MaxValue);
        _discovery = new Discovery(options, _http, _time);
        var server = new AskedServer(_discovery, _http, _time);
        var caller = options.Authentication ?? ClientAuthentication.Basic(options.ClientId!, options.ClientSecret!);
        var authentication = caller.At(server);
        _follower = new FeedFollower(options, _discovery, new FeedPoll(caller.AtFeed(server), _http, options.FollowerName ?? Wire.DefaultFollowerName), logger ?? NullLogger<IntrospectionClient>.Instance, _time);
        var endpoint = new IntrospectionEndpoint(authentication, _discovery, _http, () => _follower.Cursor, _time);
        _calls = new ResilientCalls(options, new BatchWindow(options, endpoint, new BatchEndpoint(authentication, _http, endpoint, () => _follower.Cursor, _time), _discovery, _time), _time);
        _metrics = new ClientMetrics(options.Name);
        _metrics.Watch(this, _time);
    }

    /// <summary>The policy of calls that bring none.</summary>
    public IntrospectionPolicy Policy { get; }

    internal AnswerMemory Memory => _active;

    internal AnswerMemory NegativeMemory => _inactive;

    internal FeedFollower Follower => _follower;

    internal SingleFlight<UpstreamAnswer> Flights => _flights;

    internal ResilientCalls Calls => _calls;

    /// <summary>Finds out about a token from what is kept, if that is enough. It asks nobody, waits for nothing and allocates nothing; where it is false, <see cref="IntrospectAsync"/> asks.</summary>
    /// <param name="token">As it came. It is kept nowhere.</param>
    /// <param name="policy">For this check; null: that of the client.</param>
    /// <param name="result">What is known.</param>
    public bool TryIntrospect(ReadOnlySpan<char> token, IntrospectionPolicy? policy, out IntrospectionResult result)
    {
        result = new IntrospectionResult(IntrospectionOutcome.Inactive, IntrospectionSource.Shape);
        if (token.Length is not (0 or > MaxTokenLength) && !TryRemember(_keys.Of(token), policy ?? Policy, _time.Read(), out result)) return false;
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

        // 2. The server, or what the policy says where it can't be asked.
        return AskAsync(token, _keys.Of(token), policy ?? Policy, cancellationToken);
    }

    /// <summary>Forgets what was said of a token, so that the next check asks: for servers without a feed, when it is known from elsewhere that a token was revoked.</summary>
    /// <returns>Whether anything was kept.</returns>
    public bool Invalidate(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        var key = _keys.Of(token);
        return _active.Remove(key) | _inactive.Remove(key);
    }

    /// <summary>Stops following, and forgets everything.</summary>
    public async ValueTask DisposeAsync()
    {
        _metrics.Dispose();
        await _follower.DisposeAsync();
        _calls.Dispose();
        _discovery.Dispose();
        if (_ownsHttp) _http.Dispose();
    }

    private async ValueTask<IntrospectionResult> AskAsync(string token, Mac128 key, IntrospectionPolicy policy, CancellationToken cancellationToken)
    {
        var result = await FindOutAsync(token, key, policy, cancellationToken);
        _metrics.Checked(result);
        return result;
    }

    private async ValueTask<IntrospectionResult> FindOutAsync(string token, Mac128 key, IntrospectionPolicy policy, CancellationToken cancellationToken)
    {
        _follower.Start();
        _follower.Want(policy.Grace);
        // A poll that was begun first lets what is asked now be kept; where it does not come, the answer serves this check alone.
        if (!_follower.First.IsCompleted) await WaitForFirstPollAsync(cancellationToken);

        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var answer = await _flights.RunAsync(key, static state => state.Client.FlyAsync(state.Token, state.Key, state.Policy), (Client: this, Token: token, Key: key, Policy: policy), cancellationToken);
            if (answer.Remembered is { } remembered) return remembered;
            if (answer.Outcome is IntrospectionOutcome.CannotTell) return InFault(key, policy, answer.Fault);
            // Something that concerns the token happened while the answer was under way: asking again gives the truth.
            if (answer.Mark is { } mark && _follower.View.Ends(mark)) continue;
            return Judge(answer);
        }
        return InFault(key, policy, IntrospectionFault.Outdated);
    }

    private async Task<UpstreamAnswer> FlyAsync(string token, Mac128 key, IntrospectionPolicy policy)
    {
        // A flight may have landed between this check's look into memory and its take-off.
        if (TryRemember(key, policy, _time.Read(), out var remembered)) return new UpstreamAnswer { Remembered = remembered };
        // Before the request leaves: what is revoked meanwhile is revoked after.
        var asked = _time.Read();
        var answer = await _calls.AskAsync(token) with { Asked = asked };
        _metrics.Called(answer.Fault, _time.Read().AtLeastSince(asked));
        if (answer.Outcome is IntrospectionOutcome.CannotTell) return answer;
        var held = new HeldAnswer(answer.Token, answer.Mark, asked, HeldAnswer.SizeOf(answer));
        if (IsActive(answer, _time.Read()))
        {
            _inactive.Remove(key);
            _active.Keep(key, held);
        }
        else
        {
            _active.Remove(key);
            _inactive.Keep(key, held);
        }
        return answer;
    }

    private async ValueTask WaitForFirstPollAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _follower.First.WaitAsync(_options.TryTimeout, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Then without.
        }
    }

    // The one judgement of what is kept: every use goes through it.
    private bool TryRemember(Mac128 key, IntrospectionPolicy policy, ClockReading now, out IntrospectionResult result)
    {
        result = default;
        if (_active.TryFind(key, out var held))
        {
            var age = now.AtMostSince(held.Asked);
            if (held.Token!.IsInTime(now.UnixSeconds(), _leeway) && held.IsAllowed(_follower.View) && age < TtlOf(held, policy, now))
            {
                result = new IntrospectionResult(IntrospectionOutcome.Active, IntrospectionSource.Memory, held.Token, Age: age);
                return true;
            }
        }
        else if (_inactive.TryFind(key, out held))
        {
            var age = now.AtMostSince(held.Asked);
            if (age < policy.NegativeTtl)
            {
                result = new IntrospectionResult(IntrospectionOutcome.Inactive, IntrospectionSource.Memory, Age: age);
                return true;
            }
        }
        return false;
    }

    private TimeSpan TtlOf(HeldAnswer held, IntrospectionPolicy policy, ClockReading now) => _follower.At(now) switch
    {
        Freshness.Plain => policy.PlainTtl,
        Freshness.Followed when held.IsFollowed => policy.MaxTtl,
        _ when !held.IsFollowed || _follower.IsInGrace(now, policy.UnfollowedTtl) => policy.UnfollowedTtl,
        _ => TimeSpan.Zero,
    };

    private IntrospectionResult Judge(in UpstreamAnswer answer)
    {
        var now = _time.Read();
        var isActive = IsActive(answer, now);
        return new IntrospectionResult(isActive ? IntrospectionOutcome.Active : IntrospectionOutcome.Inactive, IntrospectionSource.Server, isActive ? answer.Token : null, Age: now.AtMostSince(answer.Asked));
    }

    private bool IsActive(in UpstreamAnswer answer, ClockReading now) => answer.Outcome is IntrospectionOutcome.Active && answer.Token!.IsInTime(now.UnixSeconds(), _leeway);

    // The server can't be asked. What a policy lets pass is never what is known to have ended.
    private IntrospectionResult InFault(Mac128 key, IntrospectionPolicy policy, IntrospectionFault fault)
    {
        var cannotTell = new IntrospectionResult(IntrospectionOutcome.CannotTell, IntrospectionSource.Server, Fault: fault);
        // A refusal is the caller's own fault, or its end at the server: nothing that was kept is its business any more.
        if (policy.FailMode is FailMode.FailClosed || fault is IntrospectionFault.Refused) return cannotTell;
        var now = _time.Read();
        if (_active.TryFind(key, out var held))
        {
            if (!held.Token!.IsInTime(now.UnixSeconds(), _leeway) || !held.IsAllowed(_follower.View)) return cannotTell;
            var age = now.AtMostSince(held.Asked);
            if (age < policy.MaxStale && (!held.IsFollowed || _follower.IsInGrace(now, policy.Grace))) return new IntrospectionResult(IntrospectionOutcome.Active, IntrospectionSource.Stale, held.Token, fault, age);
        }
        if (_inactive.TryFind(key, out _) || policy.FailMode is not FailMode.FailOpen) return cannotTell;
        return new IntrospectionResult(IntrospectionOutcome.Active, IntrospectionSource.Open, Fault: fault);
    }
}
