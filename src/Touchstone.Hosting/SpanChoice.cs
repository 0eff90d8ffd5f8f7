using System.Buffers.Binary;
using System.Diagnostics;
using OpenTelemetry;

namespace Touchstone.Hosting;

/// <summary>
/// Which spans are exported, decided when they end: every failed and slow one, those that the caller sampled, and one in so many of the rest, chosen by the trace's id so that all nodes choose alike.
/// What is not wanted loses its mark and is passed over by the exporter behind.
/// </summary>
/// <param name="slow">From how long on a span is slow.</param>
/// <param name="oneIn">One of how many others; 0: none.</param>
internal sealed class SpanChoice(TimeSpan slow, int oneIn) : BaseProcessor<Activity>
{
    /// <summary>The tag with the status of the answer.</summary>
    internal const string StatusCode = "http.response.status_code";

    public override void OnEnd(Activity data)
    {
        if (!IsWanted(data)) data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    internal bool IsWanted(Activity span) =>
        span.Status is ActivityStatusCode.Error || span.GetTagItem(StatusCode) is >= 400 || span.Duration >= slow || IsSampledByCaller(span) || IsChosen(span.TraceId);

    // The flags are the last two digits of the parent (W3C trace context).
    private static bool IsSampledByCaller(Activity span) => span.HasRemoteParent && span.ParentId is { Length: > 0 } parent && (Convert.ToInt32(parent[^1..], 16) & 1) == 1;

    private bool IsChosen(ActivityTraceId trace)
    {
        if (oneIn == 0) return false;
        Span<byte> id = stackalloc byte[16];
        trace.CopyTo(id);
        return BinaryPrimitives.ReadUInt64BigEndian(id[8..]) % (ulong)oneIn == 0;
    }
}
