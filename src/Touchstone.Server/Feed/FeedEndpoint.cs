using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Http;
using Touchstone.Server.Introspection;
using Touchstone.Server.Leases;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Feed;

/// <summary>
/// <c>GET /feed</c>: what was revoked since the caller asked last, as soon as there is something, and for how long it may go on with what it holds. Read it downward: the order is the argument.
/// docs/feed.md tells it from the other side.
/// </summary>
internal sealed class FeedEndpoint(IntrospectionSteps steps, FeedPump pump, FeedRing ring, FeedWaiters waiters, FeedReader reader, Followers followers, FollowerReporter reporter, Freshness freshness, ServerMetrics metrics)
{
    internal const string Path = "/feed";
    private const string Name = "feed";

    private static readonly OAuthError InUrl = OAuthError.InvalidRequest.With("Secrets, assertions and tokens don't belong into a URL: use Basic, a bearer token or a certificate.");
    private static readonly OAuthError TooMany = OAuthError.TemporarilyUnavailable.With("Too many followers are here. Try another node.");
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(1);

    internal async ValueTask HandleAsync(FormExchange exchange)
    {
        // 1. When did it arrive? Who asks, and may it?
        var arrived = freshness.Now;
        if (exchange.Form.Has("client_secret"u8) || exchange.Form.Has("client_assertion"u8) || exchange.Form.Has("access_token"u8))
        {
            exchange.Refuse(InUrl);
            return;
        }
        if (!await steps.AdmitAsync(exchange, Name)) return;
        if (FeedRequest.Read(exchange, out var fault) is not { } request)
        {
            exchange.Refuse(OAuthError.InvalidRequest.With(fault));
            return;
        }
        if (followers.Polled(exchange.Caller!.Id, request.Follower) is not { } follower)
        {
            exchange.RefuseForNow(TooMany, "too_many_followers", Later);
            return;
        }
        await reporter.IntroduceAsync(follower);

        // 2. Where does it stand? What it knows already it has acknowledged by coming back.
        var after = request.IsFromStart ? LogCursor.Start(pump.Published.Epoch) : request.After;
        var isGone = request.After is { } cursor && !await IsKnownAsync(cursor, exchange.Aborted);
        if (after is { } known && !isGone) followers.Acknowledge(follower, known);

        // 3. Nothing new: it waits.
        if (after is { } place && !isGone && request.Wait > TimeSpan.Zero && !await waiters.WaitAsync(() => ring.Now.Head.Seq > place.Seq || ring.Now.Head.Epoch != place.Epoch, request.Wait, exchange.Aborted))
        {
            exchange.RefuseForNow(TooMany, "too_many_waiting", Later);
            return;
        }
        exchange.Aborted.ThrowIfCancellationRequested();

        // 4. Since when does this node know everything? First that, then what it knows.
        var (since, wasRead) = await SinceAsync();
        var state = await pump.ReachAsync(pump.Published, exchange.Aborted);

        // 5. May it still? Judged after the state was taken, so that no registration is older than a row that is told.
        if (!await steps.AdmitAgainAsync(exchange, Name)) return;
        if (!wasRead && !freshness.IsHeld)
        {
            // The lease ended on the way, and who was admitted from memory may be nobody any more.
            await freshness.ReadAsync();
            if (!await steps.AdmitAgainAsync(exchange, Name)) return;
        }

        // 6. It is told.
        isGone |= after is { } there && there.Epoch != state.Head.Epoch;
        var page = after is null || isGone ? FeedReader.Nothing(state) : await reader.ReadAsync(state, after.Value, request.WantsAll, exchange.Caller!);
        if (!page.IsMore) followers.Answered(follower);
        metrics.FeedTold(page.Count, page.Floor is not null);
        exchange.Conclude(isGone ? "gone" : "answered", isGone ? "cursor_of_another_log" : page.Floor is not null ? "floor" : page.Count > 0 ? "events" : "nothing_new");
        await FeedAnswer.WriteAsync(exchange.Http.Response, isGone ? StatusCodes.Status410Gone : StatusCodes.Status200OK, request.Nonce, page, -arrived.AtMostSince(since), page.Came is { } came ? pump.AgeOf(came) : null, reader.GroundsOf(exchange.Caller!));
    }

    // A cursor that is ahead was read from another node, and this one has to catch up; or it is of a log that is no more.
    private async ValueTask<bool> IsKnownAsync(LogCursor cursor, CancellationToken aborted)
    {
        if (!pump.Published.Covers(cursor))
        {
            await freshness.ReadAsync();
            if (!pump.Published.Covers(cursor)) return false;
        }
        return await reader.IsOfThisLogAsync(await pump.ReachAsync(cursor, aborted), cursor);
    }

    // Without a lease the log is read, which proves as much: everything from before the read is known.
    private async ValueTask<(ClockReading Since, bool WasRead)> SinceAsync()
    {
        if (freshness.Since is { } since && freshness.IsHeld) return (since, false);
        var now = freshness.Now;
        await freshness.ReadAsync();
        return (now, true);
    }
}
