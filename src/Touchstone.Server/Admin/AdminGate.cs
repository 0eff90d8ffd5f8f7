using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary>
/// Before every admin endpoint: a bearer token of this very server, for this very server, with scope <c>touchstone:admin</c>; and after it: 503 when the store fails.
/// </summary>
internal sealed class AdminGate(TokenLookup tokens, AuditLog audit, ServerOptions options, ServerMetrics metrics, ILogger<AdminGate> logger, TimeProvider time)
{
    internal const string Scope = "touchstone:admin";

    // The admin API is one more resource server: the same rule judges its tokens as everybody's.
    private readonly Caller _self = new() { ClientId = "touchstone", Kind = CallerKind.ResourceServer, Audience = [options.EffectiveIssuer], MayIntrospect = true };

    internal RequestDelegate Handle(Func<AdminExchange, Task> handler) => async http =>
    {
        var started = time.GetTimestamp();
        using var activity = ServerMetrics.Activities.HasListeners() ? Tracing.Start(http, "admin") : null;
        try
        {
            if (await AuthenticateAsync(http) is { } actor)
            {
                AuditOrigin.Begin(http, actor);
                await handler(new AdminExchange(http, actor));
            }
        }
        catch (StoreException failed)
        {
            logger.StoreFailed("admin", failed);
            AdminExchange.Refuse(http, StatusCodes.Status503ServiceUnavailable, OAuthError.TemporarilyUnavailable.Description);
        }
        catch (BadHttpRequestException bad)
        {
            AdminExchange.Refuse(http, bad.StatusCode, bad.StatusCode == 413 ? "The body is too large." : "The body could not be read.");
        }
        catch (Exception gone) when (gone is ConnectionResetException || (gone is OperationCanceledException && http.RequestAborted.IsCancellationRequested))
        {
            http.Abort(); // The caller is gone, or only ended its sending side: no answer, above all no empty 200.
        }
        catch (IOException) // The server's own: a chunk size that is no number it can hold.
        {
            AdminExchange.Refuse(http, StatusCodes.Status400BadRequest, "The body could not be read.");
        }
        catch (Exception failed)
        {
            logger.Unexpected("admin", failed);
            AdminExchange.Refuse(http, StatusCodes.Status500InternalServerError, OAuthError.ServerError.Description);
        }
        var outcome = http.Response.StatusCode < 400 ? "ok" : "refused";
        metrics.Answered("admin", outcome, outcome, time.GetElapsedTime(started));
    };

    private async Task<string?> AuthenticateAsync(HttpContext http)
    {
        const string Bearer = "Bearer ";
        var header = http.Request.Headers.Authorization;
        if (header.Count > 1) return Refuse(http, OAuthError.InvalidRequest.With("There is more than one Authorization header."));
        if (header.Count == 0 || !header[0]!.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return Challenge(http);

        var token = System.Text.Encoding.UTF8.GetBytes(header[0]![Bearer.Length..].Trim(' '));
        var found = token.Length is 0 or > TokenFormat.MaxLength ? default : await tokens.FindAsync(token, CancellationToken.None);
        if (!IntrospectionRules.Decide(found.Record, _self, found.Match, time.GetUtcNow().ToUnixTimeSeconds()).IsActive) return Refuse(http, OAuthError.InvalidToken);
        // A foreign token that was registered here is another server's word, whatever scope it names.
        if (found.Record!.Issuer != options.EffectiveIssuer) return Refuse(http, OAuthError.InvalidToken);
        return found.Record.Scope.Contains(Scope) ? found.Record.ClientId : Refuse(http, OAuthError.InsufficientScope.With($"This needs the scope {Scope}."));
    }

    // RFC 6750 §3.1: who sent no token is told how, not what was wrong.
    private static string? Challenge(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = Responses.BearerChallenge(null, Scope);
        AdminExchange.Refuse(http, 401, $"Send a bearer token of this server with the scope {Scope}.");
        return null;
    }

    private string? Refuse(HttpContext http, OAuthError error)
    {
        audit.AdminRefused(http, error.Code);
        http.Response.Headers.WWWAuthenticate = Responses.BearerChallenge(error, error.Code == OAuthError.InvalidRequest.Code ? null : Scope);
        AdminExchange.Refuse(http, error.Status, error.Description);
        return null;
    }
}
