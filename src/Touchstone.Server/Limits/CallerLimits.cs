using Touchstone.Protocol;
using Touchstone.Server.Http;

namespace Touchstone.Server.Limits;

/// <summary>Lets a caller that is known pass, or refuses it: 403 for its address, 429 for its rate, in this order. The address and the rate are judged after authentication, so nobody drains another's bucket by naming it.</summary>
internal sealed class CallerLimits(TimeProvider time)
{
    /// <summary>Why a request was refused, in metrics and audit.</summary>
    internal const string AddressNotAllowed = "address_not_allowed", ClientRate = "client_rate", Blocked = "client_blocked";

    private static readonly OAuthError NotFromHere = OAuthError.AccessDenied.With("This client may not call from this address.");
    private static readonly OAuthError TooOften = OAuthError.RateLimitExceeded.With("This client asks too often.");
    private static readonly OAuthError Suspicious = OAuthError.RateLimitExceeded.With("This client is blocked for a while: it did what it never did before. Its administrator can tell.");

    /// <summary>Whether the request goes on; otherwise it is answered.</summary>
    /// <param name="exchange">The request of an authenticated caller.</param>
    /// <param name="charge">What it costs: 1, or one for each token that it asks about.</param>
    internal bool Admit(FormExchange exchange, int charge = 1)
    {
        if (!Allows(exchange, exchange.Started)) return false;
        if (exchange.Caller!.Gate.TryTake(charge, exchange.Started, out var wait)) return true;
        exchange.RefuseForNow(TooOften, ClientRate, wait);
        return false;
    }

    /// <summary>Whether a request that was admitted and then waited may still go on; otherwise it is answered. It is charged nothing.</summary>
    internal bool AdmitAgain(FormExchange exchange) => Allows(exchange, time.GetTimestamp());

    private bool Allows(FormExchange exchange, long now)
    {
        var gate = exchange.Caller!.Gate;
        if (!gate.Allows(exchange.Http.Connection))
        {
            exchange.Refuse(NotFromHere, AddressNotAllowed);
            return false;
        }
        if (!gate.Activity.IsBlocked(now, out var blockedUntil)) return true;
        exchange.RefuseForNow(Suspicious, Blocked, time.GetElapsedTime(now, blockedUntil));
        return false;
    }
}
