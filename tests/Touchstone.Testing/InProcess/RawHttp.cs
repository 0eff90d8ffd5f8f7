using System.Net.Sockets;
using System.Text;

namespace Touchstone.Testing.InProcess;

/// <summary>Sends bytes as they are, for requests that no HTTP client would make, and reads the answer to its end.</summary>
public static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Sends a request in Latin-1. Lines may end in LF alone: they are sent with CRLF, up to the first empty line.</summary>
    /// <remarks>The request should say <c>Connection: close</c>; else the answer ends where Content-Length says.</remarks>
    public static Task<Answer> SendAsync(Uri server, string request)
    {
        var end = request.IndexOf("\n\n", StringComparison.Ordinal);
        if (!request.Contains('\r', StringComparison.Ordinal) && end >= 0)
            request = request[..end].Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n\r\n" + request[(end + 2)..];
        return SendAsync(server, Encoding.Latin1.GetBytes(request));
    }

    public static async Task<Answer> SendAsync(Uri server, byte[] request) =>
        await SendAsync(server, request, finish: false) ?? throw new IOException("The connection ended without an answer.");

    /// <summary>Sends a request as it is and ends the sending side, so that the server waits for no more; null when the server ends the connection without an answer.</summary>
    public static Task<Answer?> SendAndFinishAsync(Uri server, string request) => SendAsync(server, Encoding.Latin1.GetBytes(request), finish: true);

    private static async Task<Answer?> SendAsync(Uri server, byte[] request, bool finish)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, patience.Token);
        var stream = client.GetStream();
        var sending = SendAllAsync(stream, request, patience.Token);
        if (finish)
        {
            await sending;
            client.Client.Shutdown(SocketShutdown.Send);
        }
        var answer = await ReadAsync(stream, patience.Token);
        client.Close(); // A server that has answered may not read the rest.
        await sending;
        return answer;
    }

    /// <summary>Sends bytes and then breaks the connection (RST) instead of waiting for an answer.</summary>
    public static async Task SendAndBreakAsync(Uri server, string request)
    {
        using var client = new TcpClient { LingerState = new LingerOption(enable: true, seconds: 0) };
        await client.ConnectAsync(server.Host, server.Port);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request.Replace("\n", "\r\n", StringComparison.Ordinal)));
    }

    private static async Task SendAllAsync(NetworkStream stream, byte[] request, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(request, cancellationToken);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The server refused before it had read everything: its answer says why.
        }
    }

    private static async Task<Answer?> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var received = new MemoryStream();
        var buffer = new byte[16384];
        while (true)
        {
            if (TryParse(received.GetBuffer().AsSpan(0, (int)received.Length), isEnd: false, out var whole)) return whole!;
            int count;
            try
            {
                count = await stream.ReadAsync(buffer, cancellationToken);
            }
            catch (IOException)
            {
                count = 0;
            }
            if (count == 0) break;
            received.Write(buffer, 0, count);
        }
        return TryParse(received.ToArray(), isEnd: true, out var answer) ? answer : null;
    }

    private static bool TryParse(ReadOnlySpan<byte> bytes, bool isEnd, out Answer? answer)
    {
        answer = null;
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0) return false;
        var lines = Encoding.Latin1.GetString(bytes[..end]).Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).Select(pair => KeyValuePair.Create(pair[0], pair.Length > 1 ? pair[1] : "")).ToArray();
        var body = bytes[(end + 4)..];
        var length = headers.FirstOrDefault(h => h.Key == "Content-Length").Value;
        if (!isEnd && (length is null || body.Length < int.Parse(length, System.Globalization.CultureInfo.InvariantCulture))) return false;
        answer = new Answer(int.Parse(lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), headers, body.ToArray());
        return true;
    }
}
