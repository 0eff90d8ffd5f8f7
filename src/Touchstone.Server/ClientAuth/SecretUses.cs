using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.ClientAuth;

/// <summary>Keeps when each secret was last used: noted in memory at every request, written in one batch at most once a minute and at the end.</summary>
internal sealed class SecretUses(ClientDirectory clients, ICallerStore store, ILogger<SecretUses> logger, TimeProvider time) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _saving = new(1);
    private ITimer? _timer;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var use in await store.LoadSecretUsesAsync())
        {
            if (clients.Find(use.ClientId)?.Slots.FirstOrDefault(slot => slot.Identity == use.Secret) is not { } slot) continue;
            slot.Use(use.LastUsed);
            slot.SavedUse = use.LastUsed;
        }
        _timer = time.CreateTimer(static uses => _ = ((SecretUses)uses!).SaveAsync(), this, Period, Period);
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return SaveAsync();
    }

    /// <summary>Writes what is new.</summary>
    internal async Task SaveAsync()
    {
        await _saving.WaitAsync();
        try
        {
            Client[] changed = [.. clients.All.Where(client => client.Slots.Any(slot => slot.LastUsed > slot.SavedUse))];
            if (changed.Length == 0) return;
            (SecretSlot Slot, SecretUse Use)[] uses = [.. changed.SelectMany(client => client.Slots.Where(slot => slot.LastUsed > 0).Select(slot => (slot, new SecretUse(client.Id, slot.Identity, slot.LastUsed))))];
            await store.SaveSecretUsesAsync([.. uses.Select(item => item.Use)]);
            foreach (var (slot, use) in uses) slot.SavedUse = use.LastUsed;
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

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;
}
