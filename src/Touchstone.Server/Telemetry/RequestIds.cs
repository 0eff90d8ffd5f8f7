using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Server.Telemetry;

/// <summary>What joins a line of the log, a record of the audit and an answer: the request's identifier, and the W3C trace that it belongs to.</summary>
internal static class RequestIds
{
    /// <summary>Both, as they stand in the log.</summary>
    internal static string Of(HttpContext http) => TraceOf(http) is { } trace ? $"{http.TraceIdentifier}, trace {trace}" : http.TraceIdentifier;

    /// <summary>The trace of the span of this request where one is made, else the caller's (W3C trace context: version, trace, parent, flags).</summary>
    internal static string? TraceOf(HttpContext http)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity) return activity.TraceId.ToHexString();
        return http.Request.Headers.TraceParent is [{ Length: >= 55 } parent] && ActivityContext.TryParse(parent, null, out var context) ? context.TraceId.ToHexString() : null;
    }
}
