using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.ClientAuth;

/// <summary>
/// Keeps when each secret was last used: noted in memory at every request, written in one batch once a minute and at the end, and read then, for what other nodes wrote. The first use of a secret is written
/// within a second: whoever rotates at another node has to know that it is in use.
/// </summary>
internal sealed class SecretUses(ClientDirectory clients, ICallerStore store, ILogger<SecretUses> logger, TimeProvider time) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1), FirstUses = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _saving = new(1);
    private ITimer? _timer, _firsts;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await ReadAsync();
        _timer = time.CreateTimer(static uses => _ = ((SecretUses)uses!).SaveAsync(), this, Period, Period);
        _firsts = time.CreateTimer(static uses => _ = ((SecretUses)uses!).SaveFirstAsync(), this, FirstUses, FirstUses);
    }

    /// <summary>Learns what other nodes wrote.</summary>
    /// <exception cref="StoreException">It can't be read.</exception>
    internal async Task ReadAsync()
    {
        foreach (var use in await store.LoadSecretUsesAsync())
        {
            if (clients.Find(use.ClientId)?.Slots.FirstOrDefault(slot => slot.Identity == use.Secret) is not { } slot) continue;
            slot.Use(use.LastUsed);
            slot.SavedUse = Math.Max(slot.SavedUse, use.LastUsed);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        _firsts?.Dispose();
        return SaveAsync();
    }

    /// <summary>Writes what is new, and learns what others wrote.</summary>
    internal Task SaveAsync() => SaveAsync(static slot => slot.LastUsed > slot.SavedUse, isWhole: true);

    private Task SaveFirstAsync() => SaveAsync(static slot => slot is { SavedUse: 0, LastUsed: > 0 }, isWhole: false);

    private async Task SaveAsync(Func<SecretSlot, bool> isNew, bool isWhole)
    {
        await _saving.WaitAsync();
        try
        {
            (SecretSlot Slot, SecretUse Use)[] uses = [.. clients.All.SelectMany(client => client.Slots.Where(isNew).Select(slot => (slot, new SecretUse(client.Id, slot.Identity, slot.LastUsed))))];
            if (uses.Length > 0) await store.SaveSecretUsesAsync([.. uses.Select(item => item.Use)]);
            foreach (var (slot, use) in uses) slot.SavedUse = use.LastUsed;
            if (isWhole) await ReadAsync();
        }
        catch (StoreException failed)
        {
            logger.SecretUsesNotSaved(failed); // They are still in memory, and come with the next batch.
        }
        finally
        {
            _saving.Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        _timer?.Dispose();
        _firsts?.Dispose();
        return ValueTask.CompletedTask;
    }
}
