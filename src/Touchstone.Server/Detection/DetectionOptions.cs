using Touchstone.Server.Settings;

namespace Touchstone.Server.Detection;

/// <summary>What follows from a detection.</summary>
public enum DetectionMode
{
    /// <summary>It is told of: a metric, an audit event, a warning in the log.</summary>
    Observe,

    /// <summary>It is told of, and what did it is refused with 429 for a while.</summary>
    Block,

    /// <summary>Nothing is looked for.</summary>
    Off,
}

/// <summary>What is looked for in the behaviour of callers, under <c>Touchstone:Detection</c>. docs/limits.md tells how.</summary>
public sealed class DetectionOptions
{
    /// <summary>A caller that introspects many tokens that do not exist: <c>observe</c>, <c>block</c> or <c>off</c>. Default <c>observe</c>.</summary>
    public DetectionMode TokenScanning { get; set; }

    /// <summary>How many unknown and malformed tokens of one caller in a minute are a scan, 10 to 1,000,000. Default 100.</summary>
    [Setting(Min = "10", Max = "1000000")]
    public int ScanningTokens { get; set; } = 100;

    /// <summary>Which part of its requests in that minute they have to be at least, in percent, 1 to 100. Default 20.</summary>
    [Setting(Min = "1", Max = "100")]
    public int ScanningPercent { get; set; } = 20;

    /// <summary>One active token that is introspected from many addresses: <c>observe</c>, <c>block</c> or <c>off</c>. Default <c>observe</c>.</summary>
    public DetectionMode TokenSpread { get; set; }

    /// <summary>How many addresses within ten minutes are many, 4 to 150; counted to within about a sixth. Default 32.</summary>
    [Setting(Min = "4", Max = "150")]
    public int SpreadAddresses { get; set; } = 32;

    /// <summary>A caller whose rate, or whose share of inactive answers, is far above its own past: <c>observe</c>, <c>block</c> or <c>off</c>. Default <c>observe</c>.</summary>
    public DetectionMode UnusualCaller { get; set; }

    /// <summary>How long a caller is blocked, 10 s to 1 day. Default 5 min.</summary>
    [Setting(Min = "10 seconds", Max = "1 day")]
    public TimeSpan BlockFor { get; set; } = TimeSpan.FromMinutes(5);
}
