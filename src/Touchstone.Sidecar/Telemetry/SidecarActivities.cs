using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Touchstone.Hosting;
using Touchstone.Sidecar.Decisions;

namespace Touchstone.Sidecar.Telemetry;

/// <summary>Spans of decisions, as children of the trace that the proxy hands on (W3C trace context). No token, no path, and nothing of an answer is in them.</summary>
internal static class SidecarActivities
{
    internal const string SourceName = "Touchstone.Sidecar", Name = "decide";
    internal const string Proxy = "touchstone.sidecar.proxy", Rule = "touchstone.sidecar.rule", Reason = "touchstone.sidecar.reason";

    private static readonly ActivitySource Source = new(SourceName);

    internal static Activity? Begin(HttpContext http, string proxy)
    {
        if (!Source.HasListeners()) return null;
        ActivityContext.TryParse(http.Request.Headers.TraceParent, http.Request.Headers.TraceState, isRemote: true, out var parent);
        return Source.StartActivity(Name, ActivityKind.Server, parent)?.SetTag(Proxy, proxy);
    }

    internal static void Tell(this Activity? activity, in Decision decision, int status)
    {
        if (activity is null) return;
        activity.SetTag(Rule, decision.Rule?.Name ?? SidecarMetrics.NoRule);
        activity.SetTag(Reason, decision.Reason);
        activity.SetTag(SpanChoice.StatusCode, status);
        if (decision.Verdict is Verdict.CannotTell) activity.SetStatus(ActivityStatusCode.Error, decision.Reason);
    }
}
