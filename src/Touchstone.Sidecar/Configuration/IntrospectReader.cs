using Touchstone.Client;
using Touchstone.Sidecar.Introspection;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Who may ask at <c>/introspect</c>, and how long answers are used there.</summary>
/// <param name="Callers">Who may ask.</param>
/// <param name="Policy">How long answers are used.</param>
/// <param name="IsForwarded">Whether the server is asked as the caller, and not as the sidecar.</param>
/// <param name="MostAtOnce">How many questions of one caller the server may be asked at once.</param>
internal sealed record IntrospectConfig(LocalCallers Callers, IntrospectionPolicy Policy, bool IsForwarded, int MostAtOnce = CallersAtOnce.Default);

/// <summary>Reads <c>introspect</c>.</summary>
internal static class IntrospectReader
{
    private const int LeastSecret = 16;

    internal static IntrospectConfig Read(ConfigNode node, string? folder, bool showsCertificates, bool hasSocket)
    {
        var map = node.Map("callers", "socket_peers", "certificate_peers", "fail_mode", "max_stale", "max_ttl", "plain_ttl", "forward", "max_concurrent");
        var callers = map["callers"]?.Items().Select(caller => ReadCaller(caller, folder)).OfType<LocalCaller>().ToArray() ?? [];
        var areSocketPeersKnown = map["socket_peers"]?.Truth() ?? false;
        var areCertificatePeersKnown = map["certificate_peers"]?.Truth() ?? false;
        if (areCertificatePeersKnown && !showsCertificates) map["certificate_peers"]!.Fault("Nobody shows a certificate: give tls, with client_ca_file.");
        if (callers.Length == 0 && !areSocketPeersKnown && !areCertificatePeersKnown && map["callers"] is null) node.Fault("Nobody may ask: name callers, or set socket_peers or certificate_peers.");
        foreach (var twice in callers.GroupBy(static caller => caller.Id).Where(static group => group.Count() > 1)) node.Fault($"There are two callers '{twice.Key}'.");
        var policy = PolicyReader.Read(map);
        // RFC 7662 has no answer for it.
        if (policy.FailMode is FailMode.FailOpen) map["fail_mode"]!.Fault("An answer about a token that nobody was asked about is none: closed or stale_if_error.");
        var isForwarded = map["forward"]?.Text() == "caller";
        if (map["forward"] is { } forward && !isForwarded) forward.Fault("The only value is caller: the server is asked as the caller. Without, it is asked as the sidecar.");
        foreach (var name in (string[])["socket_peers", "certificate_peers"])
        {
            if (isForwarded && (map[name]?.Truth() ?? false)) map[name]!.Fault("Who needs no secret has none to ask the server with.");
        }
        if (areSocketPeersKnown && !isForwarded && !hasSocket) map["socket_peers"]!.Fault("Nobody opens a socket: give listen an address unix:/path.");
        if (isForwarded && map["max_ttl"] is { } ttl) ttl.Fault("As the caller nothing is followed: plain_ttl counts.");
        var most = CallersAtOnce.Default;
        if (map["max_concurrent"] is { } atOnce)
        {
            if (atOnce.Number() is not (>= 1 and <= 10_000)) atOnce.Fault("It is from 1 to 10000.");
            else most = atOnce.Number()!.Value;
        }
        return new IntrospectConfig(new LocalCallers([.. callers.DistinctBy(static caller => caller.Id)], areSocketPeersKnown, areCertificatePeersKnown), policy, isForwarded, most);
    }

    private static LocalCaller? ReadCaller(ConfigNode node, string? folder)
    {
        var map = node.Map("client_id", "client_secret", "client_secret_file");
        var id = map.Need("client_id")?.Text();
        var secret = SecretReader.Read(map, folder);
        if (id is not null && id.AsSpan().ContainsAnyExceptInRange(' ', '~')) map["client_id"]!.Fault("It is visible ASCII.");
        if (map["client_secret"]?.Text() is { Length: < LeastSecret }) map["client_secret"]!.Warn($"It has fewer than {LeastSecret} characters, and whoever reaches the listener may guess as often as he likes: take a longer one.");
        return id is null || secret is null ? null : new LocalCaller(id, secret);
    }
}
