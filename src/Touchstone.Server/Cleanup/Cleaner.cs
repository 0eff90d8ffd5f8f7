using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Cleanup;

/// <summary>
/// Lets go what is over: tokens some time after they expired, rows of the revocation log that no living token needs any more, used assertions, uses of refresh tokens that are over, uses of secrets that are gone.
/// In small batches with a rest after each, so that neither readers nor other writes notice.
/// </summary>
internal sealed class Cleaner(ICleanedStore store, ICallerStore callers, RevocationLog log, ClientDirectory clients, CleanupOptions options, ServerMetrics metrics, ILogger<Cleaner> logger, TimeProvider time) : IHostedService
{
    // After a batch it rests this many times as long as the batch took, so two thirds of the writer's time are other writes'.
    private const int Rest = 2;

    // How many rows that memory holds are looked for in a run.
    private const int Looked = 1000;

    // A run that lasts longer can't keep up with what expires: larger batches then, and shorter rests, rather than a database that only grows.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _one = new(1);
    private readonly BatchSize _size = new();
    private readonly long _begun = time.GetTimestamp();
    private readonly DateTimeOffset _begunAt = time.GetUtcNow();
    private ITimer? _timer;
    private long _runBegun, _looked;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Enabled) _timer = time.CreateTimer(static cleaner => _ = ((Cleaner)cleaner!).RunAsync(), this, options.Interval, options.Interval);
        return Task.CompletedTask;
    }

    /// <summary>Lets the batch under way end, and nothing more: what is left is there the next time.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_timer is not null) await _timer.DisposeAsync();
        await _stopping.CancelAsync();
        await IdleAsync();
    }

    /// <summary>Done when no run is under way.</summary>
    internal async Task IdleAsync()
    {
        await _one.WaitAsync();
        _one.Release();
    }

    /// <summary>Removes all that may leave now. A run that is called while another goes on leaves it to that one.</summary>
    internal async Task RunAsync()
    {
        if (!await _one.WaitAsync(0)) return;
        try
        {
            var started = _runBegun = time.GetTimestamp();
            var now = Now();
            var tokens = await EachBatchAsync("tokens", most => store.RemoveTokensAsync(now - (long)options.KeepExpired.TotalSeconds, most));
            var rows = await EachBatchAsync("revocations", most => ForgetRowsAsync(now, most));
            await DropForgottenAsync(now);
            var assertions = await EachBatchAsync("assertions", most => store.ForgetAssertionsAsync(now, most));
            var refreshes = await EachBatchAsync("refresh_uses", most => store.ForgetRefreshUsesAsync(now, most));
            var uses = await RemoveSecretUsesAsync();
            if (tokens + rows + assertions + refreshes + uses > 0) logger.Cleaned(tokens, rows, assertions, refreshes, uses, time.GetElapsedTime(started).TotalSeconds);
        }
        catch (StoreException failed)
        {
            logger.CleanupFailed(failed.Message); // A store that fails is told of by those who need it; here it is only later.
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
        finally
        {
            _one.Release();
        }
    }

    // A clock that leaps forward while the server runs must not carry off what lives: since the start no more time has passed than was measured.
    private long Now()
    {
        var measured = _begunAt + time.GetElapsedTime(_begun);
        var now = time.GetUtcNow();
        return (now < measured ? now : measured).ToUnixTimeSeconds();
    }

    private async Task<long> EachBatchAsync(string what, Func<int, Task<CleanedBatch>> remove)
    {
        for (long removed = 0; ; )
        {
            _stopping.Token.ThrowIfCancellationRequested();
            var asked = _size.Rows;
            var started = time.GetTimestamp();
            var batch = await remove(asked);
            removed += batch.Count;
            if (batch.Count > 0) metrics.Cleaned(what, batch.Count, batch.Held);
            if (batch.Count < asked) return removed;
            var isInHaste = time.GetElapsedTime(_runBegun) > Patience;
            _size.Learn(batch.Held, isInHaste);
            var rest = time.GetElapsedTime(started) * (isInHaste ? 1 : Rest);
            if (rest > TimeSpan.Zero) await Task.Delay(rest, time, _stopping.Token);
        }
    }

    private async Task<CleanedBatch> ForgetRowsAsync(long now, int most)
    {
        var forgotten = await store.ForgetRowsAsync(now, most);
        log.Forget(forgotten);
        return new CleanedBatch(forgotten.Rows.Count, forgotten.Held);
    }

    // What another node's cleaner forgot is still held here. Some in each run, from where the last one ended.
    private async Task DropForgottenAsync(long now)
    {
        var gone = new List<(Selector Selector, long Seq)>();
        var over = log.Index.Over(now, _looked, Looked);
        foreach (var row in over)
        {
            _stopping.Token.ThrowIfCancellationRequested();
            if (await store.FindRowAsync(row.Seq, _stopping.Token) is null) gone.Add(row);
        }
        _looked = over.Count < Looked ? 0 : over[^1].Seq;
        if (gone.Count > 0) log.Forget(new ForgottenRows(gone, ForgottenRows.ThroughOf(gone), TimeSpan.Zero));
    }

    // There are few: at most two for each client.
    private async Task<long> RemoveSecretUsesAsync()
    {
        _stopping.Token.ThrowIfCancellationRequested();
        SecretUse[] gone = [.. (await callers.LoadSecretUsesAsync()).Where(use => clients.Find(use.ClientId)?.Slots.Any(slot => slot.Identity == use.Secret) is not true).Take(BatchSize.Most)];
        if (gone.Length == 0) return 0;
        var batch = await store.RemoveSecretUsesAsync(gone);
        metrics.Cleaned("secret_uses", batch.Count, batch.Held);
        return batch.Count;
    }
}
