using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Cleanup;
using Touchstone.Server.Detection;
using Touchstone.Server.Feed;
using Touchstone.Server.Introspection;
using Touchstone.Server.Limits;
using Touchstone.Server.Settings;
using Touchstone.Server.Signing;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Telemetry;
using Touchstone.Server.TokenIssue;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server;

/// <summary>The settings of a server. Read once at start and never changed. In files and environment they stand under <c>Touchstone</c>.</summary>
public sealed class ServerOptions
{
    /// <summary>The section of the configuration: <c>Touchstone</c>.</summary>
    public const string Section = "Touchstone";

    /// <summary>The folder of the database, <c>admin.json</c> and <c>demo.json</c>; made when missing. Default <c>./data</c>.</summary>
    [Setting(Flag = "--data", Range = "a folder on a local disk")]
    public string Data { get; set; } = "./data";

    /// <summary>The PostgreSQL database in place of a file in <see cref="Data"/>.</summary>
    public PostgresOptions Postgres { get; set; } = new();

    /// <summary>The addresses to listen on, separated by <c>;</c>. Default <c>http://127.0.0.1:5080</c>. <c>Kestrel:Endpoints</c>, where configured, takes their place.</summary>
    [Setting(Flag = "--urls", Range = "http or https addresses; plain http on loopback only")]
    public string Urls { get; set; } = "http://127.0.0.1:5080";

    /// <summary>The issuer identifier (RFC 8414 §2): an https URL without query and fragment; http on loopback only. Default: the first of <see cref="Urls"/>. It has to stay what it was at the first start.</summary>
    [Setting(Flag = "--issuer", Range = "an https URL, http on loopback", Default = "the first of `Urls`")]
    public string? Issuer { get; set; }

    /// <summary>Whether plain http is served beyond loopback, because a proxy in front ends TLS. Default false.</summary>
    [Setting(Flag = "--allow-insecure-http")]
    public bool AllowInsecureHttp { get; set; }

    /// <summary>The most memory for cached token records, in bytes, 0 (no cache) to 64 GiB. Default 256 MiB.</summary>
    [Setting(Flag = "--record-cache", Min = "0", Max = "64 GiB")]
    public long RecordCacheBytes { get; set; } = 256L << 20;

    /// <summary>How long the tokens of the token endpoint live, 1 s to <see cref="MaxTokenLifetime"/>. Default 1 h.</summary>
    [Setting(Min = "1 second", Range = "1 second to `MaxTokenLifetime`")]
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest life that any token may have, 1 min to 3,650 days. Default 90 days. Revocations are remembered as long.</summary>
    [Setting(Min = "1 minute", Max = "3650 days")]
    public TimeSpan MaxTokenLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long refresh tokens live, and what becomes of one that is used twice.</summary>
    public RefreshTokenOptions RefreshTokens { get; set; } = new();

    /// <summary>The prefix of our access tokens, 1 to 16 characters of <c>A-Z a-z 0-9 _ -</c>. Default <c>tst_at_</c>.</summary>
    [Setting(Range = "1 to 16 characters of `A-Z a-z 0-9 _ -`")]
    public string AccessTokenPrefix { get; set; } = "tst_at_";

    /// <summary>The prefix of our refresh tokens, of the same form. Default <c>tst_rt_</c>.</summary>
    [Setting(Range = "1 to 16 characters of `A-Z a-z 0-9 _ -`; neither prefix may begin with the other")]
    public string RefreshTokenPrefix { get; set; } = "tst_rt_";

    /// <summary>The largest form body, in bytes, 1 KiB to 1 MiB. Default 64 KiB. A larger one is answered 413. A batch of introspections may have 410,300 bytes more.</summary>
    [Setting(Min = "1 KiB", Max = "1 MiB")]
    public int MaxFormBytes { get; set; } = 64 << 10;

    /// <summary>Whether a demo resource server, client and token are made (for trying out only). Default false.</summary>
    [Setting(Flag = "--demo")]
    public bool Demo { get; set; }

    /// <summary>Whether a client's <c>jwks_uri</c> may be plain http and may lie at a loopback, private or link-local address. Default false: a registration can't make the server call into its own network.</summary>
    public bool AllowPrivateJwksUris { get; set; }

    /// <summary>The region that this server stands in, as it is told to whoever watches it (<c>cloud.region</c>).</summary>
    [Setting(Default = "none")]
    public string? Region { get; set; }

    /// <summary>TLS client certificates of callers.</summary>
    public ClientCertificateOptions ClientCertificates { get; set; } = new();

    /// <summary>Proofs of DPoP at the token endpoint.</summary>
    public DPoPProofOptions DPoP { get; set; } = new();

    /// <summary>The types of authorization details.</summary>
    public AuthorizationDetailsOptions AuthorizationDetails { get; set; } = new();

    /// <summary>For how long browsers are told to come by https only (<c>Strict-Transport-Security</c>, RFC 6797), on answers over https, 0 (not at all) to 3,650 days. Default 0.</summary>
    [Setting(Zero = "not at all", Min = "1 second", Max = "3650 days")]
    public TimeSpan StrictTransportSecurity { get; set; }

    /// <summary>How often and from where requests may come, and how long they may take.</summary>
    public LimitOptions Limits { get; set; } = new();

    /// <summary>What is looked for in the behaviour of callers.</summary>
    public DetectionOptions Detection { get; set; } = new();

    /// <summary>What is recorded, how, and for how long.</summary>
    public AuditOptions Audit { get; set; } = new();

    /// <summary>Export to an OpenTelemetry collector.</summary>
    public OtlpOptions Otlp { get; set; } = new();

    /// <summary>The feed of revocations for caches outside.</summary>
    public FeedOptions Feed { get; set; } = new();

    /// <summary>The keys that sign JWTs.</summary>
    public SigningOptions Signing { get; set; } = new();

    /// <summary>Introspection answers that are signed.</summary>
    public SignedAnswerOptions SignedAnswers { get; set; } = new();

    /// <summary>When what is over leaves the store.</summary>
    public CleanupOptions Cleanup { get; set; } = new();

    internal string FirstUrl => (Urls ?? "").Split(';')[0].Trim().TrimEnd('/');

    internal string EffectiveIssuer => Issuer ?? FirstUrl;

    internal TokenFormat TokenFormat => new(AccessTokenPrefix, RefreshTokenPrefix);
}

/// <summary>How callers' TLS client certificates are asked for and judged (RFC 8705). Under <c>Touchstone:ClientCertificates</c>.</summary>
public sealed class ClientCertificateOptions
{
    /// <summary>Whether https endpoints ask for a client certificate. None has to be shown. Default true. False spares browsers the question.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>A PEM file with the CAs that vouch for <c>tls_client_auth</c>: roots, and intermediates where clients don't send them. Default none: no certificate is vouched for.</summary>
    [Setting(Range = "a PEM file", Default = "none")]
    public string? TrustedRoots { get; set; }

    /// <summary>Addresses or CIDR ranges of the proxies that end TLS in front and send <c>Client-Cert</c> (RFC 9440), having removed it from what came in. Default none: the header is ignored.</summary>
    [Setting(Range = "addresses or CIDR ranges", Default = "none")]
    public IList<string> TrustedProxies { get; set; } = [];

    /// <summary>The base URL under which clients reach this server with a certificate, for <c>mtls_endpoint_aliases</c>; https. Default none: under the issuer.</summary>
    [Setting(Range = "an https URL", Default = "none")]
    public string? AliasBase { get; set; }
}
