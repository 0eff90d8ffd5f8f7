using Touchstone.Protocol;
using Touchstone.Server.Http;
using Touchstone.Server.Limits;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Detection;

/// <summary>
/// Looks whether one active token is introspected from many addresses. The sketch lies in the token's entry of the record cache, so it is bounded as that is, and an introspection pays a comparison;
/// what is not in the cache is not looked at.
/// </summary>
internal sealed class TokenSpread(ServerOptions options, DetectionLog detections, TimeProvider time)
{
    internal const string Reason = "token_spread";

    private static readonly TimeSpan Span = TimeSpan.FromMinutes(10);
    private static readonly OAuthError TooMany = OAuthError.RateLimitExceeded.With("This token is introspected from too many addresses.");

    private readonly DetectionMode _mode = options.Detection.TokenSpread;
    private readonly int _limit = AddressSketch.BitsFor(options.Detection.SpreadAddresses);
    private readonly long _origin = time.GetTimestamp();
    private readonly long _length = (long)(Span.TotalSeconds * time.TimestampFrequency);

    /// <summary>Notes from where an active token is introspected; true when it has to be refused.</summary>
    internal bool Blocks(FormExchange exchange, TokenEntry entry)
    {
        if (_mode is DetectionMode.Off || exchange.Http.Connection.RemoteIpAddress is not { } address) return false;
        var span = SpanOf(exchange);
        var bit = AddressSketch.BitOf(AddressKey.Of(address).Hash);
        return !entry.Addresses.Knows(bit, span) && Note(exchange, entry, bit, span);
    }

    /// <summary>Refuses a request about such a token.</summary>
    internal void Refuse(FormExchange exchange) => exchange.RefuseForNow(TooMany, Reason, time.GetElapsedTime(exchange.Started, _origin + (SpanOf(exchange) * _length)));

    private int SpanOf(FormExchange exchange) => (int)((exchange.Started - _origin) / _length) + 1;

    private bool Note(FormExchange exchange, TokenEntry entry, ulong bit, int span)
    {
        var count = entry.Addresses.CountWith(bit, span);
        // Blocked are only addresses that were not among the first: whoever used the token before goes on.
        var isBlocked = _mode is DetectionMode.Block && count >= _limit;
        if (count >= _limit && entry.SpreadTold != span)
        {
            entry.SpreadTold = span;
            detections.Spread(exchange, entry.Record, options.Detection.SpreadAddresses, isBlocked);
        }
        if (!isBlocked) entry.Addresses.Add(bit, span);
        return isBlocked;
    }
}
