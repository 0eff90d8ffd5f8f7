using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Testing;

/// <summary><c>GET /feed</c>, as docs/feed.md has it.</summary>
internal sealed class FakeFeed(FakeLog log, TimeProvider time)
{
    private const string MediaType = "application/vnd.touchstone.feed.v1+json";

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>Answers a poll, or fails as an outage has it that begins while it waits.</summary>
    internal async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, Func<FakeOutage?> outage, CancellationToken cancellationToken)
    {
        var query = FakeEndpoints.Read(Encoding.ASCII.GetBytes(request.RequestUri!.Query.TrimStart('?')));
        var (nonce, place) = (Encoding.ASCII.GetString(query["nonce"u8]), Encoding.ASCII.GetString(query["after"u8]));
        var after = place is "0" ? LogCursor.Start(log.Head.Epoch) : default;
        if (nonce.Length == 0 || Follower(request) is not { } follower || (place is not ("" or "0") && !LogCursor.TryParse(place, out after))) return new HttpResponseMessage(HttpStatusCode.BadRequest);

        // Without a cursor it holds nothing, and with one of another log nothing that it may use.
        var holds = after != default && log.After(after) is not null;
        log.Acknowledge(follower, holds ? after.Seq : 0);
        if (holds && int.TryParse(query["wait"u8], NumberStyles.None, CultureInfo.InvariantCulture, out var wait))
        {
            await WaitForNewsAsync(follower, after, TimeSpan.FromSeconds(wait), outage, cancellationToken);
            if (outage() is { } began) return began.Answer();
        }
        return holds ? Tell(nonce, log.After(after)!, after, floor: null) : Tell(nonce, [], log.Head, floor: log.Head.Seq, after == default ? HttpStatusCode.OK : HttpStatusCode.Gone);
    }

    private static string? Follower(HttpRequestMessage request) =>
        request.Headers.NonValidated.TryGetValues("Touchstone-Follower", out var values) && values.ToString().Split(';') is [_, var instance, ..] && instance.StartsWith("instance=", StringComparison.Ordinal) ? instance : null;

    private async Task WaitForNewsAsync(string follower, LogCursor after, TimeSpan wait, Func<FakeOutage?> outage, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(wait < LongestWait ? wait : LongestWait, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            while (true)
            {
                var changed = log.Changed;
                if (outage() is not null || log.Head != after) return;
                await changed.WaitAsync(both.Token);
            }
        }
        catch (OperationCanceledException)
        {
            if (!cancellationToken.IsCancellationRequested) return; // There was no news.
            log.Leave(follower);
            throw;
        }
    }

    // The lease begins when the poll arrived, which is never later than it might.
    private HttpResponseMessage Tell(string nonce, FakeLog.Row[] rows, LogCursor from, long? floor, HttpStatusCode status = HttpStatusCode.OK)
    {
        var head = rows.Length == 0 ? from : new LogCursor(from.Epoch, from.Seq + rows.Length, rows[^1].Id);
        var events = new JsonArray([.. rows.Select((row, index) => (JsonNode?)new JsonObject { ["seq"] = from.Seq + index + 1, ["tag"] = row.Tag })]);
        var answer = new JsonObject { ["nonce"] = nonce, ["head"] = head.ToString(), ["lease_seconds"] = (long)LeaseTerms.Follower.Duration.TotalSeconds, ["offset_ms"] = 0, ["events"] = events };
        if (rows.Length > 0) answer["age_ms"] = (long)Math.Ceiling(log.AgeOf(rows[0]).TotalMilliseconds);
        if (floor is not null) answer["floor"] = floor;
        return FakeEndpoints.Answered(Encoding.UTF8.GetBytes(answer.ToJsonString()), MediaType, status);
    }
}
