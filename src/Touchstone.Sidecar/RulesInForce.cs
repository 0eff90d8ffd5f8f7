using System.Net;
using Microsoft.AspNetCore.Http;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar;

/// <summary>What requests are judged by, as one whole: a request takes it once and never sees half of another.</summary>
internal sealed class SidecarRules(SidecarConfig config, int version)
{
    private readonly IPNetwork[] _proxies = [.. config.TrustedProxies];

    internal RuleSet Rules => config.Rules;

    /// <summary>The file that they are from.</summary>
    internal string Text => config.Text;

    /// <summary>Counts up with each file that was taken.</summary>
    internal int Version => version;

    /// <summary>The names of all headers that any rule or policy sets.</summary>
    internal HashSet<string> IdentityHeaders { get; } = new(config.Rules.All.SelectMany(static rule => rule.Headers).Select(static header => header.Name).Concat(config.Opa?.Headers ?? []), StringComparer.OrdinalIgnoreCase);

    private Dictionary<string, string[]> OthersOfRules => field ??= config.Rules.All.ToDictionary(static rule => rule.Name, rule => IdentityHeaders.Except(rule.Headers.Select(static header => header.Name), StringComparer.OrdinalIgnoreCase).ToArray(), StringComparer.Ordinal);

    /// <summary>Those of them that one of these rules does not set itself.</summary>
    internal string[] HeadersNotOf(Rule rule) => OthersOfRules[rule.Name];

    /// <summary>The headers that a policy may set.</summary>
    internal IReadOnlyList<string> PolicyHeaders { get; } = config.Opa?.Headers ?? [];

    /// <summary>Whether what this peer says counts (L41): by its address, or by a certificate that was judged when it connected. Over a unix socket there is no address: who may open it is for the file system to say.</summary>
    internal bool Trusts(ConnectionInfo connection) => Trusts(connection.RemoteIpAddress) || connection.ClientCertificate is not null;

    private bool Trusts(IPAddress? peer)
    {
        if (peer is null) return true;
        var address = peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer;
        foreach (var network in _proxies)
        {
            if (network.Contains(address)) return true;
        }
        return false;
    }
}

/// <summary>The rules that count now.</summary>
internal sealed class RulesInForce(SidecarConfig config)
{
    private SidecarRules _now = new(config, 1);

    /// <summary>What counts from the start of the process.</summary>
    internal FixedSections Started { get; } = config.Fixed;

    internal SidecarRules Now => Volatile.Read(ref _now);

    /// <summary>Told after others were taken; null: nobody.</summary>
    internal Action? Taken { get; set; }

    internal void Take(SidecarConfig next)
    {
        Volatile.Write(ref _now, new SidecarRules(next, _now.Version + 1));
        Taken?.Invoke();
    }
}
