using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar;

/// <summary>
/// Takes the file again when it says something else: looked at each second, because what is mounted from elsewhere (a ConfigMap, a network share) tells nobody that it changed. Rules, headers and trusted proxies
/// change so; listeners and issuers with the next start. A file that is not valid changes nothing.
/// </summary>
internal sealed class RulesWatcher(string file, RulesInForce rules, ILogger<RulesWatcher> logger, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private byte[] _last = HashOf(file);

    /// <summary>How often a changed file was not taken.</summary>
    internal long Refused { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                Look();
            }
            catch (Exception bug)
            {
                logger.LookingFailed(file, bug);
            }
        }
    }

    /// <summary>Looks once.</summary>
    internal void Look()
    {
        var hash = HashOf(file);
        if (hash.AsSpan().SequenceEqual(_last)) return;
        _last = hash;
        var (config, faults) = SidecarConfigReader.ReadFile(file);
        if (config is null)
        {
            Refused++;
            logger.RulesRefused(file, rules.Now.Version, faults[0].Line, faults[0].ToString());
            return;
        }
        rules.Take(config);
        logger.RulesTaken(file, rules.Now.Version, config.Rules.All.Count);
    }

    private static byte[] HashOf(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            return SHA256.HashData(stream);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return Encoding.ASCII.GetBytes(gone.GetType().Name);
        }
    }
}
