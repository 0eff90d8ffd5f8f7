using System.Net;
using System.Net.Sockets;

namespace Touchstone.Sidecar;

/// <summary>An address where nothing can listen; the message names it, and says why.</summary>
internal sealed class ListenException(string message, Exception cause) : Exception(message, cause);

/// <summary>The addresses of a file: which of them are in each other's way, and why nothing can listen at one.</summary>
internal static class Listeners
{
    /// <summary>Whether both can't be listened at.</summary>
    internal static bool Collide(string one, string other)
    {
        if (UnixSockets.PathOf(one) is { } path) return path == UnixSockets.PathOf(other);
        if (!Uri.TryCreate(one, UriKind.Absolute, out var a) || !Uri.TryCreate(other, UriKind.Absolute, out var b) || a.Port != b.Port || a.Port == 0) return false;
        return NameOf(a) == NameOf(b) || IsEverywhere(a) || IsEverywhere(b);
    }

    /// <summary>Whether a failure to start is one of listening; then which address it is about, and why.</summary>
    internal static string? FaultOf(Exception failed, IEnumerable<string> addresses)
    {
        for (var cause = failed; cause is not null; cause = cause is AggregateException { InnerExceptions: [var first, ..] } ? first : cause.InnerException)
        {
            if (cause is not SocketException refused) continue;
            // The framework does not say at which; so each is tried again.
            foreach (var address in addresses)
            {
                if (Try(address) is { } error) return $"Nothing can listen at {address}: {WordsFor(error, address)}";
            }
            return $"Nothing can listen at one of the addresses of listen and admin: {refused.Message}.";
        }
        return null;
    }

    private static string WordsFor(SocketError error, string address) => error switch
    {
        SocketError.AddressAlreadyInUse => "it is taken.",
        SocketError.AddressNotAvailable when UnixSockets.PathOf(address) is { } path => $"there is no folder {Path.GetDirectoryName(path)}.",
        SocketError.AddressNotAvailable => "this machine does not have the address.",
        SocketError.AccessDenied => "this user may not.",
        _ => $"{new SocketException((int)error).Message}.",
    };

    private static SocketError? Try(string address)
    {
        if (UnixSockets.PathOf(address) is { } path)
        {
            if (!Directory.Exists(Path.GetDirectoryName(path))) return SocketError.AddressNotAvailable;
            if (File.Exists(path)) return SocketError.AddressAlreadyInUse;
            return Bind(new UnixDomainSocketEndPoint(path), ProtocolType.Unspecified);
        }
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri)) return null;
        return Bind(new IPEndPoint(IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) ? ip : IPAddress.Loopback, uri.Port), ProtocolType.Tcp);
    }

    private static SocketError? Bind(EndPoint place, ProtocolType protocol)
    {
        using var socket = new Socket(place.AddressFamily, SocketType.Stream, protocol);
        try
        {
            socket.Bind(place);
            if (place is UnixDomainSocketEndPoint) File.Delete(place.ToString()!);
            return null;
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode;
        }
    }

    private static string NameOf(Uri uri) => uri.Host == "localhost" ? "127.0.0.1" : uri.Host;

    private static bool IsEverywhere(Uri uri) => IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
}
