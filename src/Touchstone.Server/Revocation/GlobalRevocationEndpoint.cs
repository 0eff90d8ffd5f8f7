using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Admin;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Revocation;

/// <summary>
/// <c>POST /oauth/global-token-revocation</c> (draft-parecki-oauth-global-token-revocation): a trusted party orders that all tokens of a subject end, access and refresh tokens alike.
/// The token that it needs has a scope that opens nothing else.
/// </summary>
/// <remarks>
/// Tenants are kept apart by the row itself: a caller of a tenant writes one that names the subject <em>within that tenant</em>, so whatever it asks for, it can't end a token of another.
/// The row is written also where no token is known (404): a token whose basis was judged before, and that is being written just now, must not outlive it.
/// </remarks>
internal sealed class GlobalRevocationEndpoint(RevocationLog log, ISubjectStore subjects, AuditLog audit, ServerOptions options, ILogger<GlobalRevocationEndpoint> logger)
{
    internal const string Name = "global_revocation";
    internal const string Path = "/oauth/global-token-revocation";
    internal const string Scope = "touchstone:revoke";

    private const long MaxBody = 16 << 10;

    internal async Task HandleAsync(AdminExchange exchange)
    {
        if (await ReadAsync(exchange) is not { } named)
        {
            audit.RevocationRefused(exchange.Http, exchange.Actor, null, exchange.Tenant, "invalid_request");
            return;
        }
        Selector[] selectors = [.. named.Select(subject => Reach(subject, exchange.Tenant)).Distinct()];
        var outcomes = await log.RevokeAsync([.. selectors.Select(selector => new RevocationLog.Asked(selector, log.ForgetAfterEverything(), "global token revocation"))], exchange.Actor);
        foreach (var outcome in outcomes) logger.Revoked(outcome.Seq, exchange.Actor, "a subject", RequestIds.Of(exchange.Http));

        foreach (var selector in selectors)
        {
            if (!await subjects.HasTokensAsync(selector, CancellationToken.None)) continue;
            exchange.Http.Response.StatusCode = StatusCodes.Status204NoContent;
            Responses.SetNoStore(exchange.Http.Response);
            return;
        }
        audit.RevocationRefused(exchange.Http, exchange.Actor, selectors[0].Id, exchange.Tenant, "unknown_subject");
        // One answer for a subject that nobody has and for one of another tenant.
        exchange.Refuse(StatusCodes.Status404NotFound, "No token of this subject is known.");
    }

    private Selector Reach(SubjectIdentifier subject, string? tenant)
    {
        var issuer = subject.Issuer ?? options.EffectiveIssuer;
        return tenant is null ? Selector.Subject(issuer, subject.Subject) : Selector.Member(tenant, issuer, subject.Subject);
    }

    private static async Task<IReadOnlyList<SubjectIdentifier>?> ReadAsync(AdminExchange exchange)
    {
        if (exchange.Http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body) body.MaxRequestBodySize = MaxBody;
        using var document = await exchange.ReadDocumentAsync();
        if (document is null) return null;
        var json = document.RootElement;
        if (json.ValueKind is not JsonValueKind.Object || json.EnumerateObject().Count() != 1 || !json.TryGetProperty("sub_id", out var identifier)) return Refuse("The body is an object with the one member sub_id.");
        if (!SubjectIdentifier.TryRead(identifier, out var named, out var fault)) return Refuse("The subject identifier can't be used.", new ProblemError(fault, "sub_id"));
        var isName = named.All(subject => ClientRules.IsName(subject.Subject) && (subject.Issuer is null || TokenRegistration.IsIssuer(subject.Issuer)));
        return isName ? named : Refuse("The subject identifier can't be used.", new ProblemError("iss must be an absolute http or https URL, sub and id 1 to 200 characters without control characters", "sub_id"));

        IReadOnlyList<SubjectIdentifier>? Refuse(string detail, params ProblemError[] errors)
        {
            exchange.Refuse(400, detail, errors);
            return null;
        }
    }
}
