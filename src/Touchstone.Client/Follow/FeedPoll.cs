using System.Globalization;
using System.Net;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Upstream;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Follow;

/// <summary>How a poll ended.</summary>
internal enum PollOutcome
{
    /// <summary>An answer came.</summary>
    Answered,

    /// <summary>Nothing came, or nothing that can be used: another try may bring it.</summary>
    Failed,

    /// <summary>The server does not know this caller, or lets it not follow.</summary>
    Refused,

    /// <summary>Something came that is no answer of the feed.</summary>
    Malformed,
}

/// <summary>One poll of the feed: <c>GET /feed</c>.</summary>
internal sealed class FeedPoll(ClientAuthentication authentication, HttpClient http, string name, ServerFaults faults)
{
    private const int WaitSeconds = 5;
    private const int MostBytes = 4 << 20;

    // Random for each start: what an earlier process acknowledged says nothing about this one.
    private readonly string _instance = Guid.NewGuid().ToString("N");

    // The server waits 5 s at most; whatever takes much longer is lost on the way.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(WaitSeconds + 3);

    internal readonly record struct Result(PollOutcome Outcome, FeedAnswer? Answer = null, TimeSpan? RetryAfter = null);

    internal async Task<Result> SendAsync(Uri feed, ulong nonce, LogCursor after, bool wantsAll, TimeSpan grace, bool waits, TimeProvider time, CancellationToken stopping)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        try
        {
            var place = after == default ? (wantsAll ? "&after=0" : "") : "&after=" + after + (wantsAll ? "&all=true" : "");
            var uri = string.Create(CultureInfo.InvariantCulture, $"{feed}{(feed.Query.Length == 0 ? '?' : '&')}nonce={nonce}&wait={(waits ? WaitSeconds : 0)}{place}");
            using var first = await AskAsync(uri, grace, both.Token);
            // The lease counts from before the first of the two, so it is none too long.
            using var again = first.StatusCode is HttpStatusCode.Unauthorized && authentication.Renews() ? await AskAsync(uri, grace, both.Token) : null;
            var response = again ?? first;
            var isGone = response.StatusCode is HttpStatusCode.Gone;
            if (!isGone && response.StatusCode is not HttpStatusCode.OK)
            {
                faults.Fails(Asking.Feed, await FaultWords.OfAsync(response, faults.Caller, both.Token));
                return response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? new Result(PollOutcome.Refused) : new Result(PollOutcome.Failed, RetryAfter: response.Headers.RetryAfter?.Delta);
            }
            if (await BoundedReading.ReadAsync(response.Content, MostBytes, both.Token) is { } body && FeedAnswer.Read(body, isGone, isFromStart: wantsAll && after == default, LeaseTerms.Follower.Duration) is { } answer)
            {
                faults.Works(Asking.Feed);
                return new Result(PollOutcome.Answered, answer);
            }
            faults.Fails(Asking.Feed, "answered something that is no answer of a feed");
            return new Result(PollOutcome.Malformed);
        }
        catch (HttpRequestException refused) when (refused.IsRefusal())
        {
            faults.Fails(Asking.Feed, FaultWords.NoProof);
            return new Result(PollOutcome.Refused);
        }
        catch (Exception failed) when (failed.IsOutOfReach() || (failed is OperationCanceledException && !stopping.IsCancellationRequested))
        {
            faults.Fails(Asking.Feed, failed is OperationCanceledException ? FaultWords.NoTime : FaultWords.Of(failed));
            return new Result(PollOutcome.Failed);
        }
    }

    private async Task<HttpResponseMessage> AskAsync(string uri, TimeSpan grace, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.TryAddWithoutValidation("Touchstone-Follower", $"{name};instance={_instance}{Grace(grace)}");
        await authentication.ApplyAsync(request, form: null, cancellationToken);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    // Whole seconds, never less than it is.
    private static string Grace(TimeSpan grace) => grace switch
    {
        { Ticks: 0 } => "",
        _ when grace == TimeSpan.MaxValue => ";grace=unbounded",
        _ => string.Create(CultureInfo.InvariantCulture, $";grace={Math.Ceiling(grace.TotalSeconds)}"),
    };
}
