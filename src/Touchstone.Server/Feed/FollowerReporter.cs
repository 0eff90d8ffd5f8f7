using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Feed;

/// <summary>
/// Tells the other nodes of the followers here: of a new one before it gets its first lease, of what changes in batches, four times a second at most. And takes those away that were silent for longer than any lease.
/// By the machine's clock, as the database has it.
/// </summary>
internal sealed class FollowerReporter(Followers followers, FollowerExchange exchange, FeedPump pump, ILogger<FollowerReporter> logger) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // A lease may begin as late as the wait of the last poll that was told of, and what was told lies in the table a moment later.
    private static readonly TimeSpan Slack = FeedRequest.MaxWait + TimeSpan.FromSeconds(2);

    private const int LookEvery = 20;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<(string Caller, string Instance), (long Beat, long At)> _seen = [];
    private readonly SemaphoreSlim _one = new(1);
    private readonly Lock _introducing = new();
    private List<Follower> _new = [];
    private Task? _next;
    private LogCursor _reported;
    private Task _loop = Task.CompletedTask;

    /// <summary>Done when the other nodes know of a follower: no receipt of theirs can miss one that has a lease.</summary>
    internal async ValueTask IntroduceAsync(Follower follower)
    {
        if (!exchange.IsShared || follower.IsKnown) return;
        Task told;
        lock (_introducing)
        {
            _new.Add(follower);
            told = _next ??= IntroduceAllAsync();
        }
        await told;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (exchange.IsShared) _loop = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        await _loop;
    }

    // A thousand that come at once, from a node that stopped, are told of together: who comes while one report is under way waits for the next.
    private async Task IntroduceAllAsync()
    {
        await Task.Yield(); // Nothing below may run before the task is there to be joined.
        await _one.WaitAsync();
        try
        {
            List<Follower> introduced;
            lock (_introducing) (introduced, _new, _next) = (_new, [], null);
            await exchange.ReportAsync([.. introduced.Distinct().Select(follower => follower.Report())], upTo: null);
            foreach (var follower in introduced) follower.IsKnown = true;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task RunAsync()
    {
        for (var round = 1; !_stopping.IsCancellationRequested; round++)
        {
            try
            {
                await Task.Delay(Interval, TimeProvider.System, _stopping.Token);
                await ReportAsync();
                if (round % LookEvery == 0) await RemoveSilentAsync();
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (StoreException)
            {
                // The next time. The log of the store says what is wrong.
            }
            catch (Exception bug)
            {
                logger.Unexpected("feed", "-", bug);
            }
        }
    }

    private async Task ReportAsync()
    {
        // First what is known of the log, then of whom it is known: who polls later is told of it.
        var upTo = pump.Published;
        var changed = followers.All.Select(follower => (Follower: follower, Version: follower.State.Version)).Where(each => each.Version != each.Follower.Reported).ToList();
        if (changed.Count == 0 && upTo == _reported) return;
        await exchange.ReportAsync([.. changed.Select(each => each.Follower.Report())], upTo);
        foreach (var (follower, version) in changed) (follower.Reported, follower.IsKnown) = (version, true);
        _reported = upTo;
    }

    private async Task RemoveSilentAsync()
    {
        var now = TimeProvider.System.GetTimestamp();
        var all = (await exchange.LookAsync()).Followers;
        var silent = new List<SeenFollower>();
        foreach (var seen in all)
        {
            var key = (seen.Follower.Caller, seen.Follower.Instance);
            if (!_seen.TryGetValue(key, out var before) || before.Beat != seen.Beat) _seen[key] = (seen.Beat, now);
            // Who goes on without end is told of as long as it is listed.
            else if (TimeProvider.System.GetElapsedTime(before.At, now) >= LeaseTerms.Follower.GoneAfter + Slack + (seen.Follower.Grace ?? Followers.KeptFor)) silent.Add(seen);
        }
        var there = all.Select(seen => (seen.Follower.Caller, seen.Follower.Instance)).ToHashSet();
        foreach (var gone in _seen.Keys.Where(key => !there.Contains(key)).ToArray()) _seen.Remove(gone);
        if (silent.Count == 0) return;
        await exchange.RemoveAsync(silent);
        // Should one of them come back here, it is introduced again.
        foreach (var seen in silent) followers.Find(seen.Follower.Caller, seen.Follower.Instance)?.Forget();
    }
}
