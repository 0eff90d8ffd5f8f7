using System.Net;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads where the sidecar listens: <c>listen</c>, <c>admin</c>, <c>socket_mode</c> and <c>admin_socket_mode</c>.</summary>
internal static class AddressReader
{
    /// <summary>An address as the file writes it; null where it is none, which was told.</summary>
    internal static string? Address(ConfigNode node, bool isInsecure, bool hasTls, bool looksAround, string tls = "tls")
    {
        if (node.Text() is not { } text) return null;
        if (text.Contains(';', StringComparison.Ordinal)) node.Fault("Give several addresses as a list.");
        else if (text.StartsWith("unix:/", StringComparison.Ordinal))
        {
            var path = UnixSockets.PathOf(text)!;
            if (System.Text.Encoding.UTF8.GetByteCount(path) > UnixSockets.MostBytes) node.Fault($"The path of a socket has {UnixSockets.MostBytes} bytes at most.");
            else if (looksAround && !Directory.Exists(Path.GetDirectoryName(path))) node.Fault($"There is no folder {Path.GetDirectoryName(path)}: make it, for the socket to be in.");
            else return text;
        }
        else
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0) node.Fault($"'{text}' is no address such as http://127.0.0.1:9080 or unix:/run/touchstone/sidecar.sock.");
            else if (uri.Scheme == "https" && !hasTls) node.Fault($"For https give {tls}, with certificate_file and key_file.");
            else if (uri.Scheme == "http" && !IsHere(uri, text) && !isInsecure) node.Fault($"'{text}' takes tokens over plain http from other machines. Listen on loopback, a unix socket or https, or set allow_insecure_http in this file where the network is yours.");
            else return text;
        }
        return null;
    }

    /// <summary>Whether nobody is to look.</summary>
    internal static bool IsOff(ConfigNode admin) => admin.Items() is [var one] && ReferenceEquals(one, admin) && admin.Text() is "off";

    /// <summary>Tells of addresses that are in each other's way: at the start it would be another process that has the port, for all that the framework says.</summary>
    internal static void TellCollisions(SidecarConfig config, ConfigMap map)
    {
        string[] all = [.. config.Listen, .. config.Admin];
        for (var i = 1; i < all.Length; i++)
        {
            if (all.Take(i).FirstOrDefault(other => Listeners.Collide(other, all[i])) is { } other) (map[i < config.Listen.Count ? "listen" : "admin"] ?? map["listen"])!.Fault($"{all[i]} is in the way of {other}: each address of listen and admin has a port or a path of its own.");
        }
    }

    /// <summary>Whether proxies may come over a socket. Of an address that is wrong something was said already.</summary>
    internal static bool HasSocket(SidecarConfig config, ConfigMap map) => config.Listen.Any(static address => UnixSockets.PathOf(address) is not null) || (map["listen"] is { } listen && listen.Items().Count != config.Listen.Count);

    /// <summary>Who may open the sockets.</summary>
    internal static UnixFileMode Mode(ConfigNode node)
    {
        if (node.Text() is not { } text) return UnixSockets.DefaultMode;
        var digits = text.StartsWith("0o", StringComparison.Ordinal) ? text[2..] : text;
        if (digits.Length is 3 or 4 && digits.All(static c => c is >= '0' and <= '7') && Convert.ToInt32(digits, 8) is var bits and <= 0x1FF && (bits & 0x180) == 0x180) return (UnixFileMode)bits;
        node.Fault("It is a mode in octal digits such as 0660; whoever runs the sidecar may read and write.");
        return UnixSockets.DefaultMode;
    }

    // Any other name is bound on all interfaces, whatever it is thought to mean.
    private static bool IsHere(Uri uri, string text) =>
        text.StartsWith("http://localhost", StringComparison.OrdinalIgnoreCase) ? uri.Host == "localhost" : IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address);
}
