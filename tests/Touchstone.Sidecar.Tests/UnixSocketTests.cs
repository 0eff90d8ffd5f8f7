using System.Net.Sockets;

namespace Touchstone.Sidecar.Tests;

/// <summary>What lies where a socket is to be.</summary>
public sealed class UnixSocketTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_socket_that_somebody_listens_at_and_a_file_stay_and_one_that_was_left_goes()
    {
        var (path, file) = (_folder.File("s.sock"), _folder.File("notes"));
        File.WriteAllText(file, "mine");
        UnixSockets.Free("unix:" + file);
        File.ReadAllText(file).ShouldBe("mine");

        using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
            UnixSockets.Free("unix:" + path);
            File.Exists(path).ShouldBeTrue();
            // As it is after a kill: closed, and left where it was.
            File.Move(path, path + ".left");
        }
        UnixSockets.Free("unix:" + path + ".left");
        File.Exists(path + ".left").ShouldBeFalse();
        UnixSockets.Free("http://127.0.0.1:1");
        UnixSockets.Free("unix:" + path);
    }

    [Fact]
    public async Task Whoever_opens_the_socket_is_trusted_and_needs_no_secret_where_the_file_says_so()
    {
        var path = _folder.File("sidecar.sock");
        await using var site = await ForwardAuth.SidecarSite.OpenAsync(listen: "unix:" + path, more: "introspect: { socket_peers: true }\ntrusted_proxies: 10.0.0.0/8");
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }) { BaseAddress = new Uri("http://sidecar") };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/auth/nginx") { Headers = { { "X-Original-Method", "GET" }, { "X-Original-Host", "a.test" }, { "X-Original-URI", "/healthz" } } };
        (await http.SendAsync(request)).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        using var form = new FormUrlEncodedContent([new("token", await site.TokenAsync())]);
        (await (await http.PostAsync("/introspect", form)).Content.ReadAsStringAsync()).ShouldStartWith("{\"active\":true");
    }
}
