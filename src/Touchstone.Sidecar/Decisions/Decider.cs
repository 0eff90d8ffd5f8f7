using Touchstone.Client;
using Touchstone.Sidecar.Opa;
using Touchstone.Sidecar.Overrides;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Decisions;

/// <summary>A request as the client sent it, told by whoever asks.</summary>
/// <param name="Method">As it stands in the request line.</param>
/// <param name="Authority">Its host, perhaps with a port.</param>
/// <param name="Target">Path and query, not decoded.</param>
/// <param name="Authorization">Its <c>Authorization</c> header; empty where it has none.</param>
internal readonly record struct OriginalRequest(string Method, string Authority, string Target, string Authorization);

/// <summary>Decides whether a request passes: the one decision behind every way of asking. Read it downward.</summary>
/// <param name="tokens">Who knows about tokens.</param>
/// <param name="overrides">What operators set.</param>
/// <param name="policies">Who has the last word where a rule says so; null: nobody is there.</param>
/// <param name="time">The clock.</param>
internal sealed class Decider(IntrospectionRouter tokens, PolicyOverrides overrides, OpaClient? policies, TimeProvider time)
{
    /// <summary>Decides. Without a wait where memory is enough.</summary>
    internal ValueTask<Decision> DecideAsync(RuleSet rules, in OriginalRequest request, CancellationToken cancellationToken)
    {
        // 1. Is it one request, and not two that look alike?
        if (!RequestMethod.IsPlain(request.Method)) return new(Decision.Malformed("ambiguous_method"));
        if (!RequestHost.TryParse(request.Authority, out var host)) return new(Decision.Malformed("ambiguous_host"));
        if (!RequestPath.TryParse(request.Target, out var path, out _)) return new(Decision.Malformed("ambiguous_path"));

        // 2. Which rule is it about?
        if (rules.Find(request.Method, host, path, out var isAmbiguous) is not { } rule) return new(isAmbiguous ? Decision.Malformed("ambiguous_path") : new Decision(Verdict.NoRule, "no_rule"));
        if (rule.IsOpen) return new(new Decision(Verdict.Allowed, "anybody", rule));

        // 3. Is there a token?
        if (request.Authorization.Length == 0) return new(new Decision(Verdict.NoToken, "no_token", rule));
        var presented = BearerToken.Read(request.Authorization, out var token);
        if (presented is not BearerToken.Presented.Token) return new(presented is BearerToken.Presented.OtherScheme ? new Decision(Verdict.NoToken, "no_token", rule) : new Decision(Verdict.NotAToken, "malformed_token", rule));

        // 4. Is it active, and does it meet the rule?
        var policy = overrides.PolicyOf(rule);
        if (!tokens.TryIntrospect(token, policy, out var known)) return AskAsync(new Judged(rule, request.Method, host, path), token.ToString(), policy, cancellationToken);
        var decision = Judge(rule, known);

        // 5. Does the policy let it pass?
        return IsUpToPolicy(decision) ? AskPolicyAsync(decision, new Judged(rule, request.Method, host, path), cancellationToken) : new(decision);
    }

    // A request, as far as it is judged.
    private readonly record struct Judged(Rule Rule, string Method, string Host, RequestPath Path);

    private static bool IsUpToPolicy(in Decision decision) => decision is { Verdict: Verdict.Allowed, Rule.OpaPath: not null };

    private async ValueTask<Decision> AskAsync(Judged request, string token, IntrospectionPolicy policy, CancellationToken cancellationToken)
    {
        var decision = Judge(request.Rule, await tokens.IntrospectAsync(token, policy, cancellationToken));
        return IsUpToPolicy(decision) ? await AskPolicyAsync(decision, request, cancellationToken) : decision;
    }

    private async ValueTask<Decision> AskPolicyAsync(Decision decision, Judged request, CancellationToken cancellationToken)
    {
        // A rule of a newer file may ask for a policy where the process was started without.
        if (policies is null || decision.Token is not { } token) return decision with { Verdict = Verdict.CannotTell, Reason = "policy_unavailable" };
        var answer = await policies.AskAsync(new OpaQuestion(request.Rule, request.Method, request.Host, request.Path, token.Claims), cancellationToken);
        return answer.Outcome switch
        {
            OpaOutcome.Allowed => decision with { Policy = answer },
            OpaOutcome.Refused => decision with { Verdict = Verdict.Forbidden, Reason = "policy", Policy = answer },
            // Never for what whoever sends requests can bring about: a policy that breaks or is slow by just this, or more questions than it takes (L47).
            OpaOutcome.Unreachable when policies.IsOpen => decision with { Reason = "policy_open" },
            _ => decision with { Verdict = Verdict.CannotTell, Reason = "policy_unavailable" },
        };
    }

    /// <summary>Judges what is known of a token by a rule: from memory or not, each time (L07, L48).</summary>
    internal Decision Judge(Rule rule, in IntrospectionResult result)
    {
        if (result.Outcome is IntrospectionOutcome.CannotTell) return new Decision(Verdict.CannotTell, "cannot_tell", rule, Source: result.Source);
        if (!result.IsActive) return new Decision(Verdict.InvalidToken, "inactive", rule, Source: result.Source);
        // Nobody was asked, and the rule wants that let pass: but nobody knows of any scope.
        if (result.Token is not { } token) return rule.AsksForNothing && IsOutage(result.Fault) ? new Decision(Verdict.Allowed, "open", rule, Source: result.Source) : new Decision(Verdict.CannotTell, "cannot_tell", rule, Source: result.Source);
        // Who holds a token that is bound to a key or a certificate proves so to whom it talks, and that is the proxy.
        if (token.Confirmation is not null) return new Decision(Verdict.InvalidToken, "bound", rule, Source: result.Source);
        var claims = CheckedToken.Of(token);
        if (rule.Requirements.FirstUnmet(claims.Claims, time.GetUtcNow().ToUnixTimeSeconds()) is { } unmet) return new Decision(VerdictOf(unmet.Fault), ReasonOf(unmet.Fault), rule, claims, result.Source, result.Age);
        return new Decision(Verdict.Allowed, "allowed", rule, claims, result.Source, result.Age);
    }

    // A server that answers 500 may do so about just this token, and whoever brings it knows (L47): it counts once most calls failed, and it is left alone.
    private static bool IsOutage(IntrospectionFault fault) => fault is IntrospectionFault.Unreachable or IntrospectionFault.Timeout or IntrospectionFault.BreakerOpen or IntrospectionFault.KeysUnavailable;

    internal static Verdict VerdictOf(RuleFault fault) => fault switch
    {
        RuleFault.Scope => Verdict.InsufficientScope,
        RuleFault.Authentication => Verdict.StepUp,
        RuleFault.Claim => Verdict.Forbidden,
        _ => Verdict.InvalidToken,
    };

    internal static string ReasonOf(RuleFault fault) => fault switch
    {
        RuleFault.Scope => "insufficient_scope",
        RuleFault.Authentication => "step_up",
        RuleFault.Claim => "claim",
        RuleFault.Issuer => "issuer",
        _ => "audience",
    };
}
