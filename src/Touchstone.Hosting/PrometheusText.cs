using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Touchstone.Hosting;

/// <summary>
/// Metrics in the Prometheus text format 0.0.4, read from the OpenTelemetry SDK when asked.
/// Our own because the SDK's Prometheus exporter is not released as stable and not to be had everywhere.
/// </summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusText : BaseExporter<Metric>, IPullMetricExporter
{
    internal const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();

    public Func<int, bool>? Collect { get; set; }

    /// <summary>All metrics as they are now. One reader at a time.</summary>
    internal string Read()
    {
        lock (_lock)
        {
            _text.Clear();
            Collect?.Invoke(5000);
            return _text.ToString();
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var metrics = new List<Metric>();
        foreach (var metric in batch) metrics.Add(metric);
        // Several meters of one name, told apart by their tags, have the same instruments: together they are one family, under one head.
        foreach (var family in metrics.GroupBy(static metric => metric.Name)) Write([.. family]);
        return ExportResult.Success;
    }

    private void Write(Metric[] family)
    {
        var metric = family[0];
        var isCounter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
        var isHistogram = metric.MetricType is MetricType.Histogram;
        var name = Name(metric.Name, metric.Unit, isCounter);
        _text.Append("# HELP ").Append(name).Append(' ').Append(metric.Description.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(isHistogram ? "histogram" : isCounter ? "counter" : "gauge").Append('\n');
        foreach (var member in family)
        {
            foreach (ref readonly var point in member.GetMetricPoints())
            {
                if (isHistogram) WriteHistogram(name, member, point);
                else Line(name, member, point, null, Value(member.MetricType, point));
            }
        }
    }

    private void WriteHistogram(string name, Metric metric, in MetricPoint point)
    {
        long total = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            total += bucket.BucketCount;
            Line(name + "_bucket", metric, point, double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : Number(bucket.ExplicitBound), Number(total));
        }
        Line(name + "_sum", metric, point, null, Number(point.GetHistogramSum()));
        Line(name + "_count", metric, point, null, Number(point.GetHistogramCount()));
    }

    private void Line(string name, Metric metric, in MetricPoint point, string? bound, string value)
    {
        _text.Append(name);
        var separator = '{';
        foreach (var (key, tag) in metric.MeterTags ?? [])
        {
            Label(separator, key.Replace('.', '_'), Convert.ToString(tag, CultureInfo.InvariantCulture) ?? "");
            separator = ',';
        }
        foreach (var tag in point.Tags)
        {
            Label(separator, tag.Key.Replace('.', '_'), Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "");
            separator = ',';
        }
        if (bound is not null)
        {
            Label(separator, "le", bound);
            separator = ',';
        }
        if (separator == ',') _text.Append('}');
        _text.Append(' ').Append(value).Append('\n');
    }

    private void Label(char separator, string name, string value)
    {
        _text.Append(separator).Append(name).Append("=\"");
        foreach (var c in value) _ = c switch { '\\' => _text.Append(@"\\"), '"' => _text.Append("\\\""), '\n' => _text.Append(@"\n"), _ => _text.Append(c) };
        _text.Append('"');
    }

    private static string Value(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => Number(point.GetSumLong()),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => Number(point.GetSumDouble()),
        MetricType.LongGauge => Number(point.GetGaugeLastValueLong()),
        _ => Number(point.GetGaugeLastValueDouble()),
    };

    /// <summary>Dots become underscores, the unit and <c>_total</c> are appended, as the OpenTelemetry specification maps them.</summary>
    internal static string Name(string name, string? unit, bool isCounter)
    {
        var result = name.Replace('.', '_').Replace('-', '_');
        var suffix = unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (!result.EndsWith(suffix, StringComparison.Ordinal)) result += suffix;
        return isCounter ? result + "_total" : result;
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
