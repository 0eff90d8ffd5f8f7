using Touchstone.Server.Settings;

namespace Touchstone.Server.Audit;

/// <summary>Which introspections are recorded.</summary>
public enum IntrospectionAudit
{
    /// <summary>Every one, written before it is answered; a full queue slows callers down.</summary>
    All,

    /// <summary>Those answered inactive.</summary>
    Refused,

    /// <summary>Those answered inactive, and one of <see cref="AuditOptions.SampleOneIn"/> of the others.</summary>
    Sampled,

    /// <summary>None.</summary>
    Off,
}

/// <summary>How a field with personal data is recorded.</summary>
public enum Privacy
{
    /// <summary>As it is.</summary>
    Clear,

    /// <summary>As an HMAC under a key of the data folder: equal values stay equal, and nobody without the key can test a guess.</summary>
    Hash,

    /// <summary>Not at all.</summary>
    Omit,
}

/// <summary>The settings of the audit, under <c>Touchstone:Audit</c>. docs/audit.md tells what they do.</summary>
public sealed class AuditOptions
{
    /// <summary>Which introspections are recorded: <c>all</c>, <c>refused</c>, <c>sampled</c> or <c>off</c>. Default <c>sampled</c>.</summary>
    public IntrospectionAudit Introspection { get; set; } = IntrospectionAudit.Sampled;

    /// <summary>With <c>sampled</c>, one of this many active answers is recorded, by chance; 1 to 1,000,000. Default 100.</summary>
    [Setting(Min = "1", Max = "1000000")]
    public int SampleOneIn { get; set; } = 100;

    /// <summary>The most memory for introspections that wait to be written, in bytes, 64 KiB to 1 GiB. Default 4 MiB.</summary>
    [Setting(Min = "64 KiB", Max = "1 GiB")]
    public int QueueBytes { get; set; } = 4 << 20;

    /// <summary>How large a file of introspections grows before the next one begins, in bytes, 4 KiB to 4 GiB. Default 64 MiB.</summary>
    [Setting(Min = "4 KiB", Max = "4 GiB")]
    public long SegmentBytes { get; set; } = 64L << 20;

    /// <summary>After how many records a chain is signed, 1 to 100,000. Default 1,000.</summary>
    [Setting(Min = "1", Max = "100000")]
    public int CheckpointEvery { get; set; } = 1000;

    /// <summary>After how long a chain that has grown is signed, 1 s to 1 day. Default 1 min.</summary>
    [Setting(Min = "1 second", Max = "1 day")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long records are kept, 1 h to 3,650 days; 0 keeps them for ever. Default 365 days.</summary>
    [Setting(Zero = "for ever", Min = "1 hour", Max = "3650 days")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(365);

    /// <summary>How fields with personal data are recorded.</summary>
    public AuditPrivacyOptions Privacy { get; set; } = new();

    /// <summary>Where records are sent as they are written.</summary>
    public SyslogOptions Syslog { get; set; } = new();

    internal IEnumerable<string> Errors() => Syslog.Errors();
}

/// <summary>Per field: <c>clear</c>, <c>hash</c> or <c>omit</c>. Default <c>clear</c> for each.</summary>
public sealed class AuditPrivacyOptions
{
    /// <summary>The subject of a token. Default <c>clear</c>.</summary>
    public Privacy Subject { get; set; }

    /// <summary>The session of a token. Default <c>clear</c>.</summary>
    public Privacy Session { get; set; }

    /// <summary>The grant of a token. Default <c>clear</c>.</summary>
    public Privacy Grant { get; set; }

    /// <summary>The tenant of a token. Default <c>clear</c>.</summary>
    public Privacy Tenant { get; set; }

    /// <summary>The identifier of a token. Default <c>clear</c>.</summary>
    public Privacy Jti { get; set; }

    /// <summary>The address of a caller. Default <c>clear</c>.</summary>
    public Privacy Address { get; set; }

    /// <summary>What a caller says that it is. Default <c>clear</c>.</summary>
    public Privacy UserAgent { get; set; }
}

/// <summary>A collector that takes RFC 5424 over TCP. Nothing is sent without a host.</summary>
public sealed class SyslogOptions
{
    /// <summary>The name or address of the collector; null sends nothing. Default null.</summary>
    [Setting(Range = "a name or an address", Default = "none")]
    public string? Host { get; set; }

    /// <summary>Its port, 1 to 65535. Default 6514, the port of syslog over TLS (RFC 5425).</summary>
    [Setting(Min = "1", Max = "65535")]
    public int Port { get; set; } = 6514;

    /// <summary>Whether the connection is TLS. Default true.</summary>
    public bool Tls { get; set; } = true;

    /// <summary>A PEM file with the certificate authorities that may vouch for the collector; null for those of the system. Default null.</summary>
    [Setting(Range = "a PEM file", Default = "the system's")]
    public string? CaFile { get; set; }

    /// <summary>The most memory for records that wait for the collector, in bytes, 64 KiB to 1 GiB. Default 16 MiB. What does not fit is not sent, and counted; in the audit itself it stands.</summary>
    [Setting(Min = "64 KiB", Max = "1 GiB")]
    public int BufferBytes { get; set; } = 16 << 20;

    internal IEnumerable<string> Errors()
    {
        if (Host is { Length: 0 }) yield return "Audit:Syslog:Host: name the collector, or leave it out.";
        if (CaFile is not null && !File.Exists(CaFile)) yield return $"Audit:Syslog:CaFile: there is no file {CaFile}.";
    }
}
