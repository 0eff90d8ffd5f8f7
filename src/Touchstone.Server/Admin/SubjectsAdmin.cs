using System.Globalization;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary>
/// <c>/admin/subjects</c>: disable and enable. A disabled subject has no active token and gets none, at any client, until it is enabled; what was ended stays ended.
/// A subject is named in the body, since it may hold any character.
/// </summary>
internal sealed class SubjectsAdmin(ISubjectStore subjects, RevocationLog log, ServerMetrics metrics, ServerOptions options, ILogger<SubjectsAdmin> logger, TimeProvider time)
{
    private const int MaxPage = 1000;

    internal async Task DisableAsync(AdminExchange exchange)
    {
        if (await ReadAsync(exchange) is not { } asked) return;
        var (issuer, subject) = (asked.Iss ?? options.EffectiveIssuer, asked.Sub);
        var row = log.Row(new RevocationLog.Asked(Selector.Subject(issuer, subject), log.ForgetAfterEverything(), asked.Reason ?? "subject disabled"), exchange.Actor);
        if (await subjects.DisableAsync(new DisabledSubject(issuer, subject, time.GetUtcNow().ToUnixTimeSeconds(), exchange.Actor, asked.Reason), row) is { } written)
        {
            metrics.Revoked(written.Selector.Kind);
            logger.Revoked(written.Seq, exchange.Actor, "a subject, by disabling it", RequestIds.Of(exchange.Http));
        }
        else await log.EnforceAsync(null);
        // Twice is as good as once: it tells of the first time.
        var disabled = await subjects.FindDisabledAsync(issuer, subject, exchange.Aborted);
        exchange.Answer(200, disabled is null ? new SubjectView(subject, issuer, Enabled: true) : SubjectView.Of(disabled), AdminJson.Default.SubjectView);
    }

    /// <summary>Enabling clears the flag and revives nothing.</summary>
    internal async Task EnableAsync(AdminExchange exchange)
    {
        if (await ReadAsync(exchange) is not { } asked) return;
        var (issuer, subject) = (asked.Iss ?? options.EffectiveIssuer, asked.Sub);
        if (await subjects.EnableAsync(issuer, subject)) logger.SubjectEnabled(exchange.Actor, RequestIds.Of(exchange.Http));
        exchange.Answer(200, new SubjectView(subject, issuer, Enabled: true), AdminJson.Default.SubjectView);
    }

    internal async Task ListAsync(AdminExchange exchange)
    {
        var limit = 100;
        var query = exchange.Http.Request.Query;
        if (query["limit"] is [{ } text] && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxPage))
        {
            exchange.Refuse(400, $"limit must be 1 to {MaxPage}.");
            return;
        }
        Selector? after = null;
        if (query["after"] is [{ } key])
        {
            if (!Selector.TryParse(SelectorKind.Subject, key, out var last))
            {
                exchange.Refuse(400, "after must be the next of the page before.");
                return;
            }
            after = last;
        }
        var page = await subjects.ListDisabledAsync(after, limit + 1, exchange.Aborted);
        SubjectView[] items = [.. page.Take(limit).Select(SubjectView.Of)];
        exchange.Answer(200, new SubjectPage(items, page.Count > limit ? Selector.Subject(items[^1].Iss, items[^1].Sub).Key : null), AdminJson.Default.SubjectPage);
    }

    private static async Task<SubjectReference?> ReadAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.SubjectReference) is not { } asked) return null;
        var errors = new List<ProblemError>();
        if (!ClientRules.IsName(asked.Sub)) errors.Add(new ProblemError("must be 1 to 200 characters without control characters", "sub"));
        if (asked.Iss is not null && !TokenRegistration.IsIssuer(asked.Iss)) errors.Add(new ProblemError("must be an absolute http or https URL", "iss"));
        if (asked.Reason is not null && !ClientRules.IsName(asked.Reason)) errors.Add(new ProblemError("must be 1 to 200 characters without control characters", "reason"));
        if (errors.Count == 0) return asked;
        exchange.Refuse(400, "Nothing was changed.", errors);
        return null;
    }
}
