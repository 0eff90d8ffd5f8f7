using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Touchstone.Hosting;

namespace Touchstone.Server.Telemetry;

/// <summary>Spans of requests, as children of the caller's (W3C trace context).</summary>
internal static class Tracing
{
    internal const string Outcome = "touchstone.outcome";
    internal const string Reason = "touchstone.reason";

    internal static Activity? Start(HttpContext http, string endpoint)
    {
        ActivityContext.TryParse(http.Request.Headers.TraceParent, http.Request.Headers.TraceState, isRemote: true, out var parent);
        return ServerMetrics.Activities.StartActivity(endpoint, ActivityKind.Server, parent);
    }

    /// <summary>Says what became of the request. Faults of ours are errors; what a caller did wrong is not (OpenTelemetry's conventions for HTTP servers).</summary>
    internal static void Tell(Activity span, HttpContext http, string outcome, string reason)
    {
        span.SetTag("http.request.method", http.Request.Method);
        span.SetTag(SpanChoice.StatusCode, http.Response.StatusCode);
        span.SetTag(Outcome, outcome);
        span.SetTag(Reason, reason);
        if (http.Response.StatusCode >= 500) span.SetStatus(ActivityStatusCode.Error, reason);
    }
}
