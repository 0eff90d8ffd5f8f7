using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Touchstone.Testing.Processes;

/// <summary>What is done with a connection once a request is sent.</summary>
public enum AfterSending
{
    /// <summary>The request is whole: an answer must come, and the connection may be used again.</summary>
    Read,

    /// <summary>The server judges the request broken: an answer or the end must come, and the connection is used no more.</summary>
    ReadAndClose,

    /// <summary>The request may be waiting for more, which is told never to come: an answer may come.</summary>
    HalfClose,

    /// <summary>The caller is gone (RST): no answer is read.</summary>
    Break,
}

/// <summary>An answer as it came over the wire.</summary>
/// <param name="Status">The status.</param>
/// <param name="Head">Status line and header lines.</param>
/// <param name="Body">The body.</param>
public sealed record RawAnswer(int Status, string Head, byte[] Body)
{
    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Whether a header is there.</summary>
    public bool Has(string header) => Head.Contains($"\r\n{header}:", StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// One connection that sends bytes as they are, for requests that no HTTP client would make, many of them one after another. It blocks its thread: for load,
/// that is the cheapest.
/// </summary>
public sealed class RawConnection(IPEndPoint server) : IDisposable
{
    private const int Patience = 30_000;
    private const int MaxAnswer = 32 << 20;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(15);

    private byte[] _received = new byte[64 << 10];
    private Socket? _socket;

    /// <summary>Sends a request and reads its answer; null when the connection ended without one.</summary>
    /// <exception cref="TimeoutException">The server neither answered nor closed.</exception>
    public RawAnswer? Exchange(ReadOnlySpan<byte> request, AfterSending after, bool isHead = false)
    {
        var (isNew, isUsable) = (_socket is null, false);
        try
        {
            _socket ??= Connect();
            SendAll(_socket, request);
            if (after is AfterSending.Break)
            {
                _socket.LingerState = new LingerOption(enable: true, seconds: 0);
                return null;
            }
            // Whoever is told that nothing more comes may not answer at all, so an answer that comes by itself is waited for.
            if (after is AfterSending.HalfClose && !_socket.Poll(Moment, SelectMode.SelectRead)) _socket.Shutdown(SocketShutdown.Send);
            var answer = Read(_socket, isHead);
            isUsable = after is AfterSending.Read && answer is not null && !answer.Head.Contains("\r\nConnection: close", StringComparison.OrdinalIgnoreCase);
            if (answer is not null || after is not AfterSending.Read || isNew) return answer;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.TryAgain)
        {
            throw new TimeoutException("The server neither answered nor closed the connection.", error);
        }
        catch (SocketException) when (after is not AfterSending.Read || isNew)
        {
            return null;
        }
        catch (SocketException)
        {
            // Told below.
        }
        finally
        {
            if (!isUsable) Close();
        }
        // An idle connection may have been closed just as this was sent: once more, on a new one.
        return Exchange(request, after, isHead);
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private Socket Connect()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = Patience, SendTimeout = Patience };
        socket.Connect(server);
        return socket;
    }

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty) bytes = bytes[socket.Send(bytes)..];
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            // The server refused before it had read everything: its answer may say why.
        }
    }

    private RawAnswer? Read(Socket socket, bool isHead)
    {
        var filled = 0;
        while (true)
        {
            var count = socket.Receive(_received.AsSpan(filled));
            if (count == 0) return null;
            filled += count;
            while (Parse(_received.AsSpan(0, filled), isHead, out var length) is { } answer)
            {
                if (answer.Status >= 200) return answer;
                // 100 Continue: the answer itself follows.
                _received.AsSpan(length, filled - length).CopyTo(_received);
                filled -= length;
            }
            if (filled == _received.Length) Array.Resize(ref _received, filled <= MaxAnswer / 2 ? filled * 2 : throw new InvalidOperationException("an answer that does not end"));
        }
    }

    private static RawAnswer? Parse(ReadOnlySpan<byte> bytes, bool isHead, out int length)
    {
        length = 0;
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0) return null;
        var head = Encoding.Latin1.GetString(bytes[..end]);
        if (!head.StartsWith("HTTP/1.", StringComparison.Ordinal)) throw new InvalidOperationException("no HTTP answer: " + head[..Math.Min(head.Length, 200)]);
        var status = int.Parse(head.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        var body = bytes[(end + 4)..];
        var size = isHead || status < 200 || status is 204 or 304 ? 0 : BodyLength(head, body);
        if (size < 0 || size > body.Length) return null;
        length = end + 4 + size;
        return new RawAnswer(status, head, body[..size].ToArray());
    }

    // In chunks (only /metrics answers so), all up to the last chunk counts, sizes included: it is looked at as text.
    private static int BodyLength(string head, ReadOnlySpan<byte> body)
    {
        const string Name = "\r\nContent-Length: ";
        var at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return body.IndexOf("\r\n0\r\n\r\n"u8) is var last and >= 0 ? last + 7 : body.StartsWith("0\r\n\r\n"u8) ? 5 : -1;
        var value = head.AsSpan(at + Name.Length);
        var line = value.IndexOf('\r');
        return int.Parse(line < 0 ? value : value[..line], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
