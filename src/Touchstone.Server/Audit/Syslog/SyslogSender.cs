using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Audit.Syslog;

/// <summary>
/// Sends records to a collector as they are written. What it can't send waits in memory up to a bound; what doesn't fit is not sent, and counted.
/// Syslog over TCP acknowledges nothing, so what went out shortly before a connection broke is sent again on the next one: a collector may see a record twice
/// (chain and number tell), and misses none.
/// </summary>
internal sealed class SyslogSender : IAsyncDisposable
{
    private static readonly TimeSpan InDoubt = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);
    private const int MaxWrite = 64 << 10;

    private readonly SyslogOptions _options;
    private readonly AuditCounts _counts;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _came = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop = Task.CompletedTask;
    private readonly Queue<byte[]> _waiting = new();
    private readonly Queue<(byte[] Message, long At)> _sent = new();
    private long _waitingBytes, _sentBytes;
    private bool _isClosing;

    public SyslogSender(AuditOptions options, AuditRecorder recorder, AuditCounts counts, TimeProvider time, ILogger<SyslogSender> logger)
    {
        _options = options.Syslog;
        _counts = counts;
        _time = time;
        _logger = logger;
        if (_options.Host is null) return;
        recorder.OnRecorded = Enqueue;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Gives what waits a few seconds more, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isClosing) return;
            _isClosing = true;
        }
        _came.Release();
        using var patience = new CancellationTokenSource(LastWords, TimeProvider.System);
        await _loop.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stopping.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Enqueue(IReadOnlyList<ReadOnlyMemory<byte>> records)
    {
        long dropped = 0;
        lock (_lock)
        {
            foreach (var record in records)
            {
                var message = SyslogMessage.Frame(record.Span);
                // What went out already gives way to what did not.
                while (_waitingBytes + _sentBytes + message.Length > _options.BufferBytes && _sent.TryDequeue(out var old)) _sentBytes -= old.Message.Length;
                if (_waitingBytes + message.Length > _options.BufferBytes)
                {
                    dropped++;
                    continue;
                }
                _waiting.Enqueue(message);
                _waitingBytes += message.Length;
            }
        }
        if (dropped > 0) _counts.NotSent(dropped);
        if (_came.CurrentCount == 0) _came.Release();
    }

    private async Task RunAsync()
    {
        var pause = FirstPause;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                patience.CancelAfter(TimeSpan.FromSeconds(10));
                await socket.ConnectAsync(_options.Host!, _options.Port, patience.Token);
                await using var stream = await OpenAsync(socket, patience.Token);
                pause = FirstPause;
                TakeBack();
                if (await SendAsync(stream)) return;
            }
            catch (Exception failed) when (failed is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
            {
                if (_stopping.IsCancellationRequested) return;
                _logger.SyslogFailed(_options.Host!, _options.Port, failed.Message);
            }
            await Task.Delay(pause, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<Stream> OpenAsync(Socket socket, CancellationToken stop)
    {
        var network = new NetworkStream(socket);
        if (!_options.Tls) return network;
        var stream = new SslStream(network);
        var options = new SslClientAuthenticationOptions { TargetHost = _options.Host };
        if (_options.CaFile is { } file)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(file);
            options.CertificateChainPolicy = policy;
        }
        await stream.AuthenticateAsClientAsync(options, stop);
        return stream;
    }

    // True when everything was sent and no more will come.
    private async Task<bool> SendAsync(Stream stream)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var watching = WatchAsync(stream, broken);
        try
        {
            while (true)
            {
                if (Take() is { } batch)
                {
                    await stream.WriteAsync(batch.Bytes, broken.Token);
                    await stream.FlushAsync(broken.Token);
                    _counts.Sent(batch.Count);
                    continue;
                }
                lock (_lock)
                {
                    if (_isClosing && _waiting.Count == 0) return true;
                }
                await _came.WaitAsync(broken.Token);
            }
        }
        finally
        {
            await broken.CancelAsync();
            await watching;
        }
    }

    // A collector says nothing; when it does end the connection, the next write would still seem to succeed. So the end is watched for.
    private static async Task WatchAsync(Stream stream, CancellationTokenSource broken)
    {
        var buffer = new byte[256];
        try
        {
            while (await stream.ReadAsync(buffer, broken.Token) > 0)
            {
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or SocketException)
        {
            // The same as an end.
        }
        await broken.CancelAsync();
    }

    private (byte[] Bytes, int Count)? Take()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0) return null;
            var now = _time.GetTimestamp();
            while (_sent.TryPeek(out var old) && _time.GetElapsedTime(old.At, now) > InDoubt) _sentBytes -= _sent.Dequeue().Message.Length;
            using var batch = new MemoryStream();
            var count = 0;
            while (batch.Length < MaxWrite && _waiting.TryDequeue(out var message))
            {
                batch.Write(message);
                _waitingBytes -= message.Length;
                _sent.Enqueue((message, now));
                _sentBytes += message.Length;
                count++;
            }
            return (batch.ToArray(), count);
        }
    }

    // What the broken connection may have swallowed stands first again.
    private void TakeBack()
    {
        lock (_lock)
        {
            if (_sent.Count == 0) return;
            byte[][] all = [.. _sent.Select(sent => sent.Message), .. _waiting];
            _sent.Clear();
            _waiting.Clear();
            foreach (var message in all) _waiting.Enqueue(message);
            _waitingBytes += _sentBytes;
            _sentBytes = 0;
        }
    }
}
