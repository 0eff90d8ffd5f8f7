using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Signing;

/// <summary>Looks after the signing keys: reads what other nodes changed, and changes keys that are too old.</summary>
internal sealed class KeyKeeper(SigningKeys keys, ILogger<KeyKeeper> logger, TimeProvider time) : IHostedService
{
    private readonly SemaphoreSlim _one = new(1);
    private ITimer? _timer;

    // Whether memory was too old already when a failure was told; null while there is none.
    private bool? _toldOld;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(static keeper => _ = ((KeyKeeper)keeper!).RunAsync(), this, keys.Interval, keys.Interval);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_timer is not null) await _timer.DisposeAsync();
        await IdleAsync();
    }

    /// <summary>Done when no look is under way.</summary>
    internal async Task IdleAsync()
    {
        await _one.WaitAsync();
        _one.Release();
    }

    // Once, and once more when what memory holds signs no more: a database that is away stays so for many looks.
    private void Tell(string reason)
    {
        var isOld = keys.IsOld;
        if (_toldOld == isOld) return;
        _toldOld = isOld;
        if (isOld) logger.KeysTooOld(reason);
        else logger.KeysUnread(reason);
    }

    // A look that comes while another goes on is left to that one.
    private async Task RunAsync()
    {
        if (!await _one.WaitAsync(0)) return;
        try
        {
            await keys.KeepAsync();
            if (_toldOld is not null) logger.KeysReadAgain();
            _toldOld = null;
        }
        catch (Exception failed)
        {
            Tell(failed is StoreException ? failed.Message : failed.ToString()); // Nobody awaits it.
        }
        finally
        {
            _one.Release();
        }
    }
}
