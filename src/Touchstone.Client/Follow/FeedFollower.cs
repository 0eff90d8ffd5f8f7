using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Touchstone.Client.Jwt;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Upstream;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Follow;

/// <summary>How current what is kept is.</summary>
internal enum Freshness
{
    /// <summary>The feed should be followed and is not: what is kept may be out of date.</summary>
    Lapsed,

    /// <summary>The feed is followed: what is kept is current.</summary>
    Followed,

    /// <summary>There is no feed: what is kept is as old as it is.</summary>
    Plain,
}

/// <summary>
/// Follows the revocation feed: one poll after the other, as long as the client lives. It begins with the first check, and stops by itself where the server has no feed, to look again later.
/// </summary>
internal sealed class FeedFollower : IAsyncDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(5), LookAgain = TimeSpan.FromMinutes(1), BetweenReadings = TimeSpan.FromHours(1);

    private readonly TokenIntrospectionOptions _options;
    private readonly Discovery _discovery;
    private readonly FeedPoll _poll;
    private readonly WantedGrace _grace;
    private readonly LogFollower _log;
    private readonly bool _isPlain; // By the settings: there is nothing to follow, and never will be.
    private readonly bool _judgesJwts; // By all rows there are, where the server lets it.
    private readonly bool _needsAll; // And for some of them there is nothing else.
    private readonly ClientMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _loop;
    private bool _wasSeen;
    private bool _isFailing, _isOutOfReach, _hasGrounds, _lacksGrounds;
    private ClockReading? _readAll;
    private int _restarts;
    private long _told; // Ticks of grace.
    private long _events;
    private long _answered; // Ticks of the monotonic clock.

    internal FeedFollower(TokenIntrospectionOptions options, Discovery discovery, FeedPoll poll, WantedGrace grace, ClientMetrics metrics, ILogger logger, TimeProvider time)
    {
        (_options, _discovery, _poll, _grace, _metrics, _logger, _time) = (options, discovery, poll, grace, metrics, logger, time);
        _log = new LogFollower(LeaseTerms.Follower, options.Policy.MaxTtl, options.MaxEvents, _judgesJwts = LocalJwts.NeedRows(options));
        _needsAll = LocalJwts.NeedAllRows(options);
        _isPlain = options.Feed is FeedMode.Off || (options.IntrospectionEndpoint is not null && options.FeedEndpoint is null);
        if (_isPlain) _first.SetResult();
    }

    /// <summary>What is known of the log. Taken before an answer is judged.</summary>
    internal FollowerView View => _log.View;

    /// <summary>The cursor, for requests whose answers are to be kept as followed ones; null while the lease is not held, for then the server can't count on them to end in time.</summary>
    internal string? Cursor => _log.IsHeld(_time.Read()) && View.Head is var head && head != default ? head.ToString() : null;

    /// <summary>How many revocations the feed told of.</summary>
    internal long Events => Volatile.Read(ref _events);

    /// <summary>How long ago the feed last answered; zero where it never did.</summary>
    internal TimeSpan Lag => Volatile.Read(ref _answered) is var ticks and not 0 ? _time.Read().Monotonic - TimeSpan.FromTicks(ticks) : TimeSpan.Zero;

    /// <summary>Waits until the feed is followed, or a poll failed, or it is clear that there is no feed. Who waits in vain is the last: until it comes, each check asks at once.</summary>
    internal async ValueTask WaitForFirstAsync(CancellationToken cancellationToken)
    {
        if (_first.Task.IsCompleted) return;
        try
        {
            await _first.Task.WaitAsync(_options.TryTimeout, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            _first.TrySetResult(); // Then without.
        }
    }

    /// <summary>Whether the last poll came to nobody, or no answer to it: not where this caller was refused, or reads on.</summary>
    internal bool IsOutOfReach => Volatile.Read(ref _isOutOfReach);

    /// <summary>Begins, once.</summary>
    internal void Start()
    {
        if (_isPlain || Volatile.Read(ref _loop) is not null) return;
        lock (_stopping)
        {
            if (!_stopping.IsCancellationRequested) _loop ??= Begin();
        }
    }

    // It serves all checks and belongs to none: neither to the trace of the one that comes first, nor to whatever else goes along with that.
    private Task Begin()
    {
        if (ExecutionContext.IsFlowSuppressed()) return Task.Run(RunAsync);
        using (ExecutionContext.SuppressFlow()) return Task.Run(RunAsync);
    }

    /// <summary>How current what is kept is. Asked last, after the last await of a check.</summary>
    internal Freshness At(ClockReading now)
    {
        if (_isPlain) return Freshness.Plain;
        if (_log.IsHeld(now)) return Freshness.Followed;
        // Plain only where it is known that there is no feed: one that was seen, or may be there, is out of reach.
        return _options.Feed is FeedMode.Auto && !Volatile.Read(ref _wasSeen) && _discovery.Known is { Feed: null } ? Freshness.Plain : Freshness.Lapsed;
    }

    /// <summary>Whether what was kept while the feed was followed may still be used, so long after the lease is over. Only as far as the server was told, whose receipts count with it.</summary>
    internal bool IsInGrace(ClockReading now, TimeSpan grace) => _log.IsHeld(now, TimeSpan.FromTicks(Math.Min(grace.Ticks, Volatile.Read(ref _told))));

    /// <summary>A check comes that would go on for so long: the next poll tells the server, if it was not told of as much.</summary>
    internal void Want(TimeSpan grace) => _grace.Want(grace);

    public async ValueTask DisposeAsync()
    {
        Task? loop;
        lock (_stopping)
        {
            _stopping.Cancel();
            loop = _loop;
        }
        if (loop is not null) await loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var failures = 0;
        try
        {
            while (true) failures = await TryRoundAsync(failures);
        }
        catch (OperationCanceledException)
        {
            // It was told to stop.
        }
        _first.TrySetResult();
    }

    // No fault ends it for ever. Until it follows again nothing that is kept is used: every check is asked upstream.
    private async Task<int> TryRoundAsync(int failures)
    {
        try
        {
            return await RoundAsync(failures);
        }
        catch (Exception bug) when (!_stopping.IsCancellationRequested)
        {
            _log.Forget(_time.Read());
            if (!_isFailing) _logger.FollowerBroke(bug);
            _isFailing = true;
            _first.TrySetResult();
        }
        await PauseAsync(Pause(failures));
        return failures + 1;
    }

    // Gives how many failed one after the other.
    private async Task<int> RoundAsync(int failures)
    {
        if (await FindFeedAsync() is not { } feed)
        {
            Volatile.Write(ref _isOutOfReach, _discovery.Known is null);
            _first.TrySetResult();
            await PauseAsync(_discovery.Known is null ? Pause(failures++) : LookAgain);
            return failures;
        }
        Volatile.Write(ref _wasSeen, true);
        var retryAfter = await PollAsync(feed, waits: failures == 0);
        if (retryAfter is null) return 0;
        await PauseAsync(retryAfter > TimeSpan.Zero ? (retryAfter < LookAgain ? retryAfter.Value : LookAgain) : Pause(failures++));
        return failures;
    }

    private async Task<Uri?> FindFeedAsync()
    {
        using var patience = new CancellationTokenSource(_options.Timeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stopping.Token);
        try
        {
            return (await _discovery.FindAsync(both.Token))?.Feed;
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    // Null when an answer came; otherwise how long the server wants to be left alone, or zero.
    private async Task<TimeSpan?> PollAsync(Uri feed, bool waits)
    {
        var nonce = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var now = _time.Read();
        var grace = _grace.Longest(now.Monotonic);
        // Less counts from before it is told, more from after that was heard: nothing goes on for longer than the server knows.
        if (grace.Ticks < Volatile.Read(ref _told)) Volatile.Write(ref _told, grace.Ticks);
        _log.Poll(nonce, now);
        var result = await _poll.SendAsync(feed, nonce, View.Head, _hasGrounds, grace, waits && View.Head != default, _time, _stopping.Token);
        if (result.Answer is { } answer && _log.Answered(answer.Nonce, answer.Told, answer.Offset, _time.Read()))
        {
            Volatile.Write(ref _isOutOfReach, false);
            Volatile.Write(ref _told, grace.Ticks);
            Volatile.Write(ref _answered, _time.Read().Monotonic.Ticks);
            Volatile.Write(ref _events, _events + answer.Told.Events.Count);
            if (answer.Age is { } age) _metrics.Enforced(age);
            if (_isFailing) _logger.FollowsAgain();
            _isFailing = false;
            _hasGrounds = _judgesJwts && answer.Told.Jwts is not null;
            // It reads all rows anew. Nodes that do not agree about that would have it do so for ever.
            if (View.Head == default) return _restarts++ == 0 ? null : LongestPause;
            if (answer.Offset is null) return null; // A page: the next one follows.
            _restarts = 0;
            if (_needsAll && !KnowsAll()) _log.Forget(_time.Read());
            _first.TrySetResult();
            return null;
        }
        Volatile.Write(ref _isOutOfReach, result.Outcome is PollOutcome.Failed);
        _first.TrySetResult();
        // Whoever is not known any more, or does not understand what it is told, holds nothing that it may use.
        if (result.Outcome is PollOutcome.Refused or PollOutcome.Malformed) _log.Forget(_time.Read());
        if (!_isFailing) _logger.DoesNotFollow(result.Outcome);
        _isFailing = true;
        return result.RetryAfter ?? TimeSpan.Zero;
    }

    // Where rows were too many to be kept, or to be told, some of them may be forgotten at the server now.
    private bool KnowsAll()
    {
        if (!_hasGrounds && !_lacksGrounds) _logger.LacksTagKey();
        _lacksGrounds = !_hasGrounds;
        if (!_hasGrounds || View.Floor == 0 || (_readAll is { } last && _time.Read().AtMostSince(last) < BetweenReadings)) return true;
        if (_readAll is not null) _logger.TooManyRows(_options.MaxEvents);
        _readAll = _time.Read();
        return false;
    }

    private static TimeSpan Pause(int failures)
    {
        var longest = ShortestPause * Math.Pow(2, Math.Min(failures, 6));
        return (longest < LongestPause ? longest : LongestPause) * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    private Task PauseAsync(TimeSpan pause) => Task.Delay(pause, _time, _stopping.Token);
}
