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

    private string _taken = rules.Now.Text;
    private string? _seen;
    private (string Text, string Fault)? _told;
    private string _waiting = "";

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

    /// <summary>Looks once. What changed is taken when two looks found the same: half of a file may be valid, and demand less than the whole.</summary>
    internal void Look()
    {
        var (text, faults) = SidecarConfigReader.ReadText(file);
        if (text is null)
        {
            Refuse("", faults[0]);
            return;
        }
        if (text == _taken)
        {
            (_seen, _told) = (null, null);
            return;
        }
        if (text != _seen)
        {
            _seen = text;
            return;
        }
        // What is wrong may be wrong beside the file, and be mended there: it is read again each time, and told once.
        var (config, wrong) = SidecarConfigReader.Read(text, Path.GetDirectoryName(Path.GetFullPath(file))!);
        if (config is null)
        {
            Refuse(text, wrong[0]);
            return;
        }
        (_taken, _seen, _told) = (text, null, null);
        rules.Take(config);
        logger.RulesTaken(file, rules.Now.Version, SidecarLog.Counted(config));
        logger.TellWarnings(file, config.Warnings);
        TellWhatWaits(config);
    }

    // Whoever changed it may think that it counts.
    private void TellWhatWaits(SidecarConfig config)
    {
        var waiting = string.Join(", ", rules.Started.ChangedIn(config.Fixed));
        if (waiting == _waiting) return;
        _waiting = waiting;
        if (waiting.Length > 0) logger.WaitsForStart(file, waiting);
    }

    private void Refuse(string text, ConfigFault fault)
    {
        if (_told == (text, fault.ToString())) return;
        _told = (text, fault.ToString());
        Refused++;
        logger.RulesRefused(file, rules.Now.Version, fault.Line, fault.ToString());
    }
}
