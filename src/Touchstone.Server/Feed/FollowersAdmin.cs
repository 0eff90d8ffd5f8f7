using System.Globalization;
using Touchstone.Server.Admin;
using Touchstone.Server.Leases;

namespace Touchstone.Server.Feed;

/// <summary><c>GET /admin/followers</c>: who follows at this node, and how far behind.</summary>
internal sealed class FollowersAdmin(Followers followers, FeedRing ring, TimeProvider time)
{
    private const int MaxPage = 1000;

    internal Task ListAsync(AdminExchange exchange)
    {
        var limit = 100;
        if (exchange.Http.Request.Query["limit"] is [{ } text] && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxPage))
        {
            exchange.Refuse(400, $"limit must be 1 to {MaxPage}.");
            return Task.CompletedTask;
        }
        var after = exchange.Http.Request.Query["after"] is [{ } place] ? place : null;
        var page = followers.All.Select(follower => (Key: $"{follower.Caller} {follower.Instance}", Follower: follower)).Where(each => after is null || string.CompareOrdinal(each.Key, after) > 0)
            .OrderBy(each => each.Key, StringComparer.Ordinal).Take(limit + 1).ToList();
        var items = page.Take(limit).Select(each => View(each.Follower)).ToArray();
        exchange.Answer(200, new FollowerPage(items, page.Count > limit ? page[limit - 1].Key : null), AdminJson.Default.FollowerPage);
        return Task.CompletedTask;
    }

    /// <summary>The longest that a follower with a lease has left a row unacknowledged.</summary>
    internal TimeSpan WorstLag()
    {
        var now = time.Read();
        return followers.All.Select(follower => follower.State).Where(state => !state.IsLapsed(now)).Select(state => Lag(state).Time ?? TimeSpan.Zero).DefaultIfEmpty().Max();
    }

    private FollowerView View(Follower follower)
    {
        var state = follower.State;
        var (rows, lag) = Lag(state);
        return new FollowerView(
            follower.Caller, state.Identity.Name, follower.Instance, state.IsLapsed(time.Read()) ? "lapsed" : "following", follower.FirstSeen, state.LastSeen, state.Polls,
            rows is null ? null : state.Acknowledged.Seq, rows, (long?)lag?.TotalMilliseconds, state.Identity.Grace is { } grace ? (long)grace.TotalSeconds : null);
    }

    // Rows, and for how long the first of them is there; nothing of who has acknowledged nothing yet, or of another life of the log.
    private (long? Rows, TimeSpan? Time) Lag(FollowerState state)
    {
        var told = ring.Now;
        if (state.Acknowledged.Epoch != told.Head.Epoch) return default;
        var rows = told.Head.Seq - state.Acknowledged.Seq;
        if (rows <= 0) return (0, TimeSpan.Zero);
        FeedSegment? first = null;
        for (var segment = told.Newest; segment is not null && segment.End.Seq > state.Acknowledged.Seq; segment = segment.Previous) first = segment;
        return (rows, first?.Came is { } came ? time.Read().AtMostSince(came) : null);
    }
}

/// <summary>A follower as the admin API shows it.</summary>
internal sealed record FollowerView(
    string Caller, string Name, string Instance, string State, long FirstSeen, long LastSeen, long Polls, long? Acknowledged, long? LagRows, long? LagMs, long? GraceSeconds);

/// <summary>A page of followers; <c>next</c> is the <c>after</c> of the next page, null on the last.</summary>
internal sealed record FollowerPage(IReadOnlyList<FollowerView> Items, [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.Never)] string? Next);
