using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Server.Telemetry;

/// <summary>Spans of requests, as children of the caller's (W3C trace context).</summary>
internal static class Tracing
{
    internal static Activity? Start(HttpContext http, string endpoint)
    {
        ActivityContext.TryParse(http.Request.Headers.TraceParent, http.Request.Headers.TraceState, isRemote: true, out var parent);
        return ServerMetrics.Activities.StartActivity(endpoint, ActivityKind.Server, parent);
    }
}
