using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;
using Touchstone.Client.Testing;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Single methods of a SignalR hub, over a real WebSocket with the token in its header.</summary>
public sealed class HubTests
{
    private const char End = '\u001e';

    private readonly FakeAuthorizationServer _server = new();

    [Theory]
    [InlineData("Read", "orders:read", true), InlineData("Write", "orders:read", false), InlineData("Write", "orders:read orders:write", true), InlineData("Fresh", "orders:read", false), InlineData("Numbers", "orders:read", false), InlineData("Open", "", true)]
    public async Task A_method_needs_what_its_attributes_say(string method, string scopes, bool isAllowed)
    {
        await using var app = await StartAsync();
        using var socket = await ConnectAsync(app, _server.Issue(scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        await SendAsync(socket, $$"""{"type":{{(method == "Numbers" ? 4 : 1)}},"invocationId":"1","target":"{{method}}","arguments":[]}""");
        var answer = await ReadAsync(socket);
        answer.Contains("\"error\"", StringComparison.Ordinal).ShouldBe(!isAllowed, answer);
        if (isAllowed) answer.ShouldContain("\"result\":\"" + method + "\"");
    }

    private async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication().AddTokenIntrospection(options => _server.Configure(options.Introspection));
        builder.Services.AddAuthorization();
        builder.Services.AddSignalR();
        var app = builder.Build();
        app.MapHub<Orders>("/hub").RequireAuthorization();
        await app.StartAsync();
        return app;
    }

    private static async Task<ClientWebSocket> ConnectAsync(WebApplication app, string token)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        await socket.ConnectAsync(new Uri(app.Urls.First().Replace("http", "ws", StringComparison.Ordinal) + "/hub"), CancellationToken.None);
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        (await ReadAsync(socket)).ShouldBe("{}");
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, string message) => socket.SendAsync(Encoding.UTF8.GetBytes(message + End), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    // The next message that is no ping.
    private static async Task<string> ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer, CancellationToken.None);
            foreach (var message in Encoding.UTF8.GetString(buffer, 0, read.Count).Split(End, StringSplitOptions.RemoveEmptyEntries))
            {
                if (!message.Contains("\"type\":6", StringComparison.Ordinal)) return message;
            }
        }
    }

    private sealed class Orders : Hub
    {
        [RequiredScope("orders:read")]
        public string Read() => nameof(Read);

        [RequiredScope("orders:read"), RequiredScope("orders:write")]
        public string Write() => nameof(Write);

        [RequireMaxAge(60)]
        public string Fresh() => nameof(Fresh);

        [RequireAcr("aal2")]
        public IAsyncEnumerable<int> Numbers() => Enumerable.Range(0, 3).ToAsyncEnumerable();

        public string Open() => nameof(Open);
    }
}
