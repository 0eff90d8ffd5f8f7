using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Touchstone.Testing.Processes;

/// <summary>A proxy on loopback in front of a server, for the faults of a network: it can cut connections, swallow what they carry, or slow it down.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<ProxiedConnection, bool> _connections = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private volatile bool _isCut;

    private TcpProxy(int target)
    {
        _target = target;
        Port = Ports.Take();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Its port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>How many connections are open.</summary>
    public int Connections => _connections.Count;

    /// <summary>What the connections share.</summary>
    internal ProxiedLine Line { get; } = new();

    /// <summary>A proxy in front of a port of 127.0.0.1.</summary>
    public static TcpProxy Start(int target) => new(target);

    /// <summary>The peer is gone: every connection is reset, and so is each new one.</summary>
    public void Cut()
    {
        _isCut = true;
        foreach (var connection in _connections.Keys) connection.Reset();
    }

    /// <summary>The network is gone: connections stay and can be opened, and nothing passes. What was sent meanwhile arrives after <see cref="Restore"/>, as TCP sends it again.</summary>
    public void Swallow() => Line.Hold();

    /// <summary>The network is slow: everything arrives so much later, either way.</summary>
    public void Delay(TimeSpan delay) => Line.Delay = delay;

    /// <summary>All is well again.</summary>
    public void Restore()
    {
        _isCut = false;
        Line.Delay = TimeSpan.Zero;
        Line.Release();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        _listener.Dispose();
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                var connection = new ProxiedConnection(await _listener.AcceptSocketAsync(_ending.Token), Line);
                _ = ServeAsync(connection);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // It ended, or whoever came was gone before it was heard.
            }
        }
    }

    private async Task ServeAsync(ProxiedConnection connection)
    {
        _connections.TryAdd(connection, true);
        if (_isCut) connection.Reset(); // Looked at after it can be found: who cuts meanwhile finds it, or it sees the cut.
        await connection.PassAsync(_target);
        _connections.TryRemove(connection, out _);
    }
}
