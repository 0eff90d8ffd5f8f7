using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Touchstone.Client;

namespace Touchstone.AspNetCore.Decisions;

/// <summary>Counts requests and why they were refused, and logs decisions where that is asked for. Where neither is, a request pays for two comparisons.</summary>
internal sealed class AccessDecisions : IDisposable
{
    internal const string MeterName = "Touchstone.AspNetCore", Category = "Touchstone.AspNetCore.Decisions";
    internal const string Attempts = "touchstone.api.attempts", Denials = "touchstone.api.denials";
    internal const string Accepted = "accepted", NoToken = "no_token", Challenged = "challenged", Scope = "insufficient_scope", StepUp = "step_up";

    /// <summary>Every value of the label <c>reason</c>.</summary>
    internal static readonly string[] Reasons = [NoToken, "malformed", "ambiguous", "inactive", "binding", "audience", "proof", "nonce", "cannot_tell", Scope, StepUp, Challenged];

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _attempts, _denials;
    private readonly ILogger _logger;

    public AccessDecisions(ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger(Category);
        _attempts = _meter.CreateCounter<long>(Attempts, "{request}", "Requests of protected endpoints.");
        _denials = _meter.CreateCounter<long>(Denials, "{request}", "Requests that were refused, and why.");
    }

    /// <summary>A token was accepted.</summary>
    internal void Accept(HttpContext http, string scheme, TokenIntrospectionSchemeOptions options, in IntrospectionResult result)
    {
        if (_attempts.Enabled) _attempts.Add(1, new KeyValuePair<string, object?>("scheme", scheme));
        if (options.LogDecisions is DecisionLogging.All) Log(http, scheme, options, Accepted, result);
    }

    /// <summary>A request is refused.</summary>
    internal void Deny(HttpContext http, string scheme, TokenIntrospectionSchemeOptions options, string reason)
    {
        // Whoever lacks a scope was counted when the token was accepted.
        if (reason is not (Scope or StepUp) && _attempts.Enabled) _attempts.Add(1, new KeyValuePair<string, object?>("scheme", scheme));
        if (_denials.Enabled) _denials.Add(1, new("scheme", scheme), new("reason", reason));
        if (options.LogDecisions is not DecisionLogging.None) Log(http, scheme, options, reason, (http.Features.Get<ITokenIntrospectionFeature>() as JudgedToken)?.Judged);
    }

    public void Dispose() => _meter.Dispose();

    // The token itself is named by its jti alone, and only where the server gives it one.
    private void Log(HttpContext http, string scheme, TokenIntrospectionSchemeOptions options, string decision, IntrospectionResult? result)
    {
        var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? http.GetEndpoint()?.DisplayName;
        var token = result?.Token;
        var jti = token is not null && token.ReadMembers().TryGetProperty("jti"u8, out var id) && id.ValueKind is JsonValueKind.String ? id.GetString() : null;
        _logger.Decided(decision, scheme, http.Request.Method, route, result?.Source.ToString(), result?.Age.TotalSeconds, options.Client?.Status.FeedHead, result?.Fault.ToString(), token?.ClientId, jti, http.TraceIdentifier);
    }
}
