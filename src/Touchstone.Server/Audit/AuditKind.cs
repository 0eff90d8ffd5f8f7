namespace Touchstone.Server.Audit;

/// <summary>What a record is about. Names are a promise to whoever reads the audit: docs/audit.md lists them.</summary>
internal static class AuditKind
{
    internal const string Issued = "issued";
    internal const string Introspected = "introspected";
    internal const string Revoked = "revoked";
    internal const string ClientChanged = "client_changed";
    internal const string KeyChanged = "key_changed";
    internal const string SigningKeyChanged = "signing_key_changed";
    internal const string SubjectChanged = "subject_changed";
    internal const string SettingChanged = "setting_changed";
    internal const string AuthenticationFailed = "authentication_failed";
    internal const string AccessRefused = "access_refused";
    internal const string LimitHit = "limit_hit";
    internal const string Detection = "detection";

    /// <summary>The chain up to here, signed.</summary>
    internal const string Checkpoint = "checkpoint";

    /// <summary>Records that could not be written: how many.</summary>
    internal const string Gap = "gap";

    /// <summary>Records up to a number leave because of their age.</summary>
    internal const string Retention = "retention";
}
