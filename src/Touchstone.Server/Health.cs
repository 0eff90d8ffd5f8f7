using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;

namespace Touchstone.Server;

/// <summary><c>/health/live</c>: the process answers. <c>/health/ready</c>: and it can read its store, so it can be sent requests.</summary>
internal sealed class Health(ITokenStore store)
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
            Responses.WriteJson(http.Response, StatusCodes.Status200OK, "{\"status\":\"ready\"}"u8);
        }
        catch (StoreException)
        {
            Responses.WriteError(http.Response, OAuthError.TemporarilyUnavailable);
        }
    }
}
