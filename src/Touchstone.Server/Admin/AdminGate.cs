using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Leases;
using Touchstone.Server.Limits;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary>
/// Before every admin endpoint: a bearer token of this very server, for this very server, with scope <c>touchstone:admin</c>; and after it: 503 when the store fails.
/// The global token revocation stands behind the same gate with a scope of its own.
/// </summary>
internal sealed class AdminGate(TokenLookup tokens, Freshness freshness, ClientDirectory clients, ClientCertificates certificates, AddressLimits addresses, LimitHits hits, AuditLog audit, ServerOptions options, ServerMetrics metrics, FaultLog faults, ILogger<AdminGate> logger, TimeProvider time)
{
    internal const string Scope = "touchstone:admin";

    private static readonly OAuthError NotFromHere = OAuthError.AccessDenied.With("The client of this token may not call from this address.");

    // The admin API is one more resource server: the same rule judges its tokens as everybody's.
    private readonly Caller _self = new() { ClientId = "touchstone", Kind = CallerKind.ResourceServer, Audience = [options.EffectiveIssuer], MayIntrospect = true };

    internal RequestDelegate Handle(Func<AdminExchange, Task> handler) => Handle("admin", Scope, handler);

    internal RequestDelegate Handle(string endpoint, string scope, Func<AdminExchange, Task> handler) => async http =>
    {
        var started = time.GetTimestamp();
        using var activity = ServerMetrics.Activities.HasListeners() ? Tracing.Start(http, endpoint) : null;
        try
        {
            if (addresses.Delay(http, started) is var delay && delay > TimeSpan.Zero) RefuseForNow(http, endpoint, delay);
            else if (await AuthenticateAsync(http, endpoint, scope) is { } token)
            {
                AuditOrigin.Begin(http, token.ClientId);
                await handler(new AdminExchange(http, token.ClientId, clients.Find(token.ClientId)?.Registration.Tenant ?? token.Tenant, 6 * options.Limits.BodyTimeout, time));
            }
        }
        catch (StoreException failed)
        {
            faults.StoreFailed(endpoint, http, failed);
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
            logger.Unexpected(endpoint, RequestIds.Of(http), failed);
            AdminExchange.Refuse(http, StatusCodes.Status500InternalServerError, OAuthError.ServerError.Description);
        }
        var outcome = http.Response.StatusCode < 400 ? "ok" : "refused";
        if (activity is not null) Tracing.Tell(activity, http, outcome, outcome);
        metrics.Answered(endpoint, outcome, outcome, time.GetElapsedTime(started));
    };

    private async Task<TokenRecord?> AuthenticateAsync(HttpContext http, string endpoint, string scope)
    {
        const string Bearer = "Bearer ";
        await freshness.EnsureAsync();
        var header = http.Request.Headers.Authorization;
        if (header.Count > 1) return Refuse(OAuthError.InvalidRequest.With("There is more than one Authorization header."));
        if (header.Count == 0 || !header[0]!.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return Challenge(http, scope);

        var token = System.Text.Encoding.UTF8.GetBytes(header[0]![Bearer.Length..].Trim(' '));
        var found = token.Length is 0 or > TokenFormat.MaxLength ? default : await tokens.FindAsync(token, CancellationToken.None);
        if (!IntrospectionRules.Decide(found.Record, _self, found.Match, time.GetUtcNow().ToUnixTimeSeconds()).IsActive) return Refuse(OAuthError.InvalidToken);
        // A foreign token that was registered here is another server's word, whatever scope it names.
        if (found.Record!.Issuer != options.EffectiveIssuer) return Refuse(OAuthError.InvalidToken);
        if (!await IsProvenAsync(http, found)) return Refuse(OAuthError.InvalidToken);
        if (!found.Record.Scope.Contains(scope)) return Refuse(OAuthError.InsufficientScope.With($"This needs the scope {scope}."));
        return clients.Find(found.Record.ClientId)?.Gate.Allows(http.Connection) is false ? Refuse(NotFromHere) : found.Record;

        TokenRecord? Refuse(OAuthError error)
        {
            if (error.Status == StatusCodes.Status401Unauthorized) addresses.Failed(http, time.GetTimestamp());
            audit.GateRefused(http, endpoint, error.Code);
            http.Response.Headers.WWWAuthenticate = Responses.BearerChallenge(error, error.Code == OAuthError.InvalidRequest.Code || error == NotFromHere ? null : scope);
            AdminExchange.Refuse(http, error.Status, error.Description);
            return null;
        }
    }

    private void RefuseForNow(HttpContext http, string endpoint, TimeSpan delay)
    {
        AdminExchange.Refuse(http, StatusCodes.Status429TooManyRequests, AddressLimits.TooManyFailures.Description);
        Responses.SetRetryAfter(http.Response, delay);
        hits.Count(AddressLimits.Failures, null, endpoint, http);
    }

    // What a token is bound to is not kept in memory, only in its answer: where that has the word, the record is read.
    private async ValueTask<bool> IsProvenAsync(HttpContext http, FoundToken found) =>
        found.Entry!.Answer.IndexOf("\"cnf\""u8) < 0 || ((await tokens.FindAsync(found.Record!.Hash, CancellationToken.None)).Record is { } whole && certificates.Proves(http, whole.Confirmation));

    // RFC 6750 §3.1: who sent no token is told how, not what was wrong.
    private TokenRecord? Challenge(HttpContext http, string scope)
    {
        addresses.Failed(http, time.GetTimestamp());
        http.Response.Headers.WWWAuthenticate = Responses.BearerChallenge(null, scope);
        AdminExchange.Refuse(http, 401, $"Send a bearer token of this server with the scope {scope}.");
        return null;
    }
}
