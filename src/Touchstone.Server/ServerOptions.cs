using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;

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

    /// <summary>What is recorded, how, and for how long.</summary>
    public AuditOptions Audit { get; set; } = new();

    internal string FirstUrl => Urls.Split(';')[0].TrimEnd('/');

    internal string EffectiveIssuer => Issuer ?? FirstUrl;

    internal TokenFormat TokenFormat => new(AccessTokenPrefix, RefreshTokenPrefix);
}
