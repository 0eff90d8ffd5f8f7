using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;
using Touchstone.AspNetCore.Decisions;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>What is counted and logged about requests.</summary>
public sealed class DecisionTests
{
    private readonly ConcurrentBag<(string Name, string? Reason)> _counted = [];
    private readonly Lines _lines = new();

    [Fact]
    public async Task M04_Attempts_and_denials_are_counted_by_reason()
    {
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == AccessDecisions.MeterName) self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, _, labels, _) => _counted.Add((instrument.Name, labels.ToArray().SingleOrDefault(label => label.Key == "reason").Value as string)));
        await using var server = await OtherServer.StartAsync();
        await using var api = await StartAsync(server, DecisionLogging.None);
        // Other tests count at the same time, in other processes' names only: the listener hears all of this one.
        listener.Start();
        await UseAsync(api, server);
        foreach (var reason in new[] { "no_token", "malformed", "inactive", "cannot_tell", "insufficient_scope" }) _counted.ShouldContain(one => one.Name == AccessDecisions.Denials && one.Reason == reason, reason);
        _counted.Count(one => one.Name == AccessDecisions.Attempts).ShouldBeGreaterThanOrEqualTo(6);
        _lines.Texts.ShouldBeEmpty();
    }

    [Fact]
    public async Task F11_Decisions_are_logged_with_source_age_and_reason_and_without_the_token()
    {
        await using var server = await OtherServer.StartAsync();
        await using var api = await StartAsync(server, DecisionLogging.All);
        await UseAsync(api, server);
        var texts = string.Join('\n', _lines.Texts);
        texts.ShouldContain("accepted by Bearer: GET /read, source Server, age");
        texts.ShouldContain("accepted by Bearer: GET /read, source Memory, age");
        texts.ShouldContain("client shop, token id-7,");
        texts.ShouldContain("insufficient_scope by Bearer: GET /write");
        texts.ShouldContain("cannot_tell by Bearer: GET /read");
        texts.ShouldContain("fault ServerError");
        texts.ShouldNotContain("token-good");
        texts.ShouldNotContain("token-bad");
    }

    [Fact]
    public async Task Only_denials_are_logged_where_that_is_asked_for()
    {
        await using var server = await OtherServer.StartAsync();
        await using var api = await StartAsync(server, DecisionLogging.Denied);
        await UseAsync(api, server);
        _lines.Texts.ShouldNotBeEmpty();
        _lines.Texts.ShouldAllBe(text => !text.StartsWith("accepted"));
    }

    [Fact]
    public void Each_reason_is_documented()
    {
        var row = File.ReadLines(SampleTests.PathOf("docs", "metrics.md")).Single(line => line.StartsWith("| `reason` of denials |", StringComparison.Ordinal));
        foreach (var reason in AccessDecisions.Reasons) row.ShouldContain($"`{reason}`");
    }

    private static async Task UseAsync(Api api, OtherServer server)
    {
        await api.GetAsync("/read");
        await api.SendAsync("/read", "Bearer");
        server.Behavior = http => OtherServer.AnswerAsync(http, """{"active":true,"client_id":"shop","jti":"id-7","scope":"orders:read"}""");
        await api.GetAsync("/read", "token-good");
        await api.GetAsync("/read", "token-good");
        await api.GetAsync("/write", "token-good");
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        await api.GetAsync("/read", "token-bad");
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        await api.GetAsync("/read", "token-other");
    }

    private Task<Api> StartAsync(OtherServer server, DecisionLogging logs) => Api.StartAsync(options =>
    {
        options.LogDecisions = logs;
        options.Introspection = new() { IntrospectionEndpoint = server.Endpoint, ClientId = "rs", ClientSecret = "secret of rs", Retries = 0 };
    }, services: services => services.AddSingleton<ILoggerProvider>(_lines));

    private sealed class Lines : ILoggerProvider, ILogger
    {
        internal ConcurrentQueue<string> Texts { get; } = new();

        public ILogger CreateLogger(string categoryName) => categoryName == AccessDecisions.Category ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Texts.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
