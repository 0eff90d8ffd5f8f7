using System.Text;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;
using Touchstone.Server.Audit;
using Touchstone.Server.Http;
using Touchstone.Server.Leases;
using Touchstone.Server.Storage;

namespace Touchstone.Server;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: and it can introspect, so it can be sent requests. A store that can be read and not written still answers introspections:
/// it stays ready and says so, because taking it out would turn a full disk into an outage of everything; so it does where a failover could lose what was acknowledged. With audit <c>all</c>, what can't be recorded can't be answered, and it is not ready.
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
            var durability = await store.DurabilityAsync();
            var writes = store.CanWrite() ? "" : ",\"writes\":\"failing\"";
            Responses.WriteJson(http.Response, StatusCodes.Status200OK, Encoding.UTF8.GetBytes($"{{\"status\":\"ready\"{writes}{(durability is null ? "" : $",\"durability\":\"{durability}\"")}}}"));
        }
        catch (StoreException)
        {
            Responses.WriteError(http.Response, OAuthError.TemporarilyUnavailable);
        }
    }
}
