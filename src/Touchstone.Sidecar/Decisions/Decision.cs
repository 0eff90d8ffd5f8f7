using Touchstone.Client;
using Touchstone.Sidecar.Opa;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Decisions;

/// <summary>What becomes of a request. Starts from refusing.</summary>
internal enum Verdict
{
    /// <summary>The peer is no proxy that is trusted: what it says of a request counts for nothing.</summary>
    Untrusted,

    /// <summary>What it says of the request is missing, repeated or ambiguous.</summary>
    Malformed,

    /// <summary>No rule is about it.</summary>
    NoRule,

    /// <summary>It has no token.</summary>
    NoToken,

    /// <summary>What stands where the token is, is none (RFC 6750 §3.1: invalid_request).</summary>
    NotAToken,

    /// <summary>The token is not active, is for another API or of another issuer, or is bound to whom nobody can prove to be here.</summary>
    InvalidToken,

    /// <summary>The token lacks a scope.</summary>
    InsufficientScope,

    /// <summary>The user has to authenticate again or otherwise (RFC 9470).</summary>
    StepUp,

    /// <summary>A claim is not what the rule asks for.</summary>
    Forbidden,

    /// <summary>The token could not be judged.</summary>
    CannotTell,

    /// <summary>It passes.</summary>
    Allowed,
}

/// <summary>A decision, with what its answer needs.</summary>
/// <param name="Verdict">What becomes of the request.</param>
/// <param name="Reason">A word for metrics, logs and <c>Touchstone-Reason</c>.</param>
/// <param name="Rule">The rule that matched; null where none did.</param>
/// <param name="Token">What is known of the token, where it is active.</param>
/// <param name="Source">Where that came from.</param>
/// <param name="Age">How long ago the server was asked.</param>
/// <param name="Policy">What the policy says beside yes or no; empty where none was asked.</param>
internal readonly record struct Decision(Verdict Verdict, string Reason, Rule? Rule = null, CheckedToken? Token = null, IntrospectionSource? Source = null, TimeSpan Age = default, OpaAnswer Policy = default)
{
    /// <summary>Every reason there is: as docs/sidecar.md and docs/metrics.md list them.</summary>
    internal static readonly string[] Reasons =
    [
        "allowed", "anybody", "open", "no_token", "malformed_token", "inactive", "audience", "issuer", "bound", "step_up", "insufficient_scope", "claim", "policy", "policy_open", "policy_unavailable", "no_rule", "untrusted_peer",
        "ambiguous_path", "ambiguous_host", "ambiguous_method", "incomplete", "alias_of_header", "cannot_tell", "fault",
    ];

    internal static Decision Untrusted { get; } = new(Verdict.Untrusted, "untrusted_peer");

    internal static Decision Malformed(string reason) => new(Verdict.Malformed, reason);
}
