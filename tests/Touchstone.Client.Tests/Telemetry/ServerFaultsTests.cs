using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Touchstone.Client.Tests.Telemetry;

/// <summary>What operators are told of a server that can't be asked: once for each change, and nothing of what is secret.</summary>
public sealed class ServerFaultsTests
{
    private const string Token = "tk-in-no-log";

    private readonly CapturedLogs _logs = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_refusal_is_told_once_with_the_code_and_its_end_too()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => RefuseAsync(http, 401, "invalid_client");
        await using var client = ClientOf(options => options.IntrospectionEndpoint = server.Endpoint);
        for (var i = 0; i < 5; i++) await client.IntrospectAsync(Token);
        var told = $"{server.Address.ToString().TrimEnd('/')}/introspect refused client rs (401 invalid_client): look at client_id and its secret";
        Told(10).ShouldBe([told]);
        client.Status.LastFault.ShouldBe("refused client rs (401 invalid_client): look at client_id and its secret");

        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Active);
        await client.IntrospectAsync(Token);
        await client.IntrospectAsync("another");
        client.Status.LastFault.ShouldBeNull();
        Told(11).Count.ShouldBe(1);
        _logs.Text.ShouldNotContain(Token);
        _logs.Text.ShouldNotContain("secret of rs");
    }

    [Fact]
    public async Task What_comes_and_goes_is_told_once_a_minute_and_another_reason_at_once()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = ClientOf(options => options.IntrospectionEndpoint = server.Endpoint);
        for (var i = 0; i < 6; i++)
        {
            var status = i % 2 == 0 ? 401 : 403;
            server.Behavior = http => RefuseAsync(http, status, "anything <script>");
            await client.IntrospectAsync(Token);
            server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
            await client.IntrospectAsync($"t{i}");
        }
        Told(10).Count.ShouldBe(2);
        Told(11).Count.ShouldBe(2);
        _logs.Text.ShouldNotContain("script");
        _time.AdvanceSeconds(61);
        server.Behavior = http => RefuseAsync(http, 401, "invalid_client");
        await client.IntrospectAsync(Token);
        Told(10).Count.ShouldBe(3);
    }

    [Fact]
    public async Task What_came_back_within_the_minute_and_lasts_is_told_when_it_is_over()
    {
        await using var server = await OtherServer.StartAsync();
        await using var client = ClientOf(options => options.IntrospectionEndpoint = server.Endpoint);
        server.Behavior = http => RefuseAsync(http, 401, "invalid_client");
        await client.IntrospectAsync("a");
        server.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        await client.IntrospectAsync("b");
        server.Behavior = http => RefuseAsync(http, 401, "invalid_client");
        await client.IntrospectAsync("c");
        Told(10).Count.ShouldBe(1);
        _time.AdvanceSeconds(61);
        await client.IntrospectAsync("d");
        await client.IntrospectAsync("e");
        Told(10).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_by_what_the_socket_says()
    {
        await using var client = ClientOf(options => options.Issuer = new Uri("http://127.0.0.1:1"));
        await client.IntrospectAsync(Token);
        await client.IntrospectAsync(Token);
        Told(10).ShouldBe(["http://127.0.0.1:1 could not be reached: Connection refused"]);
        client.Status.LastFault.ShouldBe("could not be reached: Connection refused");
    }

    [Fact]
    public async Task An_issuer_that_calls_itself_otherwise_is_told_with_its_name()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"issuer":"https://tokens.acme.test","introspection_endpoint":"{{server.Endpoint}}"}""");
        await using var client = ClientOf(options => options.Issuer = server.Address);
        await client.IntrospectAsync(Token);
        client.Status.LastFault.ShouldBe("calls itself https://tokens.acme.test: issuer has to be written as it does");
        Told(10).ShouldHaveSingleItem();
    }

    private IReadOnlyList<string> Told(int id) => [.. _logs.Of(id).Where(static line => line.Level >= LogLevel.Information).Select(static line => line.Text.Split(" Server=")[0])];

    private IntrospectionClient ClientOf(Action<TokenIntrospectionOptions> more)
    {
        var options = new TokenIntrospectionOptions { ClientId = "rs", ClientSecret = "secret of rs", Retries = 0, Policy = new IntrospectionPolicy { NegativeTtl = TimeSpan.Zero } };
        more(options);
        return new IntrospectionClient(options, logger: LoggerFactory.Create(builder => builder.AddProvider(_logs)).CreateLogger<IntrospectionClient>(), time: _time);
    }

    private static async Task RefuseAsync(HttpContext http, int status, string code)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync($$"""{"error":"{{code}}","error_description":"the token {{Token}} with secret of rs"}""");
    }
}
