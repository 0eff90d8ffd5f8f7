// Why a Redis client of our own: no package that is fit restores where this is built. StackExchange.Redis 2 and 3 are missing; 1.2.6 is there, but its asynchronous calls
// wait without end for a server that stands still, and it knows no users (ACL). What a cache needs of the protocol is little: some eight commands, pipelined.
using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Touchstone.Client.Redis;

/// <summary>
/// One connection. Commands leave in the order in which they came, many in one packet, and replies are matched in that order. The lock covers both queue and buffer, so their orders are one.
/// It ends for good by whatever makes the match doubtful: a break, a reply that can't be understood, a reply that stays away. All that wait then fail at once.
/// </summary>
internal sealed class RedisConnection : IDisposable
{
    private const int MaxUnsentBytes = 16 << 20, KeptBuffer = 1 << 20, ReadBuffer = 16 << 10;

    private static readonly TimeSpan IdleBeforePing = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<RedisCall> _calls = new();
    private readonly Stream _stream;
    private readonly int _maxPending;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly ITimer _watch;
    private readonly TaskCompletionSource<RedisFault> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ArrayBufferWriter<byte> _unsent = new(), _spare = new();
    private bool _isFlushing;
    private long _lastReply;
    private RedisFault? _fault;

    /// <summary>Begins to read from a stream that it owns.</summary>
    /// <param name="stream">Open, and after TLS.</param>
    /// <param name="maxPending">How many calls may wait for their replies.</param>
    /// <param name="patience">How old the oldest of them may get before the server counts as dead.</param>
    /// <param name="time">The clock.</param>
    internal RedisConnection(Stream stream, int maxPending, TimeSpan patience, TimeProvider time)
    {
        (_stream, _maxPending, _patience, _time) = (stream, maxPending, patience, time);
        _lastReply = time.GetTimestamp();
        _watch = time.CreateTimer(static connection => ((RedisConnection)connection!).Watch(), this, patience / 4, patience / 4);
        _ = Task.Run(ReadAsync);
    }

    /// <summary>Ends when the connection does, with the reason.</summary>
    internal Task<RedisFault> Closed => _closed.Task;

    /// <summary>Sends a command, unless too many wait. It does not throw, and it ends when the reply comes or the connection ends: whoever waits less long says so.</summary>
    internal Task<RedisReply> SendAsync(RespKind understood, params ReadOnlySpan<ReadOnlyMemory<byte>> arguments)
    {
        var call = new RedisCall(understood, _time.GetTimestamp());
        var mustFlush = false;
        lock (_lock)
        {
            if (_fault is null && (_calls.Count >= _maxPending || _unsent.WrittenCount >= MaxUnsentBytes)) call.Tell(new RedisReply(default, RedisFault.Busy));
            else if (_fault is { } fault) call.Tell(new RedisReply(default, fault));
            else
            {
                _calls.Enqueue(call);
                RespWriter.Write(_unsent, arguments);
                (mustFlush, _isFlushing) = (!_isFlushing, true);
            }
        }
        // Elsewhere: no caller writes for the others.
        if (mustFlush) _ = Task.Run(FlushAsync);
        return call.Reply;
    }

    public void Dispose() => Close(RedisFault.NotConnected);

    private async Task FlushAsync()
    {
        try
        {
            while (true)
            {
                ArrayBufferWriter<byte> sending;
                lock (_lock)
                {
                    if (_unsent.WrittenCount == 0 || _fault is not null)
                    {
                        _isFlushing = false;
                        return;
                    }
                    (sending, _unsent) = (_unsent, _spare);
                }
                await _stream.WriteAsync(sending.WrittenMemory);
                sending.Clear(); // With zeros: it may have had a password.
                _spare = sending.Capacity > KeptBuffer ? new() : sending;
            }
        }
        catch (Exception gone) when (IsBreak(gone))
        {
            Close(RedisFault.NotConnected);
        }
    }

    private async Task ReadAsync()
    {
        var fault = RedisFault.NotConnected;
        var reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: ReadBuffer, leaveOpen: true));
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync();
                var (rest, understood) = Take(read.Buffer);
                if (!understood) fault = RedisFault.Malformed;
                if (!understood || read.IsCompleted) return;
                reader.AdvanceTo(rest, read.Buffer.End);
            }
        }
        catch (Exception gone) when (IsBreak(gone))
        {
            // Told to all that wait.
        }
        finally
        {
            Close(fault);
            await reader.CompleteAsync();
        }
    }

    private (SequencePosition Next, bool Understood) Take(ReadOnlySequence<byte> buffer)
    {
        var reader = new RespReader(buffer);
        while (true)
        {
            var rest = reader.Position;
            switch (reader.TryRead(out var value))
            {
                case RespProgress.Incomplete:
                    return (rest, true);
                case RespProgress.Malformed:
                    return (rest, false);
                default:
                    // A push is nobody's reply.
                    if (value.Kind is not RespKind.Push && !TryDeliver(value)) return (rest, false);
                    break;
            }
        }
    }

    private bool TryDeliver(in RespValue value)
    {
        RedisCall? call;
        lock (_lock)
        {
            _lastReply = _time.GetTimestamp();
            if (!_calls.TryDequeue(out call)) return _fault is not null;
        }
        if (!call.Understands(value.Kind))
        {
            call.Tell(new RedisReply(default, RedisFault.Malformed));
            return false;
        }
        RedisFault? fault = value.Kind is RespKind.Error ? RedisCall.FaultOf(value.Bytes) : null;
        call.Tell(new RedisReply(value, fault));
        // It was the primary and is not any more: who connects again finds the one that is.
        if (fault is RedisFault.ReadOnly) Close(RedisFault.ReadOnly);
        return true;
    }

    // A server that stands still keeps its connections open. What shows it is the reply that stays away; where nobody asks, a PING does.
    private void Watch()
    {
        bool isOverdue, isIdle;
        lock (_lock)
        {
            isOverdue = _calls.TryPeek(out var oldest) && _time.GetElapsedTime(oldest.Began) > _patience;
            isIdle = _calls.Count == 0 && _fault is null && _time.GetElapsedTime(_lastReply) > IdleBeforePing;
        }
        if (isOverdue) Close(RedisFault.Timeout);
        else if (isIdle) _ = SendAsync(RespKind.Text, "PING"u8.ToArray());
    }

    private void Close(RedisFault fault)
    {
        RedisCall[] left;
        lock (_lock)
        {
            if (_fault is not null) return;
            _fault = fault;
            left = [.. _calls];
            _calls.Clear();
        }
        _watch.Dispose();
        _stream.Dispose();
        foreach (var call in left) call.Tell(new RedisReply(default, fault));
        _closed.TrySetResult(fault);
    }

    private static bool IsBreak(Exception exception) => exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException;
}
