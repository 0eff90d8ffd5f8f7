using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Touchstone.Benchmarks;

/// <summary>A follower of the feed on a connection of its own, as docs/feed.md describes one, that holds nothing and tells what it hears. As cheap as can be: a thousand of them run beside the server.</summary>
internal sealed class FeedFollower(IPEndPoint server, string authorization, int number, IFeedWatch watch)
{
    private readonly string _instance = Guid.NewGuid().ToString("N");
    private byte[] _received = new byte[2 << 10];
    private string? _head;
    private int _nonce;

    /// <summary>Polls again and again until it is told to stop.</summary>
    internal async Task RunAsync(CancellationToken stopping)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, stopping);
            while (true)
            {
                await socket.SendAsync(Request(), stopping);
                Take(await ReceiveAsync(socket, stopping));
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // That was asked for.
        }
    }

    private byte[] Request() => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"GET /feed?wait=5&nonce={++_nonce}{(_head is null ? "" : "&after=" + _head)} HTTP/1.1\r\nHost: {server}\r\nAuthorization: {authorization}\r\nTouchstone-Follower: follower-{number};instance={_instance}\r\n\r\n"));

    private async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(Socket socket, CancellationToken stopping)
    {
        for (var filled = 0; ;)
        {
            var count = await socket.ReceiveAsync(_received.AsMemory(filled), stopping);
            if (count == 0) throw new IOException("The feed closed the connection.");
            filled += count;
            if (Body(_received.AsSpan(0, filled), out var start, out var length))
            {
                if (start + length <= filled) return _received.AsMemory(start, length);
                if (start + length > _received.Length) Array.Resize(ref _received, start + length);
            }
            else if (filled == _received.Length) Array.Resize(ref _received, filled * 2);
        }
    }

    private static bool Body(ReadOnlySpan<byte> bytes, out int start, out int length)
    {
        (start, length) = (bytes.IndexOf("\r\n\r\n"u8) + 4, 0);
        if (start < 4) return false;
        var head = bytes[..start];
        var at = head.IndexOf("\r\nContent-Length: "u8);
        if (!head.StartsWith("HTTP/1.1 200"u8) || at < 0) throw new IOException("No answer of the feed: " + Encoding.Latin1.GetString(bytes));
        var value = head[(at + 18)..];
        length = int.Parse(value[..value.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
        return true;
    }

    private void Take(ReadOnlyMemory<byte> body)
    {
        var json = new Utf8JsonReader(body.Span);
        while (json.Read())
        {
            if (json.TokenType is not JsonTokenType.PropertyName) continue;
            var isSeq = json.ValueTextEquals("seq"u8);
            var isHead = !isSeq && json.ValueTextEquals("head"u8);
            var isFloor = !isSeq && json.ValueTextEquals("floor"u8);
            var isNonce = !isSeq && json.ValueTextEquals("nonce"u8);
            json.Read();
            if (isSeq) watch.Heard(number, json.GetInt64());
            else if (isHead) _head = json.GetString();
            else if (isFloor) watch.Raised(number, json.GetInt64());
            else if (isNonce && json.GetString() != _nonce.ToString(CultureInfo.InvariantCulture)) throw new IOException("The nonce is another one.");
        }
        watch.Polled(number);
    }
}

/// <summary>What followers tell.</summary>
internal interface IFeedWatch
{
    /// <summary>An event.</summary>
    void Heard(int follower, long seq);

    /// <summary>A floor in place of events.</summary>
    void Raised(int follower, long floor);

    /// <summary>An answer was taken.</summary>
    void Polled(int follower);
}
