using Touchstone.Client.Telemetry;

namespace Touchstone.Client.Upstream;

/// <summary>How the server is reached where nobody brings another way.</summary>
internal static class Wire
{
    /// <summary>The name of the machine, as far as a header can have it.</summary>
    internal static string DefaultFollowerName { get; } = NameOf(Environment.MachineName);

    internal static HttpClient NewHttp(TokenIntrospectionOptions options, CallbackFaults faults) => new(options.Backchannel?.Invoke() ?? OwnConnections(options, faults)) { Timeout = Timeout.InfiniteTimeSpan };

    private static HttpMessageHandler OwnConnections(TokenIntrospectionOptions options, CallbackFaults faults) =>
        options.Authentication?.Certificate is { } certificate ? new CertificateConnections(certificate, () => NewConnections(options), faults) : NewConnections(options);

    private static SocketsHttpHandler NewConnections(TokenIntrospectionOptions options) => new()
    {
        AllowAutoRedirect = false, // A token goes where it was sent, and nowhere else.
        UseCookies = false,
        ConnectTimeout = options.TryTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2), // A name may come to mean another address.
        EnableMultipleHttp2Connections = true,
    };

    private static string NameOf(string machine)
    {
        var name = string.Concat(machine.Where(c => c is > ' ' and <= '~' and not ';'));
        return name.Length is > 0 and <= 100 ? name : "follower";
    }
}
