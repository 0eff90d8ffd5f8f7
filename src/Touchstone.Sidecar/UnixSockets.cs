using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Touchstone.Sidecar;

/// <summary>Sockets in the file system. One that a process left when it was killed is in the way of the next.</summary>
internal static class UnixSockets
{
    /// <summary>The most bytes of a path: what systems have room for, one less for its end.</summary>
    internal const int MostBytes = 103;

    /// <summary>Whoever runs the sidecar, and the group of the socket.</summary>
    internal const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <summary>Whoever runs the sidecar: what changes something is not for whoever may ask.</summary>
    internal const UnixFileMode AdminMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const string Scheme = "unix:", OfFramework = "http://unix:";

    /// <summary>The path of an address; null where it is none of a socket.</summary>
    internal static string? PathOf(string address) => address.StartsWith(Scheme, StringComparison.Ordinal) ? address[Scheme.Length..] : null;

    /// <summary>An address as the framework takes it.</summary>
    internal static string ForFramework(string address) => PathOf(address) is { } path ? OfFramework + path : address;

    /// <summary>An address of the framework as the file writes it.</summary>
    internal static string FromFramework(string address) => address.StartsWith(OfFramework, StringComparison.Ordinal) ? Scheme + address[OfFramework.Length..] : address;

    /// <summary>A socket that is bound, and does not listen yet: nobody connects before it has its mode.</summary>
    internal static Socket Bind(EndPoint address, UnixFileMode mode)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        if (address is UnixDomainSocketEndPoint && !OperatingSystem.IsWindows()) File.SetUnixFileMode(address.ToString()!, mode);
        return socket;
    }

    /// <summary>Removes the socket of an address where nobody listens at it any more.</summary>
    internal static void Free(string address)
    {
        if (PathOf(address) is not { } path || !File.Exists(path) || (File.GetAttributes(path) & (FileAttributes.Directory | FileAttributes.ReparsePoint)) != 0 || IsOrdinary(path)) return;
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
