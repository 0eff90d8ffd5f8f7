using System.Globalization;
using System.Net.Http.Headers;

namespace Touchstone.Server.Tests.Limits;

/// <summary>A-05: guessing is slow, and slows down nobody else.</summary>
public sealed class FailedAuthenticationTests
{
    private static Task<TestServer> StartAsync(Action<ServerOptions>? more = null) => TestServer.StartAsync(options =>
    {
        options.Limits.TrustedProxies = ["127.0.0.1"];
        more?.Invoke(options);
    });

    private static Task<TestClient> AddAsync(TestServer server, string id = "rs") => server.Admin.AddClientAsync(new { client_id = id, kind = "resource-server", audience = new[] { Acme.OrdersApi } });

    private static async Task FailAsync(TestServer server, TestClient client, int times, string from = "192.0.2.1")
    {
        for (var i = 0; i < times; i++) (await server.IntrospectFromAsync(from, "x", client with { Secret = "wrong" })).ShouldBeError(401, "invalid_client");
    }

    private static int Delay(Answer answer)
    {
        answer.ShouldBeError(429, "rate_limit_exceeded", "This client failed to authenticate too often from this address.");
        return int.Parse(answer.Header("Retry-After")!, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A05_Wrong_secrets_have_to_wait_longer_each_time_and_a_minute_at_most()
    {
        await using var server = await StartAsync();
        var orders = await AddAsync(server);
        await FailAsync(server, orders, 5);
        var delays = new List<int>();
        for (var i = 0; i < 9; i++)
        {
            await FailAsync(server, orders, 1);
            delays.Add(Delay(await server.IntrospectFromAsync("192.0.2.1", "x", orders)));
            server.Time.AdvanceSeconds(delays[^1]);
        }
        delays.ShouldBe([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    [Fact]
    public async Task A05_The_right_secret_from_another_address_is_never_locked_out()
    {
        await using var server = await StartAsync();
        var orders = await AddAsync(server);
        for (var attacker = 1; attacker <= 20; attacker++) await FailAsync(server, orders, 6, $"192.0.2.{attacker}");
        Delay(await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBe(1);
        (await server.IntrospectFromAsync("198.51.100.1", "x", orders)).ShouldBeInactive();
        (await server.OAuth.IntrospectAsync("x", orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task A05_While_it_waits_no_secret_is_told_from_another_and_waiting_makes_no_wait_longer()
    {
        await using var server = await StartAsync();
        var orders = await AddAsync(server);
        await FailAsync(server, orders, 7 - 1);
        for (var i = 0; i < 20; i++)
        {
            var (right, wrong) = (await server.IntrospectFromAsync("192.0.2.1", "x", orders), await server.IntrospectFromAsync("192.0.2.1", "x", orders with { Secret = "wrong" }));
            right.Shape().ShouldBe(wrong.Shape());
        }
        server.Time.AdvanceSeconds(1);
        (await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task A_success_ends_the_count_and_so_does_a_quarter_of_an_hour()
    {
        await using var server = await StartAsync();
        var orders = await AddAsync(server);
        await FailAsync(server, orders, 5);
        (await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBeInactive();
        await FailAsync(server, orders, 6);
        server.Time.AdvanceSeconds(15 * 60 + 1);
        await FailAsync(server, orders, 6);
        Delay(await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBe(1);
    }

    [Fact]
    public async Task One_client_that_waits_leaves_the_others_at_its_address_alone()
    {
        await using var server = await StartAsync();
        var (orders, billing) = (await AddAsync(server), await AddAsync(server, "other"));
        await FailAsync(server, orders, 6);
        (await server.IntrospectFromAsync("192.0.2.1", "x", billing)).ShouldBeInactive();
    }

    [Fact]
    public async Task A_right_secret_of_a_disabled_client_is_no_guess()
    {
        await using var server = await StartAsync();
        var orders = await AddAsync(server);
        await server.Admin.ChangeAsync("rs", "disable");
        for (var i = 0; i < 20; i++) (await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBeError(401, "invalid_client");
        await server.Admin.ChangeAsync("rs", "enable");
        (await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task A05_An_address_with_many_failures_waits_and_only_it()
    {
        await using var server = await StartAsync(options => (options.Limits.AddressFailures, options.Limits.AddressFailureBurst) = (10, 20));
        var orders = await AddAsync(server);
        for (var i = 0; i < 20; i++) (await server.IntrospectFromAsync("192.0.2.1", "x", new TestClient($"nobody-{i}", "x"))).ShouldBeError(401, "invalid_client");
        (await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBeInactive();

        foreach (var seconds in (int[])[1, 2, 4])
        {
            for (var i = 0; i < 100 && (await server.IntrospectFromAsync("192.0.2.1", "x", new TestClient("nobody", "x"))).Status == 401; i++);
            var refused = await server.IntrospectFromAsync("192.0.2.1", "x", orders);
            refused.ShouldBeError(429, "rate_limit_exceeded", "Too many requests from this address failed.").Header("Retry-After").ShouldBe(seconds.ToString(CultureInfo.InvariantCulture));
            (await server.IntrospectFromAsync("192.0.2.2", "x", orders)).ShouldBeInactive();
            server.Time.AdvanceSeconds(seconds);
            (await server.IntrospectFromAsync("192.0.2.1", "x", orders)).ShouldBeInactive();
        }
    }

    [Fact]
    public async Task The_address_is_judged_before_the_form_and_after_method_size_and_type()
    {
        await using var server = await StartAsync(options => options.Limits.AddressFailureBurst = 1);
        for (var i = 0; i < 2; i++) (await RawAsync("POST", "application/x-www-form-urlencoded", "a=%zz")).ShouldBeError(400, "invalid_request");
        (await RawAsync("POST", "application/x-www-form-urlencoded", "a=%zz")).ShouldBeError(429, "rate_limit_exceeded");
        (await RawAsync("GET", "application/x-www-form-urlencoded", "")).ShouldBeError(405, "invalid_request");
        (await RawAsync("POST", "application/x-www-form-urlencoded", new string('x', 70_000))).ShouldBeError(413, "invalid_request");
        (await RawAsync("POST", "text/plain", "a=%zz")).ShouldBeError(415, "invalid_request");

        Task<Answer> RawAsync(string method, string type, string body) =>
            server.SendRawAsync($"{method} /oauth/introspect HTTP/1.1\nHost: a\nConnection: close\nContent-Type: {type}\nContent-Length: {body.Length}\n\n{body}");
    }

    [Fact]
    public async Task A05_The_admin_interface_counts_and_refuses_alike()
    {
        await using var server = await StartAsync(options => options.Limits.AddressFailureBurst = 1);
        (await CallAsync()).ShouldBeProblem(401);
        (await CallAsync()).ShouldBeProblem(401);
        (await CallAsync()).ShouldBeProblem(429).GetProperty("detail").GetString().ShouldBe("Too many requests from this address failed.");
        (await server.OAuth.IntrospectAsync("x", server.AdminClient)).Status.ShouldBe(403);

        async Task<Answer> CallAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, AdminCalls.Clients);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", "192.0.2.1");
            return await server.OAuth.SendAsync(request);
        }
    }

    [Fact]
    public async Task An_administrator_is_told_why()
    {
        await using var server = await StartAsync();
        var orders = await AddAsync(server);
        await FailAsync(server, orders, 6);
        for (var i = 0; i < 50; i++) await server.IntrospectFromAsync("192.0.2.1", "x", orders);
        var reasons = (await server.Admin.GetAsync("/admin/clients/rs/failures")).Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("reason").GetString()).ToArray();
        reasons.ShouldBe(["authentication_delayed", .. Enumerable.Repeat("wrong_secret", 6)]);
    }
}
