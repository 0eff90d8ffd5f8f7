using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Touchstone.Hosting;
using Touchstone.Server.Telemetry;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Telemetry;

/// <summary>Metrics, spans and log lines at a receiver of OTLP. Spans and metrics are those of the whole process, so nothing runs beside this.</summary>
[Collection(nameof(Alone))]
public sealed class OtlpTests : IDisposable
{
    private const string Variable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";

    public void Dispose()
    {
        foreach (var name in (string[])[Variable, "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]) Environment.SetEnvironmentVariable(name, null);
    }

    [Theory]
    [InlineData("http/protobuf")]
    [InlineData("grpc")]
    public async Task Metrics_spans_and_lines_arrive_with_what_tells_the_server_from_others(string protocol)
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        var token = "";
        await using (var server = await TestServer.StartAsync(options =>
        {
            (options.Region, options.Otlp.Protocol, options.Otlp.SampleOneIn, options.Otlp.Headers) = ("eu-north", protocol, 1, "api-key=abc");
            options.Otlp.Endpoint = protocol == "grpc" ? receiver.GrpcUrl : receiver.Url;
        }))
        {
            var orders = await server.Admin.AddClientAsync(new { client_id = "orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
            token = await server.Admin.IssueAsync(new { client_id = "admin", aud = Acme.OrdersApi });
            (await server.OAuth.IntrospectAsync(token, orders)).Status.ShouldBe(200);
        }

        receiver.Spans.Select(span => span.Name).ShouldBe(["token", "admin", "admin", "introspect"], ignoreOrder: true);
        var span = receiver.Spans.Single(span => span.Name == "introspect");
        span.Attributes["touchstone.outcome"].ShouldBe("active");
        span.Attributes["http.response.status_code"].ShouldBe("200");
        receiver.Metrics.ShouldContain(ServerMetrics.RequestDuration);
        receiver.Metrics.ShouldContain("dotnet.gc.collections");
        receiver.Logs.ShouldContain(line => line.Text.StartsWith("Serving https://as.acme.test"));
        receiver.Logs.ShouldContain(line => line.Text.Contains("client orders") && receiver.Spans.Any(admin => admin.Name == "admin" && admin.Trace == line.Trace));
        foreach (var signal in (string[])["traces", "metrics", "logs"])
        {
            var resource = receiver.Resource(signal);
            resource["service.name"].ShouldBe("touchstone");
            resource["service.version"].ShouldMatch("^[0-9]+\\.[0-9]+\\.[0-9]+$");
            resource["service.instance.id"].ShouldBe(receiver.Resource("traces")["service.instance.id"]);
            resource["cloud.region"].ShouldBe("eu-north");
        }
        receiver.Headers.ShouldContain("api-key: abc");
        receiver.Everything.ShouldNotContain(token);
    }

    [Fact]
    public async Task Failed_requests_are_always_exported_ordinary_ones_only_where_their_caller_samples_them()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using (var acme = await Acme.StartAsync(options => (options.Otlp.Endpoint, options.Otlp.Protocol, options.Otlp.SampleOneIn, options.Otlp.SlowRequest) = (receiver.Url, "http/protobuf", 0, TimeSpan.FromMinutes(1))))
        {
            var token = await acme.TokenAsync();
            (await acme.OAuth.IntrospectAsync(token, acme.Orders)).Status.ShouldBe(200);
            (await acme.OAuth.IntrospectAsync(token, new TestClient("rs-orders", "wrong"))).Status.ShouldBe(401);
            await IntrospectAsync(acme, token, "01");
            await IntrospectAsync(acme, token, "00");
            new Database(acme.Server.Data).Execute("ALTER TABLE tokens RENAME TO gone");
            (await acme.OAuth.IntrospectAsync("unknown", acme.Orders)).Status.ShouldBe(503);
            new Database(acme.Server.Data).Execute("ALTER TABLE gone RENAME TO tokens");
        }

        receiver.Spans.Select(span => (span.Attributes["touchstone.outcome"], span.Attributes["touchstone.reason"], span.Status)).ShouldBe(
            [("invalid_client", "wrong_secret", 0), ("active", "active", 0), ("temporarily_unavailable", "store_failed", 2)], ignoreOrder: true);
        receiver.Spans.Single(span => span.Attributes["touchstone.outcome"] == "active").Trace.ShouldBe(Trace);
    }

    [Fact]
    public void Slow_requests_are_wanted_and_of_the_others_one_in_so_many()
    {
        using var listener = new ActivityListener { ShouldListenTo = source => source.Name == ServerMetrics.ActivitySourceName, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        using var never = new SpanChoice(TimeSpan.FromMilliseconds(100), oneIn: 0);
        never.IsWanted(Span(99)).ShouldBeFalse();
        never.IsWanted(Span(100)).ShouldBeTrue();
        using var some = new SpanChoice(TimeSpan.FromMilliseconds(100), oneIn: 10);
        Enumerable.Range(0, 10_000).Count(_ => some.IsWanted(Span(1))).ShouldBeInRange(800, 1200);

        static Activity Span(int milliseconds)
        {
            var span = ServerMetrics.Activities.StartActivity("introspect", ActivityKind.Server, default(ActivityContext))!;
            span.SetEndTime(span.StartTimeUtc.AddMilliseconds(milliseconds));
            span.Stop();
            return span;
        }
    }

    [Fact]
    public async Task The_variables_of_OpenTelemetry_turn_it_on_and_name_the_service()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        Environment.SetEnvironmentVariable(Variable, receiver.Url);
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
        Environment.SetEnvironmentVariable("OTEL_SERVICE_NAME", "tokens");
        Environment.SetEnvironmentVariable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", receiver.Url + "/own/traces");
        await using (var server = await TestServer.StartAsync()) (await server.OAuth.IntrospectAsync("x", new TestClient("nobody", "x"))).Status.ShouldBe(401);
        receiver.Spans.ShouldHaveSingleItem().Name.ShouldBe("introspect");
        receiver.Metrics.ShouldContain(ServerMetrics.Requests);
        receiver.Resource("traces")["service.name"].ShouldBe("tokens");
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("http://127.0.0.1:4318", null, true)]
    [InlineData("http://127.0.0.1:4318", "true", false)]
    public void It_is_off_unless_a_collector_is_named(string? endpoint, string? disabled, bool isOn)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(Variable, endpoint), new("OTEL_SDK_DISABLED", disabled)]).Build();
        new OtlpTarget().IsOn(configuration).ShouldBe(isOn);
        new OtlpOptions { Endpoint = "http://127.0.0.1:4318" }.ToTarget().IsOn(new ConfigurationBuilder().Build()).ShouldBeTrue();
    }

    [Fact]
    public async Task Without_a_collector_no_span_is_made()
    {
        await using var server = await TestServer.StartAsync();
        ServerMetrics.Activities.HasListeners().ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collector_that_hangs_or_is_gone_harms_no_request_and_holds_up_no_end(bool hangs)
    {
        // It takes connections, and never reads or answers.
        using var collector = new TcpListener(IPAddress.Loopback, 0);
        collector.Start();
        var port = ((IPEndPoint)collector.LocalEndpoint).Port;
        if (!hangs) collector.Stop();

        var acme = await Acme.StartAsync(options =>
        {
            options.Unlimit();
            (options.Otlp.Endpoint, options.Otlp.Protocol, options.Otlp.SampleOneIn) = ($"http://127.0.0.1:{port}", "http/protobuf", 1);
        });
        var token = await acme.TokenAsync();
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        // More than the 2,048 spans that the queue holds.
        for (var i = 0; i < 30; i++) await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ => (await acme.OAuth.IntrospectAsync(token, acme.Orders)).Status.ShouldBe(200)));
        clock.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(20));
        started = clock.GetTimestamp();
        await acme.DisposeAsync();
        clock.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    private static async Task IntrospectAsync(Acme acme, string token, string flags)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Introspect) { Content = new FormUrlEncodedContent([new("token", token)]) };
        request.Headers.Authorization = System.Net.Http.Headers.AuthenticationHeaderValue.Parse(acme.Orders.Basic);
        request.Headers.Add("traceparent", $"00-{Trace}-b7ad6b7169203331-{flags}");
        (await acme.OAuth.SendAsync(request)).Status.ShouldBe(200);
    }
}
