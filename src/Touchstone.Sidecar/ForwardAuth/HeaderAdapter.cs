using Microsoft.AspNetCore.Http;
using Touchstone.Sidecar.Decisions;

namespace Touchstone.Sidecar.ForwardAuth;

/// <summary>A proxy that tells of method, host and target in three headers, all of which have to be there.</summary>
/// <param name="name">The last part of <c>/auth/…</c>.</param>
/// <param name="method">The header with the method.</param>
/// <param name="host">The header with the host.</param>
/// <param name="uri">The header with path and query.</param>
internal class HeaderAdapter(string name, string method, string host, string uri) : ProxyAdapter
{
    internal override string Name => name;

    internal override IReadOnlyList<string> ControlHeaders { get; } = [method, host, uri];

    internal override bool TryRead(HttpRequest http, out OriginalRequest request)
    {
        request = default;
        if (!TryGet(http, method, out var verb) || !TryGet(http, host, out var authority) || !TryGet(http, uri, out var target) || !TryGetAuthorization(http, out var authorization)) return false;
        request = new OriginalRequest(verb, authority, target, authorization);
        return true;
    }
}

/// <summary>
/// nginx with <c>auth_request</c>. It passes on 401, with the challenge, and 403; anything else it makes a 500 of (NX-01). So what is malformed is 401 or 403 here, and an outage what is chosen: <c>Touchstone-Reason</c> tells
/// a configuration which of them it was.
/// </summary>
/// <param name="outage">The status of a token that could not be judged.</param>
internal sealed class NginxAdapter(int outage) : HeaderAdapter("nginx", "X-Original-Method", "X-Original-Host", "X-Original-URI")
{
    internal override int StatusOf(Verdict verdict) => verdict switch
    {
        Verdict.CannotTell => outage,
        Verdict.NotAToken => StatusCodes.Status401Unauthorized,
        Verdict.Malformed => StatusCodes.Status403Forbidden,
        _ => base.StatusOf(verdict),
    };
}

/// <summary>Envoy with <c>ext_authz</c> over HTTP: the check request is the original one, under a prefix. Only 200 lets pass (EA-02).</summary>
internal sealed class EnvoyAdapter : ProxyAdapter
{
    internal override string Name => "envoy";

    internal override IReadOnlyList<string> ControlHeaders => [];

    internal override string Lacking(HttpRequest http) => TryGet(http, "Host", out _) ? "Authorization" : "Host";

    internal override bool TryRead(HttpRequest http, out OriginalRequest request)
    {
        request = default;
        if (!TryGet(http, "Host", out var authority) || !TryGetAuthorization(http, out var authorization)) return false;
        var target = RawTarget(http)[(ForwardAuthEndpoint.Prefix.Length + Name.Length)..];
        request = new OriginalRequest(http.Method, authority, target, authorization);
        return true;
    }
}
