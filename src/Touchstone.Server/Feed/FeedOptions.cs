using Touchstone.Server.Settings;

namespace Touchstone.Server.Feed;

/// <summary>The feed of revocations for caches outside (docs/feed.md). Under <c>Touchstone:Feed</c>.</summary>
public sealed class FeedOptions
{
    /// <summary>The most polls that wait for news at once, 1 to 1,000,000. Default 10,000. Further ones are answered 503. Each takes some 10 KiB.</summary>
    [Setting(Min = "1", Max = "1000000")]
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>The most followers that are kept in memory, 1 to 1,000,000. Default 20,000. One more is answered 503, unless another has been silent for longer than its lease.</summary>
    [Setting(Min = "1", Max = "1000000")]
    public int MaxFollowers { get; set; } = 20_000;
}
