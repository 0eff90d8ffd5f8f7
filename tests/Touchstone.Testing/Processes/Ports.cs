using System.Net;
using System.Net.Sockets;

namespace Touchstone.Testing.Processes;

/// <summary>Free ports of 127.0.0.1. Below the range from which the system takes the ports of outgoing connections, so that none is taken while a server restarts.</summary>
public static class Ports
{
    private const int First = 20_000;
    private const int Last = 32_000;

    private static readonly Lock Lock = new();
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that nobody listens on, and that this process gives to nobody else.</summary>
    public static int Take()
    {
        lock (Lock)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, Last);
                if (Given.Contains(port) || !IsFree(port)) continue;
                Given.Add(port);
                return port;
            }
        }
    }

    /// <summary>Whether nobody listens on a port.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
