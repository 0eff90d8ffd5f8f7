using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Touchstone.Client.Shared;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Testing;

namespace Touchstone.Client.Tests.Telemetry;

/// <summary>What a client measures, and that docs/metrics.md says the same.</summary>
public sealed class ClientMetricsTests
{
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new();
    private readonly ConcurrentBag<(string Name, double Value, Dictionary<string, object?> Labels)> _measured = [];

    [Fact]
    public async Task Each_instrument_is_documented_and_each_documented_one_measures()
    {
        await using var server = await OtherServer.StartAsync();
        using var listener = Listen("documented");
        await using var client = server.Client(options => options.Name = "documented");
        await client.IntrospectAsync("t");
        await client.IntrospectAsync("t");
        await FollowAsync("documented");
        listener.RecordObservableInstruments();

        var documented = Table("| Client instrument |").ToDictionary(cells => Code(cells[0])[0]);
        _instruments.Keys.Order().ShouldBe(documented.Keys.Order());
        foreach (var (name, instrument) in _instruments)
        {
            var cells = documented[name];
            cells[1].ShouldBe(instrument.GetType().Name.Split('`')[0] switch { "Counter" or "ObservableCounter" => "counter", "Histogram" => "histogram", _ => "gauge" }, name);
            Code(cells[2]).ShouldBe([instrument.Unit!], name);
            cells[4].Replace("`", "").ShouldBe(instrument.Description, name);
            _measured.ShouldContain(measured => measured.Name == name, name);
            foreach (var measured in _measured.Where(measured => measured.Name == name)) measured.Labels.Keys.Order().ShouldBe(Code(cells[3]).Order(), name);
        }
    }

    [Fact]
    public void Each_value_of_a_label_is_documented()
    {
        var documented = Table("| Client label |").ToDictionary(cells => Code(cells[0])[0], cells => Code(cells[1]));
        documented["outcome"].ShouldBe(ClientMetrics.Outcomes);
        documented["source"].ShouldBe(ClientMetrics.Sources);
        documented["fault"].ShouldBe(ClientMetrics.Faults);
        documented["lookup"].ShouldBe(ClientMetrics.Lookups);
        Snake<SharedLookup>().ShouldBe(ClientMetrics.Lookups);
        Snake<IntrospectionOutcome>().ShouldBe(ClientMetrics.Outcomes);
        Snake<IntrospectionSource>().ShouldBe(ClientMetrics.Sources);
        Snake<IntrospectionFault>().ShouldBe(ClientMetrics.Faults);
    }

    [Fact]
    public async Task Checks_are_counted_by_what_came_of_them()
    {
        await using var server = await OtherServer.StartAsync();
        using var listener = Listen("counted");
        await using var client = server.Client(options => options.Name = "counted");
        await client.IntrospectAsync("t");
        await client.IntrospectAsync("t");
        await client.IntrospectAsync("");
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        await client.IntrospectAsync("u");
        Count("active", "server", "none").ShouldBe(1);
        Count("active", "memory", "none").ShouldBe(1);
        Count("inactive", "shape", "none").ShouldBe(1);
        Count("cannot_tell", "server", "server_error").ShouldBe(1);
        _measured.Count(measured => measured.Name == ClientMetrics.CallDuration).ShouldBe(2);
        _measured.Count(measured => measured.Name == ClientMetrics.Age).ShouldBe(1);
    }

    [Fact]
    public async Task The_delay_of_enforcement_is_that_of_each_answer_of_the_feed_that_tells_of_revocations()
    {
        using var listener = Listen("enforced");
        await FollowAsync("enforced");
        _measured.Where(measured => measured.Name == ClientMetrics.EnforcementDelay).ShouldHaveSingleItem().Value.ShouldBeInRange(0, 10);
    }

    // One revocation, which a client of this name obeys by the time that this ends.
    private static async Task FollowAsync(string name)
    {
        var server = new FakeAuthorizationServer();
        var options = new TokenIntrospectionOptions { Name = name };
        server.Configure(options);
        await using var client = new IntrospectionClient(options);
        await client.StartAsync();
        await server.RevokeAsync(server.Issue());
    }

    private double Count(string outcome, string source, string fault) =>
        _measured.Where(measured => measured.Name == ClientMetrics.Checks && (string)measured.Labels["outcome"]! == outcome && (string)measured.Labels["source"]! == source && (string)measured.Labels["fault"]! == fault).Sum(measured => measured.Value);

    // Other tests have clients too: only one of this name is heard.
    private MeterListener Listen(string name)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name != ClientMetrics.MeterName || !instrument.Meter.Tags!.Any(tag => (string)tag.Value! == name)) return;
                _instruments[instrument.Name] = instrument;
                listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, labels, _) => Measure(instrument, value, labels));
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) => Measure(instrument, value, labels));
        listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) => Measure(instrument, value, labels));
        listener.Start();
        return listener;
    }

    private void Measure(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels) => _measured.Add((instrument.Name, value, new(labels.ToArray())));

    private static IEnumerable<string> Snake<T>()
        where T : struct, Enum => Enum.GetNames<T>().Select(name => string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString())));

    private static IEnumerable<string[]> Table(string head) =>
        File.ReadAllLines(SampleTests.PathOf("docs", "metrics.md")).SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|')).Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray());

    private static string[] Code(string cell) => [.. cell.Split('`').Where((_, i) => i % 2 == 1)];
}
