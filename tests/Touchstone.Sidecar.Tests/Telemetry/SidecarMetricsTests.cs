using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.Opa;
using Touchstone.Sidecar.Telemetry;
using Touchstone.Sidecar.Tests.ForwardAuth;
using Touchstone.Testing.Processes;

namespace Touchstone.Sidecar.Tests.Telemetry;

/// <summary>What the sidecar measures, and that docs/metrics.md says the same.</summary>
[Collection(nameof(Alone))]
public sealed class SidecarMetricsTests
{
    private const string Host = "orders.acme.test";

    [Fact]
    public async Task Each_instrument_is_documented_and_each_documented_one_measures()
    {
        var instruments = new ConcurrentDictionary<string, Instrument>();
        var measured = new ConcurrentBag<(string Name, string[] Labels)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name != SidecarMetrics.MeterName) return;
                instruments[instrument.Name] = instrument;
                listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, _, labels, _) => Measure(instrument, labels));
        listener.SetMeasurementEventCallback<long>((instrument, _, labels, _) => Measure(instrument, labels));
        listener.SetMeasurementEventCallback<double>((instrument, _, labels, _) => Measure(instrument, labels));
        listener.Start();
        await using var site = await SidecarSite.OpenAsync(
            SidecarSite.Rules + "\n- { name: asks, paths: /asks, opa: true }",
            $"opa: {{ url: \"http://127.0.0.1:{Ports.Take()}/v1/data/a\" }}\nkubernetes: {{ admission: {{ annotation: acme.test/token, rules: {{ name: pods }} }} }}");
        foreach (var target in new[] { "/orders/17", "/asks" }) await site.AskAsync("nginx", "GET", Host, target, await site.TokenAsync());
        using var review = new StringContent("""{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","operation":"CREATE","resource":{"group":"","version":"v1","resource":"pods"}}}""");
        (await site.Http.PostAsync(new Uri(site.Address, "/k8s/admission"), review)).StatusCode.ShouldBe(HttpStatusCode.OK);
        listener.RecordObservableInstruments();

        var documented = Table("| Sidecar instrument |").ToDictionary(cells => Code(cells[0])[0]);
        instruments.Keys.Order().ShouldBe(documented.Keys.Order());
        foreach (var (name, instrument) in instruments)
        {
            var cells = documented[name];
            cells[1].ShouldBe(instrument.GetType().Name.Split('`')[0] switch { "Counter" or "ObservableCounter" => "counter", "Histogram" => "histogram", _ => "gauge" }, name);
            Code(cells[2]).ShouldBe([instrument.Unit!], name);
            cells[4].ShouldBe(instrument.Description, name);
            measured.ShouldContain(one => one.Name == name, name);
            foreach (var one in measured.Where(one => one.Name == name)) one.Labels.Order().ShouldBe(Code(cells[3]).Order(), name);
        }

        void Measure(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> labels) => measured.Add((instrument.Name, [.. labels.ToArray().Select(label => label.Key)]));
    }

    [Fact]
    public void Each_value_of_a_label_is_documented()
    {
        var labels = Table("| Sidecar label |").ToDictionary(cells => Code(cells[0])[0], cells => Code(cells[1]));
        labels["reason"].ShouldBe(Decision.Reasons);
        labels["outcome"].ShouldBe(SidecarMetrics.Outcomes);
        labels["policy_outcome"].ShouldBe(SidecarMetrics.PolicyOutcomes);
        SidecarMetrics.PolicyOutcomes.ShouldBe(Enum.GetNames<OpaOutcome>().Select(name => name.ToLowerInvariant()));
        var page = File.ReadAllText(SourceTree.PathOf("docs", "sidecar.md"));
        foreach (var reason in Decision.Reasons) page.ShouldContain($"`{reason}`");
    }

    [Fact]
    public async Task Metrics_tell_of_decisions_by_rule_and_reason_and_of_the_calls_of_each_issuer()
    {
        await using var site = await SidecarSite.OpenAsync();
        var token = await site.TokenAsync();
        foreach (var method in new[] { "GET", "GET", "POST" }) await site.AskAsync("nginx", method, Host, "/orders", token);
        await site.AskAsync("nginx", "GET", Host, "/nowhere", token);
        site.Rewrite(text => text.Replace("paths: /healthz", "paths: healthz", StringComparison.Ordinal));
        for (var i = 0; i < 2; i++) site.Sidecar.Watcher.Look();

        using var response = await site.Http.GetAsync(new Uri(site.Admin, "/metrics"));
        (response.StatusCode, response.Content.Headers.ContentType!.MediaType).ShouldBe((HttpStatusCode.OK, "text/plain"));
        var page = await response.Content.ReadAsStringAsync();
        page.ShouldContain("touchstone_sidecar_decisions_total{reason=\"allowed\",rule=\"read orders\"} 2\n");
        page.ShouldContain("touchstone_sidecar_decisions_total{reason=\"insufficient_scope\",rule=\"write orders\"} 1\n");
        page.ShouldContain("touchstone_sidecar_decisions_total{reason=\"no_rule\",rule=\"none\"} 1\n");
        page.ShouldContain("touchstone_sidecar_decision_duration_seconds_count{outcome=\"allowed\"} 2\n");
        page.ShouldContain("touchstone_sidecar_client_decisions{client=\"web-shop\"} 3\n");
        page.ShouldContain("touchstone_sidecar_client_decisions{client=\"other\"} 0\n");
        page.ShouldContain("touchstone_sidecar_rules_version 1\n");
        page.ShouldContain("touchstone_sidecar_rules_refused_total 1\n");
        page.ShouldContain($"touchstone_client_call_duration_seconds_count{{touchstone_client_name=\"{new Uri(site.Server.Address, "/oauth/introspect")}\",fault=\"none\"}} 1\n");
        page.ShouldNotContain(token);
        (await site.Http.GetAsync(new Uri(site.Address, "/metrics"))).StatusCode.ShouldBe(HttpStatusCode.NotFound, "not where proxies ask");

        var status = JsonElement.Parse(await site.Http.GetStringAsync(new Uri(site.Admin, "/status")));
        status.GetProperty("top_clients").GetRawText().ShouldBe("[{\"client_id\":\"web-shop\",\"decisions\":3,\"at_least\":3}]");
        status.GetProperty("issuers")[0].GetProperty("name").GetString().ShouldBe(new Uri(site.Server.Address, "/oauth/introspect").ToString());
    }

    [Fact]
    public async Task Rules_beyond_the_hundredth_are_one()
    {
        var rules = string.Join('\n', Enumerable.Range(0, 120).Select(i => $"- {{ name: many {i}, paths: /many/{i}, allow: anybody }}"));
        await using var site = await SidecarSite.OpenAsync(rules);
        for (var i = 0; i < 120; i++) await site.AskAsync("nginx", "GET", Host, $"/many/{i}", null);
        var page = await site.Http.GetStringAsync(new Uri(site.Admin, "/metrics"));
        page.Split('\n').Count(line => line.StartsWith("touchstone_sidecar_decisions_total{", StringComparison.Ordinal) && line.Contains("rule=\"many ", StringComparison.Ordinal)).ShouldBe(100);
        page.ShouldContain("touchstone_sidecar_decisions_total{reason=\"anybody\",rule=\"other\"} 20\n");
    }

    [Fact]
    public async Task Spans_lines_and_metrics_go_to_a_collector_as_children_of_the_trace_that_the_proxy_hands_on()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        string token;
        await using (var site = await SidecarSite.OpenAsync(more: $"log_decisions: all\notlp: {{ endpoint: \"{receiver.Url}\", protocol: http/protobuf, sample_one_in: 1 }}"))
        {
            token = await site.TokenAsync();
            await site.AskAsync("nginx", "GET", Host, "/orders/17", token, ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        }
        var span = receiver.Spans.Single(span => span.Name == "decide");
        span.Trace.ShouldBe("0af7651916cd43dd8448eb211c80319c");
        span.Attributes[SidecarActivities.Rule].ShouldBe("read orders");
        (span.Attributes[SidecarActivities.Reason], span.Attributes[SidecarActivities.Proxy]).ShouldBe(("allowed", "nginx"));
        receiver.Spans.Single(span => span.Name == "introspect").Trace.ShouldBe(span.Trace);
        receiver.Metrics.ShouldContain(SidecarMetrics.Decided);
        receiver.Metrics.ShouldContain("touchstone.client.checks");
        receiver.Resource("traces")["service.name"].ShouldBe("touchstone-sidecar");
        receiver.Everything.ShouldNotContain(token);
        receiver.Everything.ShouldNotContain("/orders/17");
    }

    private static IEnumerable<string[]> Table(string head) =>
        File.ReadAllLines(SourceTree.PathOf("docs", "metrics.md")).SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray());

    // What stands between backticks.
    private static string[] Code(string cell) => [.. cell.Split('`').Where((_, i) => i % 2 == 1)];
}
