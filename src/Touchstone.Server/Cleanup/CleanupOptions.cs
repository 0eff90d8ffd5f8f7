using Touchstone.Server.Settings;

namespace Touchstone.Server.Cleanup;

/// <summary>When what is over leaves the store. Under <c>Touchstone:Cleanup</c>.</summary>
public sealed class CleanupOptions
{
    /// <summary>Whether anything leaves. Default true. Without it the database only grows.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How often it is looked for, 1 s to 1 day. Default 5 min.</summary>
    [Setting(Min = "1 second", Max = "1 day")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an expired token can still be looked up by administrators, 1 min to 3,650 days. Default 1 h.</summary>
    [Setting(Min = "1 minute", Max = "3650 days")]
    public TimeSpan KeepExpired { get; set; } = TimeSpan.FromHours(1);
}
