using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Touchstone.Hosting;

namespace Touchstone.Server.Tests.Telemetry;

[Collection(nameof(Alone))]
public sealed class PrometheusTextTests
{
    [Theory]
    [InlineData("a.b.c", null, false, "a_b_c")]
    [InlineData("a.b.c", null, true, "a_b_c_total")]
    [InlineData("a.duration", "s", false, "a_duration_seconds")]
    [InlineData("a.size", "By", false, "a_size_bytes")]
    [InlineData("a.size_bytes", "By", false, "a_size_bytes")]
    [InlineData("a-b", "{thing}", true, "a_b_total")]
    public void Names_are_mapped_as_OpenTelemetry_says(string name, string? unit, bool isCounter, string expected) => PrometheusText.Name(name, unit, isCounter).ShouldBe(expected);

    [Fact]
    public void Meters_that_differ_in_their_tags_alone_are_one_family()
    {
        var name = "test." + Guid.NewGuid();
        using Meter one = new(name, version: null, tags: [new("the.name", "one")]), two = new(name, version: null, tags: [new("the.name", "two")]);
        var text = new PrometheusText();
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(name).AddReader(new BaseExportingMetricReader(text)).Build();
        foreach (var meter in (Meter[])[one, two])
        {
            meter.CreateCounter<long>("test.calls", description: "Calls.").Add(1, new KeyValuePair<string, object?>("kind", "a"));
            meter.CreateObservableGauge("test.other", static () => 1);
        }
        text.Read().ShouldBe(
            "# HELP test_calls_total Calls.\n# TYPE test_calls_total counter\ntest_calls_total{the_name=\"one\",kind=\"a\"} 1\ntest_calls_total{the_name=\"two\",kind=\"a\"} 1\n" +
            "# HELP test_other \n# TYPE test_other gauge\ntest_other{the_name=\"one\"} 1\ntest_other{the_name=\"two\"} 1\n");
    }

    [Fact]
    public void Every_type_of_instrument_with_labels_of_any_text()
    {
        using var meter = new Meter("test." + Guid.NewGuid());
        var text = new PrometheusText();
        using var provider = Sdk.CreateMeterProviderBuilder().AddMeter(meter.Name).AddReader(new BaseExportingMetricReader(text)).Build();

        meter.CreateCounter<long>("test.long", description: "back\\slash and\nnew line").Add(3, new KeyValuePair<string, object?>("odd.label", "quote\" back\\slash new\nline ü"));
        meter.CreateCounter<double>("test.double").Add(1.5);
        meter.CreateUpDownCounter<long>("test.up_down").Add(-2);
        meter.CreateUpDownCounter<double>("test.up_down_double").Add(-0.5);
        meter.CreateObservableGauge("test.gauge", () => 7L);
        meter.CreateObservableGauge("test.gauge_double", () => 0.1);
        var histogram = meter.CreateHistogram<double>("test.histogram", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.00005, 1] });
        foreach (var value in (double[])[0.00001, 0.5, 2]) histogram.Record(value, new KeyValuePair<string, object?>("n", 1), new KeyValuePair<string, object?>("none", null));

        var page = text.Read();
        page.ShouldContain("# HELP test_long_total back\\\\slash and\\nnew line\n# TYPE test_long_total counter\ntest_long_total{odd_label=\"quote\\\" back\\\\slash new\\nline ü\"} 3\n");
        page.ShouldContain("# TYPE test_double_total counter\ntest_double_total 1.5\n");
        page.ShouldContain("# TYPE test_up_down gauge\ntest_up_down -2\n");
        page.ShouldContain("test_up_down_double -0.5\n");
        page.ShouldContain("# TYPE test_gauge gauge\ntest_gauge 7\n");
        page.ShouldContain("test_gauge_double 0.1\n");
        page.ShouldContain(
            "# TYPE test_histogram_seconds histogram\ntest_histogram_seconds_bucket{n=\"1\",none=\"\",le=\"5E-05\"} 1\ntest_histogram_seconds_bucket{n=\"1\",none=\"\",le=\"1\"} 2\n" +
            "test_histogram_seconds_bucket{n=\"1\",none=\"\",le=\"+Inf\"} 3\ntest_histogram_seconds_sum{n=\"1\",none=\"\"} 2.50001\ntest_histogram_seconds_count{n=\"1\",none=\"\"} 3\n");
        Exposition.Parse(page).Value("test_histogram_seconds_count").ShouldBe(3);
    }
}
