using System.Globalization;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Audit;

/// <summary>What happened, to what, by whom. Never a token, a secret or a full hash: a token is told by 16 digits of its hash and by its jti.</summary>
internal sealed class AuditEvent(string kind)
{
    internal string Kind { get; } = kind;

    /// <summary>Milliseconds since 1970; 0 until it is recorded.</summary>
    internal long At { get; set; }

    internal string Outcome { get; init; } = "success";

    /// <summary>Why: a code for what was refused, an operator's words for a revocation.</summary>
    internal string? Reason { get; init; }

    /// <summary>Who acted: the authenticated caller, or <c>touchstone</c> itself.</summary>
    internal string? Actor { get; init; }

    /// <summary>Whose token, or which client was changed.</summary>
    internal string? Client { get; init; }

    internal string? Subject { get; init; }
    internal string? Session { get; init; }
    internal string? Grant { get; init; }
    internal string? Tenant { get; init; }
    internal string? Jti { get; init; }
    internal TokenHash? Token { get; init; }
    internal AuditOrigin? Origin { get; init; }
    internal string? Endpoint { get; init; }
    internal long? DurationMicroseconds { get; init; }

    /// <summary>The row of the revocation log that this is about.</summary>
    internal long? Revocation { get; init; }

    /// <summary>Further members, of which the kind knows the meaning: text, or a number.</summary>
    internal IReadOnlyList<KeyValuePair<string, object>> More { get; init; } = [];

    internal static AuditEvent Issued(TokenRecord record, AuditOrigin? origin) => new(AuditKind.Issued)
    {
        Actor = origin?.Actor ?? RevocationRow.Server,
        Client = record.ClientId,
        Subject = record.Subject,
        Session = record.Session,
        Grant = record.Grant,
        Tenant = record.Tenant,
        Jti = record.Jti,
        Token = record.Hash,
        Origin = origin,
        More = record.Ancestors.Count == 0
            ? [new("token_kind", record.Kind.ToString()), new("expires_at", record.ExpiresAt)]
            : [new("token_kind", record.Kind.ToString()), new("expires_at", record.ExpiresAt), new("made_from", record.Ancestors[0].ToString()[..16])], // As "token" is written: the subject's token of an exchange.
    };

    internal static AuditEvent Revoked(RevocationRow row, AuditOrigin? origin)
    {
        var selector = row.Selector;
        List<KeyValuePair<string, object>> more = [new("selector", selector.Kind.ToString().ToLowerInvariant()), new("id", row.Id.ToString())];
        if (selector.Issuer is { } issuer) more.Add(new("iss", issuer));
        if (row.IssuedBefore is { } before) more.Add(new("issued_before", before));
        return new AuditEvent(AuditKind.Revoked)
        {
            Reason = row.Reason,
            Actor = row.Actor,
            Token = selector.Kind is SelectorKind.Token ? selector.Hash : null,
            Client = selector.Kind is SelectorKind.Client ? selector.Id : null,
            Subject = selector.Kind is SelectorKind.Subject or SelectorKind.Member ? selector.Id : null,
            Session = selector.Kind is SelectorKind.Session ? selector.Id : null,
            Jti = selector.Kind is SelectorKind.Jwt ? selector.Id : null,
            Grant = selector.Kind is SelectorKind.Grant ? selector.Id : null,
            Tenant = selector.Kind is SelectorKind.Tenant ? selector.Id : selector.Group,
            Origin = origin,
            Revocation = row.Seq,
            More = more,
        };
    }

    internal static AuditEvent ClientAdded(ClientRegistration client, AuditOrigin? origin) => new(AuditKind.ClientChanged)
    {
        Actor = origin?.Actor ?? RevocationRow.Server, Client = client.ClientId, Tenant = client.Tenant, Origin = origin, More = [new("changed", "added")],
    };

    /// <summary>A changed registration; the names of the members that changed, never what they hold.</summary>
    internal static AuditEvent ClientChanged(ClientRegistration client, IReadOnlyList<string> changed, AuditOrigin? origin) =>
        new(changed.Count > 0 && changed.All(IsKey) ? AuditKind.KeyChanged : AuditKind.ClientChanged)
        {
            Actor = origin?.Actor ?? RevocationRow.Server,
            Client = client.ClientId,
            Tenant = client.Tenant,
            Origin = origin,
            More = [new("changed", string.Join(' ', changed)), new("enabled", client.Enabled ? "true" : "false"), new("secrets", (long)client.Secrets.Count)],
        };

    /// <summary>A subject was disabled or enabled.</summary>
    internal static AuditEvent SubjectChanged(string issuer, string subject, bool isEnabled, string? reason, AuditOrigin? origin) => new(AuditKind.SubjectChanged)
    {
        Actor = origin?.Actor ?? RevocationRow.Server, Subject = subject, Reason = reason, Origin = origin,
        More = [new("changed", "enabled"), new("enabled", isEnabled ? "true" : "false"), new("issuer", issuer)],
    };

    /// <summary>A key of ours was added or retired, or its age ended it.</summary>
    internal static AuditEvent SigningKeyChanged(string kid, string algorithm, string changed, AuditOrigin? origin) => new(AuditKind.SigningKeyChanged)
    {
        Actor = origin?.Actor ?? RevocationRow.Server, Origin = origin, More = [new("changed", changed), new("kid", kid), new("alg", algorithm)],
    };

    internal static AuditEvent SettingChanged(string name, AuditOrigin? origin) => new(AuditKind.SettingChanged)
    {
        Actor = origin?.Actor ?? RevocationRow.Server, Origin = origin, More = [new("setting", name)],
    };

    /// <summary>How introspections are recorded from here on: what is not there can then be told from what did not happen.</summary>
    internal static AuditEvent Began(IntrospectionAudit mode, int oneIn) => new(AuditKind.SettingChanged)
    {
        Actor = RevocationRow.Server, More = [new("setting", "audit.introspection"), new("value", mode.ToString().ToLowerInvariant()), new("one_in", (long)oneIn)],
    };

    internal static AuditEvent Gap(long dropped) => new(AuditKind.Gap) { Outcome = "failure", Actor = RevocationRow.Server, Reason = "queue_full", More = [new("dropped", dropped)] };

    /// <summary>Records up to these numbers leave: of the changes, of the introspections.</summary>
    /// <param name="changes">The last of the changes that leaves.</param>
    /// <param name="introspections">The last of the introspections that leaves.</param>
    /// <param name="mode">How introspections were recorded then, where the record of it leaves too: what is left of them would not tell what they are a part of.</param>
    internal static AuditEvent Retained(long changes, long introspections, (string Mode, long OneIn)? mode = null) => new(AuditKind.Retention)
    {
        Actor = RevocationRow.Server,
        More = [new("changes_through", changes), new("introspections_through", introspections), .. mode is { } then ? (KeyValuePair<string, object>[])[new("value", then.Mode), new("one_in", then.OneIn)] : []],
    };

    /// <summary>Records of a chain that nobody writes any more leave up to this number.</summary>
    internal static AuditEvent Retained(string chain, long through) => new(AuditKind.Retention)
    {
        Actor = RevocationRow.Server, More = [new("of", chain), new("through", through)],
    };

    internal static string Prefix(in TokenHash hash) => string.Create(CultureInfo.InvariantCulture, $"{hash}")[..16];

    private static bool IsKey(string member) => member.StartsWith("secret", StringComparison.Ordinal) || member.StartsWith("jwks", StringComparison.Ordinal) || member.StartsWith("cert", StringComparison.Ordinal);
}
