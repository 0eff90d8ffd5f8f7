using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.ForwardAuth;

/// <summary>
/// <c>/auth/{nginx|envoy|traefik|caddy|haproxy}</c>: any method, an answer without a body, 200 where the request passes. Nothing in a request but path and listener decides that this is asked (L46).
/// </summary>
internal sealed class ForwardAuthEndpoint(Decider decider, RulesInForce rules, string realm, int nginxOutage)
{
    internal const string Prefix = "/auth/", ReasonHeader = "Touchstone-Reason";

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
        var current = rules.Now;
        var decision = await DecideAsync(http, adapter, current);
        var response = http.Response;
        response.StatusCode = adapter.StatusOf(decision.Verdict);
        response.ContentLength = 0; // With a body nginx would open another connection for each request.
        response.Headers.CacheControl = "no-store";
        response.Headers[ReasonHeader] = decision.Reason;
        if (decision.Verdict is Verdict.Allowed) Identify(response, decision);
        else if (Challenge(decision) is { } challenge) response.Headers[HeaderNames.WWWAuthenticate] = challenge;
        if (decision.Verdict is Verdict.CannotTell) response.Headers.RetryAfter = "1";
    }

    private async ValueTask<Decision> DecideAsync(HttpContext http, ProxyAdapter adapter, SidecarRules current)
    {
        if (!current.Trusts(http.Connection.RemoteIpAddress)) return Decision.Untrusted;
        if (HasAlias(http.Request.Headers, adapter, current)) return Decision.Malformed("alias_of_header");
        if (!adapter.TryRead(http.Request, out var request)) return Decision.Malformed("incomplete");
        return await decider.DecideAsync(current.Rules, request, http.RequestAborted);
    }

    // Every header of the rule, and never an empty one (L44).
    private static void Identify(HttpResponse response, in Decision decision)
    {
        foreach (var header in decision.Rule!.Headers) response.Headers[header.Name] = decision.Token is { } token ? header.ValueOf(token.Claims) : IdentityHeader.Nothing;
    }

    // Servers behind the proxy take an underscore or a dot for a hyphen: who sends X_User means X-User (L43).
    private static bool HasAlias(IHeaderDictionary headers, ProxyAdapter adapter, SidecarRules current)
    {
        foreach (var (name, _) in headers)
        {
            if (name.AsSpan().IndexOfAny('_', '.') < 0) continue;
            var folded = name.Replace('_', '-').Replace('.', '-');
            if (current.IdentityHeaders.Contains(folded) || adapter.ControlHeaders.Contains(folded, StringComparer.OrdinalIgnoreCase) || folded.Equals("Authorization", StringComparison.OrdinalIgnoreCase)) return true;
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
