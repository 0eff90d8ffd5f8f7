using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Cleanup;

namespace Touchstone.Server;

/// <summary>The settings of a server. Read once at start and never changed. In files and environment they stand under <c>Touchstone</c>.</summary>
public sealed class ServerOptions
{
    /// <summary>The section of the configuration: <c>Touchstone</c>.</summary>
    public const string Section = "Touchstone";

    /// <summary>The folder of the database, <c>admin.json</c> and <c>demo.json</c>; made when missing. Default <c>./data</c>.</summary>
    public string Data { get; set; } = "./data";

    /// <summary>The addresses to listen on, separated by <c>;</c>. Default <c>http://127.0.0.1:5080</c>. <c>Kestrel:Endpoints</c>, where configured, takes their place.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:5080";

    /// <summary>The issuer identifier (RFC 8414 §2): an https URL without query and fragment; http on loopback only. Default: the first of <see cref="Urls"/>. Kept from the first start on.</summary>
    public string? Issuer { get; set; }

    /// <summary>Whether plain http is served beyond loopback, because a proxy in front ends TLS. Default false.</summary>
    public bool AllowInsecureHttp { get; set; }

    /// <summary>The most memory for cached token records, in bytes, 0 (no cache) to 64 GiB. Default 256 MiB.</summary>
    public long RecordCacheBytes { get; set; } = 256L << 20;

    /// <summary>How long the tokens of the token endpoint live, 1 s to <see cref="MaxTokenLifetime"/>. Default 1 h.</summary>
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest life that any token may have, 1 min to 3,650 days. Default 90 days. Revocations are remembered as long.</summary>
    public TimeSpan MaxTokenLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>The prefix of our access tokens, 1 to 16 characters of <c>A-Z a-z 0-9 _ -</c>. Default <c>tst_at_</c>.</summary>
    public string AccessTokenPrefix { get; set; } = "tst_at_";

    /// <summary>The prefix of our refresh tokens, of the same form. Default <c>tst_rt_</c>.</summary>
    public string RefreshTokenPrefix { get; set; } = "tst_rt_";

    /// <summary>The largest form body, in bytes, 1 KiB to 1 MiB. Default 64 KiB. A larger one is answered 413.</summary>
    public int MaxFormBytes { get; set; } = 64 << 10;

    /// <summary>Whether a demo resource server, client and token are made (for trying out only). Default false.</summary>
    public bool Demo { get; set; }

    /// <summary>Whether a client's <c>jwks_uri</c> may be plain http and may lie at a loopback, private or link-local address. Default false: a registration can't make the server call into its own network.</summary>
    public bool AllowPrivateJwksUris { get; set; }

    /// <summary>TLS client certificates of callers.</summary>
    public ClientCertificateOptions ClientCertificates { get; set; } = new();

    /// <summary>What is recorded, how, and for how long.</summary>
    public AuditOptions Audit { get; set; } = new();

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
    public string? TrustedRoots { get; set; }

    /// <summary>Addresses or CIDR ranges of the proxies that end TLS in front and send <c>Client-Cert</c> (RFC 9440), having removed it from what came in. Default none: the header is ignored.</summary>
    public IList<string> TrustedProxies { get; set; } = [];

    /// <summary>The base URL under which clients reach this server with a certificate, for <c>mtls_endpoint_aliases</c>; https. Default none: under the issuer.</summary>
    public string? AliasBase { get; set; }
}
