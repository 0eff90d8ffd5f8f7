using System.Net;
using System.Net.Sockets;

namespace Touchstone.Testing.Processes;

/// <summary>One connection through a proxy.</summary>
internal sealed class ProxiedConnection(Socket client, ProxiedLine line)
{
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _reset = new();

    /// <summary>Ends it for both, without a goodbye.</summary>
    internal void Reset() => _reset.Cancel();

    /// <summary>Passes on what either end sends, until one of them ends or it is reset.</summary>
    internal async Task PassAsync(int target)
    {
        client.NoDelay = true;
        try
        {
            await line.PassAsync(_reset.Token);
            await _server.ConnectAsync(IPAddress.Loopback, target, _reset.Token);
            // Either end that closes ends both: nothing that is proxied here half-closes.
            await Task.WhenAny(CopyAsync(client, _server), CopyAsync(_server, client));
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException)
        {
            // There is no server, or it was reset.
        }
        finally
        {
            if (_reset.IsCancellationRequested) client.LingerState = _server.LingerState = new LingerOption(enable: true, seconds: 0);
            client.Dispose();
            _server.Dispose();
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer, _reset.Token) is var count and > 0)
            {
                await line.PassAsync(_reset.Token);
                for (var sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _reset.Token);
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Reset by either end or here: it ends for both.
        }
    }
}
