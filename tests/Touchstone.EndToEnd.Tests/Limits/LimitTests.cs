using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Touchstone.EndToEnd.Tests.Limits;

/// <summary>Limits of the real server, by its own clock.</summary>
public sealed class LimitTests(SharedServer shared)
{
    private const string Audience = "https://limits.example";

    private ServerProcess Server => shared.Server;

    [Fact]
    public async Task A05_Who_guesses_waits_and_the_right_secret_from_another_address_does_not()
    {
        await using var server = await ServerProcess.StartAsync();
        var orders = await server.Admin.AddResourceServerAsync("rs", Audience);
        using var here = new HttpClient(From("127.0.0.1")) { BaseAddress = server.Address };
        using var there = new HttpClient(From("127.0.0.2")) { BaseAddress = server.Address };

        var guesses = 0;
        Answer refused;
        do
        {
            refused = await new OAuthCalls(there).IntrospectAsync("x", orders with { Secret = $"guess-{guesses++}" });
        }
        while (refused.Status == 401 && guesses < 100);
        guesses.ShouldBe(7);
        refused.Status.ShouldBe(429);
        refused.Json.GetProperty("error").GetString().ShouldBe("rate_limit_exceeded");
        int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture).ShouldBe(1);

        (await new OAuthCalls(here).IntrospectAsync("x", orders)).Text.ShouldBe("{\"active\":false}");
        // And there, as soon as the wait is over.
        await Until.TrueAsync(async () => (await new OAuthCalls(there).IntrospectAsync("x", orders)).Status == 200, "the wait is over");
        server.Error.ShouldContain("Limit authentication_delayed met by rs");
    }

    [Fact]
    public async Task C07_Who_asks_too_often_is_told_when_to_come_again_and_then_is_answered()
    {
        var orders = await Server.Admin.AddClientAsync(new { client_id = SharedServer.Name("slow"), kind = "resource-server", audience = new[] { Audience }, limits = new { rate = 1, burst = 3 } });
        Answer? refused = null;
        for (var i = 0; refused is null && i < 100; i++)
        {
            var answer = await Server.OAuth.IntrospectAsync("x", orders);
            if (answer.Status == 200) answer.Text.ShouldBe("{\"active\":false}");
            else refused = answer;
        }
        refused!.Status.ShouldBe(429);
        refused.Header("Retry-After").ShouldBe("1");
        var started = TimeProvider.System.GetTimestamp();
        await Until.TrueAsync(async () => (await Server.OAuth.IntrospectAsync("x", orders)).Status == 200, "a token came back");
        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task The_command_line_sets_limits_that_hold_at_once()
    {
        var id = SharedServer.Name("rs");
        var added = await shared.Cli.RunAsync("client", "add", id, "--kind", "resource-server", "--audience", Audience, "--rate", "1", "--burst", "1", "--allow-address", "192.0.2.0/24", "--allow-address", "2001:db8::/32", "--json");
        added.Json.GetProperty("limits").GetRawText().ShouldBe("""{"rate":1,"burst":1,"allow_addresses":["192.0.2.0/24","2001:db8::/32"]}""");
        var client = new TestClient(id, added.Json.GetProperty("client_secret").GetString());
        (await Server.OAuth.IntrospectAsync("x", client)).Status.ShouldBe(403);

        (await shared.Cli.RunAsync("client", "set-limits", id, "--any-address", "--rate", "0")).ShouldEndWith(0);
        for (var i = 0; i < 20; i++) (await Server.OAuth.IntrospectAsync("x", client)).Status.ShouldBe(200);
        (await shared.Cli.RunAsync("client", "set-limits", id, "--allow-address", "127.0.0.1", "--rate", "50", "--json")).Json.GetProperty("limits").GetRawText().ShouldBe("""{"rate":50,"burst":1,"allow_addresses":["127.0.0.1"]}""");
        (await Server.OAuth.IntrospectAsync("x", client)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_command_line_refuses_what_cannot_be()
    {
        var id = SharedServer.Name("rs");
        (await shared.Cli.RunAsync("client", "add", id, "--kind", "resource-server", "--audience", Audience)).ShouldEndWith(0);
        (await shared.Cli.RunAsync("client", "set-limits", id, "--any-address", "--allow-address", "192.0.2.1")).ShouldEndWith(2);
        var wrong = await shared.Cli.RunAsync("client", "set-limits", id, "--allow-address", "everywhere");
        wrong.ExitCode.ShouldNotBe(0);
        wrong.Error.ShouldContain("everywhere");
    }

    private static SocketsHttpHandler From(string address) => new()
    {
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };
}
