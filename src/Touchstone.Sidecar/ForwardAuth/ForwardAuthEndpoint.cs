using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.Rules;
using Touchstone.Sidecar.Telemetry;

namespace Touchstone.Sidecar.ForwardAuth;

/// <summary>
/// <c>/auth/{nginx|envoy|traefik|caddy|haproxy}</c>: any method, an answer without a body, 200 where the request passes. Nothing in a request but path and listener decides that this is asked (L46).
/// </summary>
internal sealed class ForwardAuthEndpoint(Decider decider, RulesInForce rules, DecisionLog log, SidecarMetrics metrics, string realm, int nginxOutage, TimeProvider time)
{
    internal const string Prefix = "/auth/", ReasonHeader = "Touchstone-Reason";

    private static readonly SearchValues<char> PlainNames = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
    private static readonly HashSet<string> Overrides = new(StringComparer.OrdinalIgnoreCase) { "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override" };

    private readonly ProxyAdapter[] _adapters =
    [
        new NginxAdapter(nginxOutage), new EnvoyAdapter(),
        new HeaderAdapter("traefik", "X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri"),
        new HeaderAdapter("caddy", "X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri"),
        new HeaderAdapter("haproxy", "X-Original-Method", "X-Original-Host", "X-Original-URI"),
    ];

    /// <summary>The adapter that a request target names; null where it names none.</summary>
    internal ProxyAdapter? Find(string target)
    {
        if (!target.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        foreach (var adapter in _adapters)
        {
            var end = Prefix.Length + adapter.Name.Length;
            if (target.AsSpan(Prefix.Length).StartsWith(adapter.Name) && (target.Length == end || target[end] is '/' or '?')) return adapter;
        }
        return null;
    }

    internal async Task ServeAsync(HttpContext http, ProxyAdapter adapter)
    {
        var began = time.GetTimestamp();
        using var activity = SidecarActivities.Begin(http, adapter.Name);
        var current = rules.Now;
        var response = http.Response;
        Decision decision;
        try
        {
            decision = await DecideAsync(http, adapter, current);
            if (decision.Verdict is Verdict.Allowed) Identify(response, decision, current);
        }
        catch (Exception bug) when (bug is not OperationCanceledException)
        {
            // A proxy may let pass what ends in a fault of whom it asks.
            log.Broke(bug);
            decision = new Decision(Verdict.CannotTell, "fault");
        }
        response.StatusCode = adapter.StatusOf(decision.Verdict);
        response.ContentLength = 0; // With a body nginx would open another connection for each request.
        response.Headers.CacheControl = "no-store";
        response.Headers[ReasonHeader] = decision.Reason;
        if (decision.Verdict is not Verdict.Allowed && Challenge(decision) is { } challenge) response.Headers[HeaderNames.WWWAuthenticate] = challenge;
        if (decision.Verdict is Verdict.CannotTell) response.Headers.RetryAfter = "1";
        activity.Tell(decision, response.StatusCode);
        metrics.Tell(decision, time.GetElapsedTime(began));
    }

    private async ValueTask<Decision> DecideAsync(HttpContext http, ProxyAdapter adapter, SidecarRules current)
    {
        OriginalRequest request = default;
        var decision = !current.Trusts(http.Connection) ? Decision.Untrusted
            : HasAlias(http.Request.Headers, adapter, current) ? Decision.Malformed("alias_of_header")
            : !adapter.TryRead(http.Request, out request) ? Decision.Malformed("incomplete")
            : await decider.DecideAsync(current.Rules, request, http.RequestAborted);
        if (log.Tells(decision)) log.Tell(decision, adapter.Name, request, DetailOf(decision, http, adapter));
        return decision;
    }

    // Whoever sets up a proxy looks for just this.
    private static string DetailOf(in Decision decision, HttpContext http, ProxyAdapter adapter) => decision switch
    {
        { Verdict: Verdict.Untrusted } => $"; the peer is {http.Connection.RemoteIpAddress}",
        { Reason: "incomplete" } => $"; missing, empty or there twice: {adapter.Lacking(http.Request)}",
        _ => "",
    };

    // Every header that any rule sets, also where this rule sets none, and never an empty one: what the client sent under such a name survives no answer (L44).
    private static void Identify(HttpResponse response, in Decision decision, SidecarRules current)
    {
        if (decision is not { Rule: { } rule, Token: { } token })
        {
            foreach (var name in current.IdentityHeaders) response.Headers[name] = IdentityHeader.Nothing;
            return;
        }
        foreach (var name in current.HeadersNotOf(rule)) response.Headers[name] = IdentityHeader.Nothing;
        foreach (var header in rule.Headers) response.Headers[header.Name] = header.ValueOf(token.Claims);
        if (decision.Policy.Headers.ValueKind is not JsonValueKind.Object) return;
        // Only what the file lists: it is in every answer.
        foreach (var name in current.PolicyHeaders)
        {
            if (decision.Policy.Headers.TryGetProperty(name, out var value)) response.Headers[name] = IdentityHeader.ValueOfText(value.GetString()!);
        }
    }

    // Servers behind the proxy take what is no letter and no digit for a hyphen: who sends X_User means X-User (L43), and X_Forwarded_Host is no host that was judged. And with these another request is run than the one that is judged.
    private static bool HasAlias(IHeaderDictionary headers, ProxyAdapter adapter, SidecarRules current)
    {
        foreach (var (name, _) in headers)
        {
            var isPlain = !name.AsSpan().ContainsAnyExcept(PlainNames);
            var folded = isPlain ? name : string.Create(name.Length, name, static (to, from) =>
            {
                for (var i = 0; i < to.Length; i++) to[i] = char.IsAsciiLetterOrDigit(from[i]) ? from[i] : '-';
            });
            if (folded is ['X' or 'x', ..] && Overrides.Contains(folded)) return true;
            if (!isPlain && (current.IdentityHeaders.Contains(folded) || folded.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || folded.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase) || adapter.ControlHeaders.Contains(folded, StringComparer.OrdinalIgnoreCase))) return true;
        }
        return false;
    }

    // RFC 6750 §3, RFC 9470 §3: complete, and nothing about the token.
    private string? Challenge(in Decision decision)
    {
        var (error, description) = decision.Verdict switch
        {
            Verdict.NoToken => ("", ""),
            Verdict.NotAToken => ("invalid_request", "The Authorization header holds no token."),
            Verdict.InvalidToken => ("invalid_token", "The token is not active."),
            Verdict.InsufficientScope => ("insufficient_scope", ""),
            Verdict.StepUp => ("insufficient_user_authentication", "Another authentication of the user is needed."),
            _ => (null, ""),
        };
        if (error is null) return null;
        var text = new StringBuilder("Bearer realm=\"").Append(realm).Append('"');
        Add("error", error);
        Add("error_description", description);
        if (decision.Rule is { } rule)
        {
            if (decision.Verdict is Verdict.InsufficientScope) Add("scope", string.Join(' ', rule.AllScopes.Concat(rule.AnyScopes.Take(rule.AllScopes.Count == 0 ? 1 : 0))));
            if (decision.Verdict is Verdict.StepUp) Add("acr_values", string.Join(' ', rule.Acr));
            if (decision.Verdict is Verdict.StepUp && rule.MaxAge is { } age) Add("max_age", ((long)age.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        return text.ToString();

        void Add(string name, string value)
        {
            if (value.Length > 0) text.Append(", ").Append(name).Append("=\"").Append(value).Append('"');
        }
    }
}
