using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;
using Touchstone.Server.Audit;
using Touchstone.Server.Http;
using Touchstone.Server.Leases;
using Touchstone.Server.Storage;

namespace Touchstone.Server;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: and it can introspect, so it can be sent requests. A store that can be read and not written still answers introspections:
/// it stays ready and says so, because taking it out would turn a full disk into an outage of everything. With audit <c>all</c>, what can't be recorded can't be answered, and it is not ready.
/// </summary>
internal sealed class Health(ITokenStore store, Freshness freshness, AuditLog audit)
{
    internal Task LiveAsync(HttpContext http)
    {
        Responses.WriteJson(http.Response, StatusCodes.Status200OK, "{\"status\":\"live\"}"u8);
        return Task.CompletedTask;
    }

    internal async Task ReadyAsync(HttpContext http)
    {
        try
        {
            await store.PingAsync(http.RequestAborted);
            await freshness.EnsureAsync();
            if (!audit.CanAnswer()) throw new StoreException("The audit can't be written.");
            Responses.WriteJson(http.Response, StatusCodes.Status200OK, store.CanWrite() ? "{\"status\":\"ready\"}"u8 : "{\"status\":\"ready\",\"writes\":\"failing\"}"u8);
        }
        catch (StoreException)
        {
            Responses.WriteError(http.Response, OAuthError.TemporarilyUnavailable);
        }
    }
}
