using System.Globalization;
using System.Text.Json;
using Touchstone.Protocol;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Introspection;
using Touchstone.Server.Leases;

namespace Touchstone.Server.Feed;

/// <summary>
/// What an introspection answer has for a follower (<c>Touchstone-Follow: 1</c>), which keeps it: the state of the log that it was judged against, and the tags by which the feed will name what ends it.
/// Everybody else pays one look-up of a header.
/// </summary>
internal sealed class FollowedAnswers(FeedPump pump, FollowerTags tags, Freshness freshness, ClientDirectory clients)
{
    internal const string Follow = "Touchstone-Follow", After = "Touchstone-After", AsOf = "Touchstone-As-Of", Tags = "Touchstone-Tags";

    private static readonly OAuthError NoCursor = OAuthError.InvalidRequest.With($"{After} must be the head of an answer of the feed.");
    private static readonly OAuthError Behind = OAuthError.TemporarilyUnavailable.With("This node does not know yet what you know. Try again, or another one.");

    /// <summary>Takes the state of the log for a follower. Before anything of the request is judged, its caller included: what changes afterwards comes as an event above it.</summary>
    internal void Begin(FormExchange exchange)
    {
        if (exchange.Http.Request.Headers[Follow] is ["1"]) exchange.AsOf = pump.Published;
    }

    /// <summary>Whether this node knows as much of the log as the follower; otherwise it reads the log first, and where that does not help refuses.</summary>
    internal ValueTask<bool> CatchUpAsync(FormExchange exchange)
    {
        var header = exchange.Http.Request.Headers[After];
        if (header.Count == 0) return new(true);
        if (header is [{ } text] && LogCursor.TryParse(text, out var known)) return exchange.AsOf!.Value.Covers(known) ? new(true) : ReadAsync(exchange, known);
        exchange.Refuse(NoCursor);
        return new(false);
    }

    /// <summary>Tells a follower what it needs to keep the answer about a token.</summary>
    internal void Tell(FormExchange exchange, in JudgedToken judged)
    {
        var isActive = judged.Reason is InactiveReason.None;
        if (isActive && !IsFollowed(judged.Found.Record!)) return;
        SetAsOf(exchange);
        if (isActive) exchange.Http.Response.Headers[Tags] = tags.TextOf(judged.Found.Record!, exchange.Caller!.Id);
    }

    /// <summary>The same for the answers of a batch: the tags of each stand in a list of lists, in the order of the tokens.</summary>
    internal void Tell(FormExchange exchange, JudgedToken[] judged, Utf8JsonWriter json)
    {
        SetAsOf(exchange);
        json.WriteStartArray();
        foreach (var one in judged)
        {
            json.WriteStartArray();
            if (one.Reason is InactiveReason.None && IsFollowed(one.Found.Record!))
            {
                foreach (var tag in tags.Of(one.Found.Record!, exchange.Caller!.Id)) json.WriteStringValue(tag);
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    // Whether a refresh token was used is state of the store, and no event tells of it: nobody may keep an answer about one.
    private static bool IsFollowed(TokenRecord record) => record.Kind is TokenKind.AccessToken;

    private static void SetAsOf(FormExchange exchange) =>
        exchange.Http.Response.Headers[AsOf] = string.Create(CultureInfo.InvariantCulture, $"{exchange.AsOf!.Value.Epoch:N}.{exchange.AsOf.Value.Seq}");

    private async ValueTask<bool> ReadAsync(FormExchange exchange, LogCursor known)
    {
        await freshness.ReadAsync();
        var now = pump.Published;
        // In another epoch it is the follower that is behind, and it will see that by the answer.
        var isBehind = now.Epoch == known.Epoch && now.Seq < known.Seq;
        // Nor may the caller be as it was before the rows that came just now.
        if (isBehind || clients.Find(exchange.Caller!.Id) is not { } current || (current != exchange.Caller && current.Introspecting != exchange.Caller))
        {
            exchange.RefuseForNow(Behind, "node_behind", TimeSpan.FromSeconds(1));
            return false;
        }
        exchange.AsOf = now;
        return true;
    }
}
