using System.Collections.Concurrent;
using System.Diagnostics;

namespace Touchstone.Server.Tests.Telemetry;

/// <summary>Spans of requests. Listeners hear the whole process, so nothing runs beside this.</summary>
[Collection(nameof(Alone))]
public sealed class TracingTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task Each_request_is_a_span_below_the_callers()
    {
        var spans = new ConcurrentQueue<Activity>();
        await using var acme = await Acme.StartAsync();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Touchstone.Server",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);

        foreach (var path in (string[])[OAuthCalls.Introspect, OAuthCalls.Revoke, OAuthCalls.Token, AdminCalls.LookUp])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([new("token", "secret-token")]) };
            request.Headers.Add("traceparent", Parent);
            await acme.OAuth.SendAsync(request);
        }
        await acme.Server.DisposeAsync(); // Every span has ended.

        spans.Select(span => span.OperationName).ShouldBe(["introspect", "revoke", "token", "admin"]);
        foreach (var span in spans)
        {
            span.Kind.ShouldBe(ActivityKind.Server);
            span.TraceId.ToString().ShouldBe("0af7651916cd43dd8448eb211c80319c");
            span.ParentSpanId.ToString().ShouldBe("b7ad6b7169203331");
            string.Join(' ', span.TagObjects).ShouldNotContain("secret-token");
            if (span.OperationName != "admin") span.GetTagItem("touchstone.outcome").ShouldBe("invalid_client");
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense")]
    [InlineData("00-00000000000000000000000000000000-0000000000000000-00")]
    public async Task Without_a_readable_parent_a_span_is_a_root(string? parent)
    {
        var spans = new ConcurrentQueue<Activity>();
        await using var server = await TestServer.StartAsync();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Touchstone.Server",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await server.SendRawAsync($"POST /oauth/introspect HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 0\n{(parent is null ? "" : $"traceparent: {parent}\n")}\n");
        await server.App.DisposeAsync();
        spans.ShouldHaveSingleItem().ParentSpanId.ToString().ShouldBe("0000000000000000");
    }
}
