using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests;

/// <summary>Ten thousand requests at once with a hundred tokens that nobody knows yet: the server is asked a hundred times.</summary>
public sealed class BurstTests
{
    private const int Requests = 10_000, Tokens = 100;

    [Fact]
    public async Task L26_A_burst_makes_one_call_for_each_token()
    {
        await using var server = await OtherServer.StartAsync();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Behavior = async http =>
        {
            await open.Task;
            await OtherServer.AnswerAsync(http, $$"""{"active":true,"sub":"{{http.Request.Form["token"]}}"}""");
        };
        await using var client = server.Client(Patient);
        await BurstAsync(client, [.. Enumerable.Range(0, Tokens).Select(i => $"t{i}")], open, token => token);
        server.Calls.ShouldBe(Tokens);
    }

    [Fact]
    public async Task L26_A_burst_makes_one_call_for_each_token_while_the_feed_is_followed()
    {
        var gate = new Gate();
        await using var shop = await Shop.OpenAsync(gate.Guard);
        var (tokens, subjects) = await TokensAsync(shop);
        await BurstAsync(shop.Client, tokens, gate.Open, token => subjects[token]);
        gate.Calls.ShouldBe(Tokens);
    }

    [Fact]
    public async Task L26_So_does_one_of_requests_to_an_API()
    {
        await using var server = await OtherServer.StartAsync();
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Behavior = async http =>
        {
            await open.Task;
            await OtherServer.AnswerAsync(http, $$"""{"active":true,"sub":"{{http.Request.Form["token"]}}"}""");
        };
        await ApiBurstAsync(
            scheme =>
            {
                (scheme.Introspection.IntrospectionEndpoint, scheme.Introspection.ClientId, scheme.Introspection.ClientSecret, scheme.Realm) = (server.Endpoint, "rs", "secret of rs", "orders");
                Patient(scheme.Introspection);
            },
            TimeProvider.System,
            [.. Enumerable.Range(0, Tokens).Select(i => $"t{i}")],
            open,
            token => token);
        server.Calls.ShouldBe(Tokens);
    }

    [Fact]
    public async Task L26_So_does_one_of_requests_to_an_API_that_follows_the_feed()
    {
        var gate = new Gate();
        await using var shop = await Shop.OpenAsync();
        var (tokens, subjects) = await TokensAsync(shop);
        await ApiBurstAsync(
            scheme =>
            {
                var options = scheme.Introspection;
                (options.IntrospectionEndpoint, options.FeedEndpoint, options.ClientId, options.ClientSecret, scheme.Realm) = (new Uri(shop.Server.Address, "/oauth/introspect"), new Uri(shop.Server.Address, "/feed"), shop.Orders.Id, shop.Orders.Secret, "orders");
                gate.Guard(options);
            },
            shop.Time,
            tokens,
            gate.Open,
            token => subjects[token]);
        gate.Calls.ShouldBe(Tokens);
    }

    // All are under way before the first answer comes; and a second burst is answered from memory.
    private static async Task BurstAsync(IntrospectionClient client, string[] tokens, TaskCompletionSource open, Func<string, string> subjectOf)
    {
        var checks = All(tokens, token => client.IntrospectAsync(token).AsTask());
        await Until.TrueAsync(() => client.Flights.Joined == Requests - Tokens, "all wait");
        open.SetResult();
        foreach (var (token, result) in await Task.WhenAll(checks)) (result.Outcome, result.Source, result.Token?.Subject).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Server, subjectOf(token)));
        foreach (var (_, result) in await Task.WhenAll(All(tokens, token => client.IntrospectAsync(token).AsTask()))) result.Source.ShouldBe(IntrospectionSource.Memory);
    }

    private static async Task ApiBurstAsync(Action<TokenIntrospectionSchemeOptions> scheme, TimeProvider time, string[] tokens, TaskCompletionSource open, Func<string, string> subjectOf)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(time);
        builder.Services.AddAuthentication().AddTokenIntrospection(scheme);
        builder.Services.AddAuthorization();
        await using var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/name", (HttpContext http) => http.User.FindFirst("sub")!.Value).RequireAuthorization();
        await app.StartAsync();
        using var http = app.GetTestClient();
        http.Timeout = Timeout.InfiniteTimeSpan;
        var client = app.Services.GetRequiredKeyedService<IntrospectionClient>(TokenIntrospectionDefaults.AuthenticationScheme);

        var requests = All(tokens, async token =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/name") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
            using var response = await http.SendAsync(request);
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        });
        await Until.TrueAsync(() => client.Flights.Joined == Requests - Tokens, "all wait");
        open.SetResult();
        foreach (var (token, answer) in await Task.WhenAll(requests)) answer.ShouldBe((HttpStatusCode.OK, subjectOf(token)));
    }

    private static Task<(string Token, T Result)>[] All<T>(string[] tokens, Func<string, Task<T>> ask) =>
        [.. Enumerable.Range(0, Requests).Select(i => Task.Run(async () => (tokens[i % Tokens], await ask(tokens[i % Tokens]))))];

    private static async Task<(string[] Tokens, Dictionary<string, string> Subjects)> TokensAsync(Shop shop)
    {
        var subjects = new Dictionary<string, string>();
        for (var i = 0; i < Tokens; i++) subjects[await shop.TokenAsync($"u-{i}")] = $"u-{i}";
        return ([.. subjects.Keys], subjects);
    }

    private static void Patient(TokenIntrospectionOptions options)
    {
        (options.Timeout, options.TryTimeout, options.Retries) = (TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2), 0);
        options.Policy = options.Policy with { PlainTtl = TimeSpan.FromMinutes(10) };
    }

    /// <summary>On the way to a server: lets no introspection pass before it is opened, and counts them.</summary>
    private sealed class Gate
    {
        private int _calls;

        internal TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal int Calls => Volatile.Read(ref _calls);

        internal void Guard(TokenIntrospectionOptions options)
        {
            Patient(options);
            options.Backchannel = () => new Door(this);
        }

        private sealed class Door(Gate gate) : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
        {
            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                if (request.Method == HttpMethod.Post)
                {
                    Interlocked.Increment(ref gate._calls);
                    await gate.Open.Task.WaitAsync(cancellationToken);
                }
                return await base.SendAsync(request, cancellationToken);
            }
        }
    }
}
