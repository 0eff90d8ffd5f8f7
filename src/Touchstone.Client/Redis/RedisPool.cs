using Microsoft.Extensions.Logging;

namespace Touchstone.Client.Redis;

/// <summary>Keeps the connections: each that ends is replaced in the background, after a pause that grows from some tens of milliseconds to three seconds, and is never the same for all processes.</summary>
internal sealed class RedisPool : IAsyncDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50), LongestPause = TimeSpan.FromSeconds(3), Settled = TimeSpan.FromSeconds(5);

    private readonly RedisDialer _dialer;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly RedisConnection?[] _connections;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _keeping;
    private readonly Lock _lock = new();
    private TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open;
    private RedisFault? _told; // Why there is no connection, as it was logged last.
    private int _next;
    private int _disposed;

    internal RedisPool(RedisSettings settings, ILogger logger, TimeProvider time)
    {
        (_dialer, _logger, _time) = (new RedisDialer(settings, time), logger, time);
        _connections = new RedisConnection?[settings.Connections];
        _keeping = Task.WhenAll(Enumerable.Range(0, settings.Connections).Select(slot => Task.Run(() => KeepAsync(slot))));
    }

    /// <summary>Ends as soon as there is a connection.</summary>
    internal Task Connected
    {
        get
        {
            lock (_lock) return _connected.Task;
        }
    }

    /// <summary>Why there is no connection: what an operator has to mend is named, everything else is a missing connection.</summary>
    internal RedisFault Why
    {
        get
        {
            lock (_lock) return _told is RedisFault.Refused or RedisFault.Cluster or RedisFault.Tls or RedisFault.ReadOnly ? _told.Value : RedisFault.NotConnected;
        }
    }

    /// <summary>A connection, each in its turn; null where there is none.</summary>
    internal RedisConnection? Pick()
    {
        var first = (uint)Interlocked.Increment(ref _next);
        for (var i = 0u; i < _connections.Length; i++)
        {
            if (Volatile.Read(ref _connections[(first + i) % _connections.Length]) is { Closed.IsCompleted: false } connection) return connection;
        }
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        var isFirst = Interlocked.Exchange(ref _disposed, 1) == 0;
        if (isFirst) await _stopping.CancelAsync();
        await _keeping;
        if (isFirst) _stopping.Dispose();
    }

    private async Task KeepAsync(int slot)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                var began = _time.GetTimestamp();
                var wasOpen = await TryAsync(slot, wasBroken: failures > 0);
                failures = wasOpen && _time.GetElapsedTime(began) > Settled ? 0 : failures + 1;
                await Task.Delay(Pause(failures), _time, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // It was told to stop.
        }
    }

    // No fault of ours ends it for good.
    private async Task<bool> TryAsync(int slot, bool wasBroken)
    {
        try
        {
            var dialed = await _dialer.DialAsync(_stopping.Token);
            if (dialed.Connection is null) Failed(dialed);
            else await UseAsync(slot, dialed.Connection, dialed.Endpoint);
            return dialed.Connection is not null;
        }
        catch (Exception bug) when (!_stopping.IsCancellationRequested)
        {
            if (!wasBroken) _logger.RedisKeepingBroke(bug);
            return false;
        }
    }

    private async Task UseAsync(int slot, RedisConnection connection, RedisEndpoint endpoint)
    {
        using (connection)
        {
            var fault = RedisFault.NotConnected;
            Volatile.Write(ref _connections[slot], connection);
            Opened(endpoint);
            try
            {
                fault = await connection.Closed.WaitAsync(_stopping.Token);
            }
            finally
            {
                Volatile.Write(ref _connections[slot], null);
                Lost(endpoint, fault);
            }
        }
    }

    private void Opened(RedisEndpoint endpoint)
    {
        lock (_lock)
        {
            _told = null;
            if (_open++ > 0) return;
            _logger.RedisIsConnected(endpoint);
            _connected.TrySetResult();
        }
    }

    private void Lost(RedisEndpoint endpoint, RedisFault fault)
    {
        lock (_lock)
        {
            if (--_open > 0) return;
            _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _told = fault;
            if (Volatile.Read(ref _disposed) == 0) _logger.RedisIsLost(endpoint, fault);
        }
    }

    private void Failed(in RedisDialed dialed)
    {
        lock (_lock)
        {
            if (_open > 0 || _told == dialed.Fault) return;
            _told = dialed.Fault;
            if (dialed.Fault is RedisFault.Cluster) _logger.RedisIsCluster(dialed.Endpoint);
            else _logger.RedisCannotBeUsed(dialed.Endpoint, dialed.Fault, dialed.Detail);
        }
    }

    private static TimeSpan Pause(int failures)
    {
        var longest = ShortestPause * Math.Pow(2, Math.Min(failures, 8));
        return (longest < LongestPause ? longest : LongestPause) * (0.5 + (Random.Shared.NextDouble() / 2));
    }
}
