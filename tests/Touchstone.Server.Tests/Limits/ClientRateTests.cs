using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Tests.Limits;

public sealed class ClientRateTests
{
    private static Task<TestClient> AddAsync(TestServer server, string id, object? limits) => server.Admin.AddClientAsync(new { client_id = id, kind = "resource-server", audience = new[] { Acme.OrdersApi }, limits });

    private static async Task<int> AdmittedAsync(TestServer server, TestClient caller, int requests)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, requests).Select(_ => server.OAuth.IntrospectAsync("unknown", caller)));
        foreach (var answer in answers.Where(answer => answer.Status != 200)) answer.ShouldBeError(429, "rate_limit_exceeded", "This client asks too often.");
        return answers.Count(answer => answer.Status == 200);
    }

    [Fact]
    public async Task C07_By_default_200_come_at_once_then_429_with_Retry_After_and_after_it_100_more()
    {
        await using var server = await TestServer.StartAsync();
        var orders = await AddAsync(server, "rs", null);
        (await AdmittedAsync(server, orders, 250)).ShouldBe(200);
        var refused = await server.OAuth.IntrospectAsync("unknown", orders);
        refused.Header("Retry-After").ShouldBe("1");
        server.Time.AdvanceSeconds(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture));
        (await AdmittedAsync(server, orders, 150)).ShouldBe(100);
    }

    [Theory, InlineData(OAuthCalls.Introspect), InlineData(OAuthCalls.Batch), InlineData(OAuthCalls.Revoke), InlineData(OAuthCalls.Token)]
    public async Task C07_Every_endpoint_is_limited_before_what_is_missing_is_told(string endpoint)
    {
        await using var server = await TestServer.StartAsync();
        var orders = await AddAsync(server, "rs", new { rate = 1, burst = 1 });
        (await server.OAuth.PostAsync(endpoint, orders)).ShouldBeError(400, "invalid_request");
        (await server.OAuth.PostAsync(endpoint, orders)).ShouldBeError(429, "rate_limit_exceeded");
    }

    [Fact]
    public async Task Retry_After_is_true_to_the_second_for_a_charge_of_many()
    {
        await using var server = await TestServer.StartAsync();
        var orders = await AddAsync(server, "rs", new { rate = 2, burst = 10 });
        var client = server.Services.GetRequiredService<ClientDirectory>().Find(orders.Id)!;
        var limits = server.Services.GetRequiredService<CallerLimits>();
        var exchange = new FormExchange();

        (await AdmittedAsync(server, orders, 10)).ShouldBe(10);
        Charge(9).ShouldBe(("429", "5"));
        server.Time.AdvanceSeconds(4);
        Charge(9).ShouldBe(("429", "1"));
        server.Time.AdvanceSeconds(1);
        Charge(9).ShouldBe(("", ""));

        (string, string) Charge(int tokens)
        {
            var http = new DefaultHttpContext();
            exchange.Begin(http, server.Time.GetTimestamp());
            exchange.Caller = client;
            return limits.Admit(exchange, tokens) ? ("", "") : (http.Response.StatusCode.ToString(CultureInfo.InvariantCulture), http.Response.Headers.RetryAfter.ToString());
        }
    }

    [Fact]
    public async Task A_batch_costs_one_for_each_token()
    {
        await using var server = await TestServer.StartAsync();
        var orders = await AddAsync(server, "rs", new { rate = 10, burst = 50 });
        string[] tokens = [.. Enumerable.Range(0, 30).Select(i => $"unknown-{i}")];
        (await server.OAuth.IntrospectAllAsync(orders, tokens)).Status.ShouldBe(200);
        (await server.OAuth.IntrospectAllAsync(orders, tokens)).ShouldBeError(429, "rate_limit_exceeded").Header("Retry-After").ShouldBe("1");
        (await AdmittedAsync(server, orders, 30)).ShouldBe(20);
        server.Time.AdvanceSeconds(5);
        // More than it may ever send at once: when the bucket is full, and then it waits the longer.
        (await server.OAuth.IntrospectAllAsync(orders, [.. tokens, .. tokens])).Status.ShouldBe(200);
        (await AdmittedAsync(server, orders, 1)).ShouldBe(0);
        server.Time.AdvanceSeconds(1);
        (await AdmittedAsync(server, orders, 1)).ShouldBe(0);
        server.Time.Advance(TimeSpan.FromMilliseconds(100));
        (await AdmittedAsync(server, orders, 2)).ShouldBe(1);
    }

    [Fact]
    public async Task Nobody_drains_the_bucket_of_another_by_naming_it()
    {
        await using var server = await TestServer.StartAsync(options => options.Limits.MaxFailureDelay = TimeSpan.Zero);
        var orders = await AddAsync(server, "rs", new { rate = 1, burst = 5 });
        for (var i = 0; i < 50; i++) (await server.OAuth.IntrospectAsync("unknown", orders with { Secret = "wrong" })).ShouldBeError(401, "invalid_client");
        (await AdmittedAsync(server, orders, 6)).ShouldBe(5);
    }

    [Fact]
    public async Task One_client_at_its_limit_leaves_the_others_alone()
    {
        await using var server = await TestServer.StartAsync();
        var (loud, quiet) = (await AddAsync(server, "loud", new { rate = 1, burst = 1 }), await AddAsync(server, "quiet", null));
        (await AdmittedAsync(server, loud, 10)).ShouldBe(1);
        (await server.OAuth.IntrospectAsync("unknown", quiet)).ShouldBeInactive();
    }

    [Fact]
    public async Task Limits_change_at_once_and_a_change_of_something_else_fills_no_bucket()
    {
        await using var server = await TestServer.StartAsync();
        var orders = await AddAsync(server, "rs", new { rate = 1, burst = 2 });
        (await AdmittedAsync(server, orders, 3)).ShouldBe(2);
        var rotated = await server.Admin.ChangeAsync("rs", "rotate-secret");
        orders = orders with { Secret = rotated.GetProperty("client_secret").GetString() };
        (await AdmittedAsync(server, orders, 1)).ShouldBe(0);

        (await server.Admin.ChangeAsync("rs", "limits", new { rate = 5 })).GetProperty("limits").GetRawText().ShouldBe("""{"rate":5,"burst":2}""");
        (await AdmittedAsync(server, orders, 3)).ShouldBe(2);
        (await server.Admin.ChangeAsync("rs", "limits", new { burst = 4 })).GetProperty("limits").GetRawText().ShouldBe("""{"rate":5,"burst":4}""");
        (await AdmittedAsync(server, orders, 5)).ShouldBe(4);
        (await server.Admin.ChangeAsync("rs", "limits", new { rate = 0 })).GetProperty("limits").GetRawText().ShouldBe("""{"rate":0}""");
        (await AdmittedAsync(server, orders, 300)).ShouldBe(300);
    }

    [Fact]
    public async Task Limits_outlive_a_restart()
    {
        using var folder = new TempFolder();
        await using (var first = await TestServer.StartAsync(data: folder.Path)) await AddAsync(first, "rs", new { rate = 7, allow_addresses = new[] { "127.0.0.0/8" } });
        await using var second = await TestServer.StartAsync(data: folder.Path);
        (await second.Admin.GetAsync("/admin/clients/rs")).Json.GetProperty("limits").GetRawText().ShouldBe("""{"rate":7,"burst":14,"allow_addresses":["127.0.0.0/8"]}""");
    }

    [Theory]
    [InlineData("""{"rate":-1}""", "rate"), InlineData("""{"rate":1000001}""", "rate"), InlineData("""{"burst":0}""", "burst"), InlineData("""{"allow_addresses":["10.1"]}""", "allow_addresses"), InlineData("""{"allow_addresses":["0.0.0.0/0"]}""", "allow_addresses")]
    public async Task What_no_limit_can_be_is_refused_when_registered_and_when_changed(string limits, string member)
    {
        await using var server = await TestServer.StartAsync();
        (await server.Admin.PostAsync(AdminCalls.Clients, $$"""{"client_id":"a","kind":"client","limits":{{limits}}}""")).ShouldBeProblem(400, "The client was not added.").Faults().ShouldBe(["limits." + member]);
        await AddAsync(server, "rs", null);
        (await server.Admin.PostAsync("/admin/clients/rs/limits", limits)).ShouldBeProblem(400, "The limits were not changed.").Faults().ShouldBe([member]);
        (await server.Admin.PostAsync("/admin/clients/nobody/limits", "{}")).ShouldBeProblem(404);
    }

    [Fact]
    public async Task The_clients_of_the_demo_have_no_limit()
    {
        await using var server = await TestServer.StartAsync(options => options.Demo = true);
        var api = server.App.Demo!.ResourceServer;
        (await AdmittedAsync(server, new TestClient(api.ClientId, api.ClientSecret), 400)).ShouldBe(400);
    }

    [Fact]
    public void Letting_a_caller_pass_allocates_nothing()
    {
        var time = new ManualTime();
        var gate = ClientGate.Of(new ClientLimits(1, 1_000_000, ["127.0.0.0/8"]), new LimitOptions(), null, time);
        var exchange = new FormExchange();
        var http = new DefaultHttpContext();
        http.Connection.RemoteIpAddress = IPAddress.Loopback;
        exchange.Begin(http, time.GetTimestamp());
        exchange.Caller = new Client(new ClientRegistration { ClientId = "a", Kind = ClientRegistration.ClientKind }, gate);
        var limits = new CallerLimits(time);
        Admit(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Admit(1000);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        void Admit(int times)
        {
            for (var i = 0; i < times; i++)
            {
                if (!limits.Admit(exchange)) throw new InvalidOperationException();
                exchange.Caller!.Gate.Activity.Count(Protocol.Introspection.InactiveReason.Unknown);
            }
        }
    }
}
