using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Feed;

/// <summary>What nodes tell each other of their followers, so that the receipt of one counts the followers of all.</summary>
internal abstract class FollowerExchange
{
    /// <summary>Whether there can be other nodes.</summary>
    internal abstract bool IsShared { get; }

    /// <summary>Tells of followers that changed, and that all of this node are told of as they were when it knew the log up to a row; null where only these are told of.</summary>
    /// <exception cref="Storage.StoreException">Nobody was told.</exception>
    internal abstract Task ReportAsync(IReadOnlyList<FollowerReport> followers, LogCursor? upTo);

    /// <summary>What all nodes told.</summary>
    /// <exception cref="Storage.StoreException">It can't be read.</exception>
    internal abstract Task<FollowersSeen> LookAsync();

    /// <summary>Takes followers away that nobody heard of for too long, where nobody has heard of them since that was seen.</summary>
    /// <exception cref="Storage.StoreException">They are not taken away.</exception>
    internal abstract Task RemoveAsync(IReadOnlyList<SeenFollower> silent);
}

/// <summary>One process that has the store alone.</summary>
internal sealed class NoOtherNodes : FollowerExchange
{
    internal override bool IsShared => false;

    internal override Task ReportAsync(IReadOnlyList<FollowerReport> followers, LogCursor? upTo) => Task.CompletedTask;

    internal override Task<FollowersSeen> LookAsync() => Task.FromResult(new FollowersSeen([], new Dictionary<Guid, LogCursor>()));

    internal override Task RemoveAsync(IReadOnlyList<SeenFollower> silent) => Task.CompletedTask;
}

/// <summary>A follower as a node tells of it.</summary>
internal sealed record FollowerReport(string Caller, string Instance, string Name, TimeSpan? Grace, LogCursor Acknowledged, long LastSeen);

/// <summary>A follower as it was told of, by whichever node: reports merge, and the largest row counts. <paramref name="Beat"/> moves with each report.</summary>
internal sealed record SeenFollower(FollowerReport Follower, long Beat);

/// <summary>All followers, and for each node the row up to which its followers are among them.</summary>
internal sealed record FollowersSeen(IReadOnlyList<SeenFollower> Followers, IReadOnlyDictionary<Guid, LogCursor> Reports);
