using System.Net;
using Touchstone.Client;
using Touchstone.Hosting;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.Introspection;
using Touchstone.Sidecar.Kubernetes;
using Touchstone.Sidecar.Opa;
using Touchstone.Sidecar.Rules;
using Touchstone.Sidecar.Tls;

namespace Touchstone.Sidecar.Configuration;

/// <summary>What a file says, all of it valid.</summary>
/// <param name="Issuers">Whom to ask about tokens, in order.</param>
/// <param name="TrustedProxies">From where requests come whose forwarded headers count.</param>
/// <param name="Rules">The rules.</param>
internal sealed record SidecarConfig(IReadOnlyList<IssuerConfig> Issuers, IReadOnlyList<IPNetwork> TrustedProxies, RuleSet Rules)
{
    /// <summary>The file, as it was read.</summary>
    internal string Text { get; init; } = "";

    /// <summary>What of it counts from the start of the process.</summary>
    internal FixedSections Fixed { get; init; } = new(null);

    /// <summary>Where proxies ask: URLs, and <c>unix:/path</c>.</summary>
    internal IReadOnlyList<string> Listen { get; init; } = ["http://127.0.0.1:9080"];

    /// <summary>Where operators look; empty: nowhere.</summary>
    internal IReadOnlyList<string> Admin { get; init; } = ["http://127.0.0.1:9081"];

    /// <summary>Who may open the unix sockets of <see cref="Listen"/>.</summary>
    internal UnixFileMode SocketMode { get; init; } = UnixSockets.DefaultMode;

    /// <summary>Who may open those of <see cref="Admin"/>.</summary>
    internal UnixFileMode AdminSocketMode { get; init; } = UnixSockets.AdminMode;

    /// <summary>What is valid, and perhaps not meant.</summary>
    internal IReadOnlyList<ConfigFault> Warnings { get; init; } = [];

    /// <summary>TLS of where operators look; null: none.</summary>
    internal ListenerTls? AdminTls { get; init; }

    /// <summary>What challenges call the API.</summary>
    internal string Realm { get; init; } = "api";

    /// <summary>Who may ask at <c>/introspect</c>; null: there is none.</summary>
    internal IntrospectConfig? Introspect { get; init; }

    /// <summary>How tokens are reviewed for a cluster; null: they are not.</summary>
    internal KubernetesConfig? Kubernetes { get; init; }

    /// <summary>Which requests of a cluster pass; null: none is asked about.</summary>
    internal AdmissionConfig? Admission { get; init; }

    /// <summary>Who has the last word where a rule says so; null: nobody.</summary>
    internal OpaConfig? Opa { get; init; }

    /// <summary>TLS of the listeners; null: none.</summary>
    internal ListenerTls? Tls { get; init; }

    /// <summary>The policies of what counts from the start of the process.</summary>
    internal IEnumerable<IntrospectionPolicy> FixedPolicies =>
        ((IntrospectionPolicy?[])[Introspect?.Policy, Kubernetes?.Policy, .. Admission?.Rules.Select(static rule => rule.Token.Policy) ?? []]).OfType<IntrospectionPolicy>();

    /// <summary>Which decisions are logged.</summary>
    internal DecisionLogging LogDecisions { get; init; }

    /// <summary>A cache that several sidecars share; null: none.</summary>
    internal SharedCacheConfig? SharedCache { get; init; }

    /// <summary>Whether readiness asks that the feed of each issuer that has one is followed.</summary>
    internal bool IsReadyByFeed { get; init; }

    /// <summary>How long it still listens after it was told to stop.</summary>
    internal TimeSpan Drain { get; init; }

    /// <summary>The collector of metrics, spans and log lines; without an endpoint the variables of OpenTelemetry may name one.</summary>
    internal OtlpTarget Otlp { get; init; } = new();

    /// <summary>What nginx is answered when a token could not be judged: 403 it passes on, of anything else it makes 500.</summary>
    internal int NginxOutageStatus { get; init; } = 403;
}

/// <summary>One authorization server.</summary>
/// <param name="Options">How it is asked.</param>
/// <param name="TokenPrefix">What its tokens begin with; null: any.</param>
internal sealed record IssuerConfig(TokenIntrospectionOptions Options, string? TokenPrefix)
{
    private const int MostOfCaller = 10_000;

    /// <summary>How the same server is asked as another caller, who is told nothing by the feed. Nothing of what one was answered is another's (I-47).</summary>
    internal TokenIntrospectionOptions As(LocalCaller caller) => new()
    {
        Name = $"{Options.Name} as {caller.Id}", Issuer = Options.Issuer, IntrospectionEndpoint = Options.IntrospectionEndpoint, TokenIssuers = Options.TokenIssuers, AllowInsecureHttp = Options.AllowInsecureHttp,
        Timeout = Options.Timeout, TryTimeout = Options.TryTimeout, Retries = Options.Retries,
        // Encrypted they would be for the caller's own key, which is not here.
        RequireSignedAnswers = Options.RequireSignedAnswers, SignedAnswerAlgorithms = Options.SignedAnswerAlgorithms,
        ClientId = caller.Id, Authentication = ClientAuthentication.Basic(caller.Id, caller.Secret), Feed = FeedMode.Off, MaxEntries = MostOfCaller, MaxNegativeEntries = MostOfCaller,
    };
}
