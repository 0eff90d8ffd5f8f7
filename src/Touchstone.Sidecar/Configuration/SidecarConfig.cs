using System.Net;
using Touchstone.Client;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Configuration;

/// <summary>What a file says, all of it valid.</summary>
/// <param name="Issuers">Whom to ask about tokens, in order.</param>
/// <param name="TrustedProxies">From where requests come whose forwarded headers count.</param>
/// <param name="Rules">The rules.</param>
internal sealed record SidecarConfig(IReadOnlyList<IssuerConfig> Issuers, IReadOnlyList<IPNetwork> TrustedProxies, RuleSet Rules)
{
    /// <summary>Where proxies ask: URLs, and <c>unix:/path</c>.</summary>
    internal IReadOnlyList<string> Listen { get; init; } = ["http://127.0.0.1:9080"];

    /// <summary>Where operators look; null: nowhere.</summary>
    internal string? Admin { get; init; } = "http://127.0.0.1:9081";

    /// <summary>What challenges call the API.</summary>
    internal string Realm { get; init; } = "api";

    /// <summary>What nginx is answered when a token could not be judged: 401 and 403 it passes on, of anything else it makes 500.</summary>
    internal int NginxOutageStatus { get; init; } = 403;
}

/// <summary>One authorization server.</summary>
/// <param name="Options">How it is asked.</param>
/// <param name="TokenPrefix">What its tokens begin with; null: any.</param>
internal sealed record IssuerConfig(TokenIntrospectionOptions Options, string? TokenPrefix);
