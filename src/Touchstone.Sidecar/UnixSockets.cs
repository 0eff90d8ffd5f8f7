using System.Net.Sockets;

namespace Touchstone.Sidecar;

/// <summary>Sockets in the file system. One that a process left when it was killed is in the way of the next.</summary>
internal static class UnixSockets
{
    private const string Scheme = "unix:";

    /// <summary>Removes the socket of an address where nobody listens at it any more.</summary>
    internal static void Free(string address)
    {
        if (!address.StartsWith(Scheme, StringComparison.Ordinal)) return;
        var path = address[Scheme.Length..];
        if (!File.Exists(path) || (File.GetAttributes(path) & (FileAttributes.Directory | FileAttributes.ReparsePoint)) != 0 || IsOrdinary(path)) return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException nobody) when (nobody.SocketErrorCode is SocketError.ConnectionRefused)
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // Whatever it is, it is not ours: the start says so.
        }
    }

    // A socket can't be opened as a file; and what can refuses connections just the same.
    private static bool IsOrdinary(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
