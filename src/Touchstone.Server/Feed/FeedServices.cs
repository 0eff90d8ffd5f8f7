using Microsoft.Extensions.DependencyInjection;

namespace Touchstone.Server.Feed;

/// <summary>The parts of the feed.</summary>
internal static class FeedServices
{
    internal static void AddFeed(this IServiceCollection services)
    {
        services.AddSingleton<FollowerTags>();
        services.AddSingleton<Followers>();
        services.AddSingleton<FeedRing>();
        services.AddSingleton<FeedWaiters>();
        services.AddSingleton<FeedReader>();
        services.AddSingleton<FeedPump>();
        services.AddHostedService(parts => parts.GetRequiredService<FeedPump>());
        services.AddSingleton<FollowerReporter>();
        services.AddHostedService(parts => parts.GetRequiredService<FollowerReporter>());
        services.AddSingleton<FeedEndpoint>();
        services.AddSingleton<FollowedAnswers>();
        services.AddSingleton<UnfollowedCallers>();
        services.AddSingleton<FollowersAdmin>();
        services.AddSingleton<Receipts>();
        services.AddSingleton<ReceiptsAdmin>();
        services.AddHostedService<FollowerClock>();
    }
}
