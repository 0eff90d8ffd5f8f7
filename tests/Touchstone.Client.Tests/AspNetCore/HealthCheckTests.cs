using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>The health check of a scheme, at real servers.</summary>
public sealed class HealthCheckTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task It_starts_the_client_and_is_healthy_while_the_feed_is_followed()
    {
        await using var shop = await Shop.OpenAsync();
        await using var parts = Parts(shop.Client);
        var entry = await CheckAsync(parts);
        (entry.Status, entry.Data["feed"], entry.Data["breaker"], entry.Data["entries"], entry.Data["head"]).ShouldBe((HealthStatus.Healthy, "followed", "closed", 0, shop.Client.Status.FeedHead));
        await shop.CheckAsync(await shop.TokenAsync());
        (await CheckAsync(parts)).Data["entries"].ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_feed_it_is_healthy_and_asks_nobody()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = server.Client();
        await using var parts = Parts(client);
        var entry = await CheckAsync(parts);
        (entry.Status, entry.Data["feed"], server.Calls).ShouldBe((HealthStatus.Healthy, "plain", 0));
    }

    [Fact]
    public async Task A_feed_that_is_not_followed_is_degraded_while_the_server_answers()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => http.Request.Path == "/feed" ? OtherServer.RefuseAsync(http, 503) : OtherServer.AnswerAsync(http, OtherServer.Inactive);
        await using var client = server.Client(options => (options.FeedEndpoint, options.TryTimeout) = (new Uri(server.Address, "/feed"), TimeSpan.FromMilliseconds(300)));
        await using var parts = Parts(client);
        var entry = await CheckAsync(parts);
        (entry.Status, entry.Data["feed"]).ShouldBe((HealthStatus.Degraded, "lapsed"));
    }

    [Theory]
    [InlineData(FailMode.FailClosed, 500, HealthStatus.Unhealthy)]
    [InlineData(FailMode.StaleIfError, 500, HealthStatus.Degraded)]
    [InlineData(FailMode.FailOpen, 500, HealthStatus.Degraded)]
    [InlineData(FailMode.FailOpen, 401, HealthStatus.Unhealthy)]
    public async Task A_server_that_can_not_be_asked_is_unhealthy_unless_the_policy_goes_on(FailMode mode, int status, HealthStatus expected)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, status);
        await using var client = server.Client(options => (options.FeedEndpoint, options.TryTimeout, options.Policy) = (new Uri(server.Address, "/feed"), TimeSpan.FromMilliseconds(300), new() { FailMode = mode }));
        await using var parts = Parts(client);
        var entry = await CheckAsync(parts);
        entry.Status.ShouldBe(expected);
        entry.Description!.ShouldContain(status == 401 ? "Refused" : "ServerError");
    }

    [Fact]
    public async Task A_server_that_was_never_found_is_unhealthy()
    {
        await using var client = new IntrospectionClient(new TokenIntrospectionOptions { Issuer = new Uri("http://127.0.0.1:1"), ClientId = "rs", ClientSecret = "s", Retries = 0 });
        await using var parts = Parts(client);
        (await CheckAsync(parts)).Status.ShouldBe(HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task An_open_breaker_is_unhealthy_and_the_check_itself_closes_it_again()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        await using var client = server.Client(options => options.BreakDuration = TimeSpan.FromMilliseconds(500), _time);
        await using var parts = Parts(client);
        for (var i = 0; i < 10; i++) await client.IntrospectAsync("t");
        var entry = await CheckAsync(parts);
        (entry.Status, entry.Data["breaker"]).ShouldBe((HealthStatus.Unhealthy, "open"));

        // No request comes, for readiness keeps them away.
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        _time.Advance(TimeSpan.FromMilliseconds(501));
        entry = await CheckAsync(parts);
        (entry.Status, entry.Data["breaker"]).ShouldBe((HealthStatus.Healthy, "closed"));
    }

    [Fact]
    public async Task While_the_server_is_tried_again_it_is_degraded()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, 500);
        await using var client = server.Client(options => options.BreakDuration = TimeSpan.FromMilliseconds(500), _time);
        await using var parts = Parts(client);
        for (var i = 0; i < 10; i++) await client.IntrospectAsync("t");
        var (arrived, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Behavior = async http =>
        {
            arrived.TrySetResult();
            await go.Task;
            await OtherServer.AnswerAsync(http, OtherServer.Active);
        };
        _time.Advance(TimeSpan.FromMilliseconds(501));
        var trying = client.IntrospectAsync("t").AsTask();
        await arrived.Task;
        var entry = await CheckAsync(parts);
        (entry.Status, entry.Data["breaker"]).ShouldBe((HealthStatus.Degraded, "halfopen"));
        go.SetResult();
        (await trying).IsActive.ShouldBeTrue();
    }

    // A client that is brought is not disposed by the container.
    private static ServiceProvider Parts(IntrospectionClient client)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddKeyedSingleton(TokenIntrospectionDefaults.AuthenticationScheme, client);
        services.AddHealthChecks().AddTokenIntrospection();
        return services.BuildServiceProvider();
    }

    private static async Task<HealthReportEntry> CheckAsync(IServiceProvider parts) => (await parts.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["introspection-Bearer"];
}
