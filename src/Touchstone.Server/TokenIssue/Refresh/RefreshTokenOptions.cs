using Touchstone.Server.Settings;

namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>How long refresh tokens live and what becomes of one that comes a second time. Under <c>Touchstone:RefreshTokens</c>; docs/refresh.md tells more.</summary>
public sealed class RefreshTokenOptions
{
    /// <summary>How long a refresh token may lie unused, 1 min to <see cref="ServerOptions.MaxTokenLifetime"/>. Default 14 days, or as long as any token may live where that is shorter. Each refresh gives a new one.</summary>
    [Setting(Min = "1 minute", Range = "1 minute to `MaxTokenLifetime`", Default = "14 days, or `MaxTokenLifetime` where that is shorter")]
    public TimeSpan? InactivityLifetime { get; set; }

    /// <summary>How long a grant lasts from its first token, however often it is refreshed, 1 min to 3,650 days. Default 90 days.</summary>
    [Setting(Min = "1 minute", Max = "3650 days")]
    public TimeSpan AbsoluteLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>For how long a client that lost the answer may use the same refresh token again and gets the same new one, 1 s to 1 min. Without it a second use ends the grant at once. The same at all nodes. Default 0.</summary>
    [Setting(Zero = "off", Min = "1 second", Max = "1 minute")]
    public TimeSpan ReuseGrace { get; set; }

    internal IEnumerable<string> Errors(ServerOptions options)
    {
        if (InactivityLifetime > options.MaxTokenLifetime) yield return "RefreshTokens:InactivityLifetime: must be 1 minute to MaxTokenLifetime.";
    }
}
