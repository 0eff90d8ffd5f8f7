using Touchstone.Server.Clients;

namespace Touchstone.Server.Detection;

/// <summary>Judges what callers did: at each tick whether one scans, at each minute whether one is far from its own past. Nothing of this happens in a request.</summary>
internal sealed class Detector(ClientDirectory clients, DetectionLog detections, ServerOptions options, TimeProvider time)
{
    /// <summary>Ticks of a minute.</summary>
    internal const int TicksOfMinute = 6;

    private readonly DetectionOptions _options = options.Detection;
    private int _tick;

    /// <summary>Called by the clock, one at a time.</summary>
    internal void Tick()
    {
        var isMinute = ++_tick % TicksOfMinute == 0;
        foreach (var client in clients.All) Judge(client, isMinute);
    }

    private void Judge(Client client, bool isMinute)
    {
        var activity = client.Gate.Activity;
        var counts = activity.Counts;
        if (counts.Asked == 0) return;
        if (_options.TokenScanning is not DetectionMode.Off && activity.Past.BeginsToScan(counts, _options, out var scanned)) Raise(DetectionLog.Scanning, _options.TokenScanning, client, scanned);
        if (!isMinute) return;
        var (rate, refusals, minute) = activity.Past.EndMinute(counts, _options);
        if (_options.UnusualCaller is DetectionMode.Off) return;
        if (rate) Raise(DetectionLog.Rate, _options.UnusualCaller, client, minute);
        if (refusals) Raise(DetectionLog.Refusals, _options.UnusualCaller, client, minute);
    }

    private void Raise(string detection, DetectionMode mode, Client client, CallerCounts counts)
    {
        var isBlocked = mode is DetectionMode.Block;
        if (isBlocked) client.Gate.Activity.Block(time.GetTimestamp() + (long)(_options.BlockFor.TotalSeconds * time.TimestampFrequency));
        detections.Caller(detection, client, counts, isBlocked);
    }
}
