using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Leases;
using Touchstone.Server.Http;

namespace Touchstone.Server.Feed;

/// <summary>The answer to a poll, as JSON of known length. Events are written as they were made for all followers of the caller.</summary>
internal static class FeedAnswer
{
    /// <summary>Another version of the answer would be another media type.</summary>
    internal const string MediaType = "application/vnd.touchstone.feed.v1+json";

    // Written so much at once: what a slow reader does not take stays here, and not in the buffers of the server.
    private const int Piece = 32 << 10;

    private static ReadOnlySpan<byte> Tail => "]}"u8;

    /// <summary>Writes it.</summary>
    /// <param name="response">The response.</param>
    /// <param name="status">200, or 410 for a cursor of another log.</param>
    /// <param name="nonce">Of the poll.</param>
    /// <param name="page">What is told.</param>
    /// <param name="offset">From the poll's arrival to the begin of this node's lease.</param>
    /// <param name="age">How long this node has known the first of the rows that are told; null where that is not known.</param>
    /// <param name="jwts">By what the caller may judge JWTs; null where it may not.</param>
    internal static async Task WriteAsync(HttpResponse response, int status, string nonce, FeedPage page, TimeSpan offset, TimeSpan? age, JwtGrounds? jwts)
    {
        var head = Head(nonce, page, offset, age, jwts);
        response.StatusCode = status;
        Responses.SetNoStore(response);
        response.ContentType = MediaType;
        response.ContentLength = head.Length + Tail.Length + page.Runs.Sum(run => (long)run.Json.Length) + Math.Max(0, page.Runs.Count - 1);
        response.BodyWriter.Write(head.Span);
        var written = 0;
        for (var i = 0; i < page.Runs.Count; i++)
        {
            if (i > 0) response.BodyWriter.Write(","u8);
            var run = page.Runs[i].Json.AsMemory();
            for (; run.Length > 0; run = run[Math.Min(Piece, run.Length)..])
            {
                var piece = run[..Math.Min(Piece, run.Length)];
                response.BodyWriter.Write(piece.Span);
                if ((written += piece.Length) < Piece) continue;
                written = 0;
                await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
            }
        }
        // Without a flush before it, the server sends all in one piece when the request is over.
        response.BodyWriter.Write(Tail);
        if (response.HasStarted) await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    private static ReadOnlyMemory<byte> Head(string nonce, in FeedPage page, TimeSpan offset, TimeSpan? age, JwtGrounds? jwts)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("nonce"u8, nonce);
            json.WriteString("head"u8, page.Head.ToString());
            if (page.IsMore)
            {
                json.WriteBoolean("more"u8, true); // Nothing that could renew a lease: the newest rows are not known yet.
            }
            else
            {
                json.WriteNumber("lease_seconds"u8, (long)LeaseTerms.Follower.Duration.TotalSeconds);
                json.WriteNumber("offset_ms"u8, (long)Math.Floor(offset.TotalMilliseconds)); // Never later than it was.
            }
            if (page.Floor is { } floor) json.WriteNumber("floor"u8, floor);
            if (age is { } known) json.WriteNumber("age_ms"u8, (long)Math.Ceiling(known.TotalMilliseconds));
            if (jwts is not null)
            {
                json.WriteString("tag_key"u8, jwts.Key.Text);
                json.WriteNumber("reach_seconds"u8, jwts.ReachSeconds);
            }
            json.WriteStartArray("events"u8);
            json.Flush();
        }
        return buffer.WrittenMemory;
    }
}
