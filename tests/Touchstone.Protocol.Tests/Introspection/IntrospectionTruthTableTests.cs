using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Introspection;

/// <summary>Every combination of what the decision depends on, against an expectation that is put together from the labels alone.</summary>
public sealed class IntrospectionTruthTableTests
{
    private const long Now = TokenRecords.Now;

    private sealed record Choice<T>(string Label, T Value);

    private static readonly Choice<bool>[] Exists = [new("record", true), new("no record", false)];
    private static readonly Choice<RevocationMatch?>[] Revoked = [new("no row", null), new("row", new RevocationMatch(SelectorKind.Subject, 9))];
    private static readonly Choice<long>[] Expiry =
        [new("long before exp", Now + 300), new("last second before exp", Now + 1), new("at exp", Now), new("after exp", Now - 1)];

    private static readonly Choice<long?>[] Start = [new("no nbf", null), new("after nbf", Now - 1), new("at nbf", Now), new("before nbf", Now + 1)];
    private static readonly Choice<TokenKind>[] Kinds = [new("access", TokenKind.AccessToken), new("refresh", TokenKind.RefreshToken)];
    private static readonly Choice<string[]>[] Audiences = [new("for it", ["x", "orders"]), new("for others", ["x"]), new("for nobody", [])];
    private static readonly Choice<CallerKind>[] Callers = [new("resource server", CallerKind.ResourceServer), new("client", CallerKind.Client)];
    private static readonly Choice<string>[] Owners = [new("own", "caller"), new("another's", "another")];
    private static readonly Choice<bool>[] Permissions = [new("may introspect", true), new("may not introspect", false)];

    [Fact]
    public void I10_I11_I15_A_token_is_active_in_exactly_the_expected_combinations()
    {
        var (active, all) = (0, 0);
        foreach (var (labels, decision) in Combinations())
        {
            var expected = labels.Contains("record") && labels.Contains("no row")
                && (labels.Contains("long before exp") || labels.Contains("last second before exp"))
                && (labels.Contains("no nbf") || labels.Contains("after nbf") || labels.Contains("at nbf"))
                && labels.Contains("may introspect")
                && ((labels.Contains("resource server") && labels.Contains("access") && labels.Contains("for it"))
                    || (labels.Contains("client") && labels.Contains("own")));
            var name = string.Join(", ", labels);
            decision.IsActive.ShouldBe(expected, name);
            (decision.Reason is InactiveReason.None).ShouldBe(expected, name);
            active += decision.IsActive ? 1 : 0;
            all++;
        }
        all.ShouldBe(2 * 2 * 4 * 4 * 2 * 3 * 2 * 2 * 2);
        // 2 times × 3 starts × (resource server: access token for it, whoever owns it: 2; client: own, of 2 kinds and 3 audiences: 6).
        active.ShouldBe(2 * 3 * (2 + 6));
    }

    [Fact]
    public void I43_What_is_wrong_with_a_token_itself_does_not_depend_on_who_asks()
    {
        foreach (var (labels, decision) in Combinations())
        {
            var own = !labels.Contains("record") ? InactiveReason.Unknown
                : labels.Contains("row") ? InactiveReason.Revoked
                : labels.Contains("at exp") || labels.Contains("after exp") ? InactiveReason.Expired
                : labels.Contains("before nbf") ? InactiveReason.NotYetValid
                : InactiveReason.None;
            if (own is InactiveReason.None) decision.Reason.ShouldBeOneOf(InactiveReason.None, InactiveReason.NotForCaller);
            else decision.Reason.ShouldBe(own, string.Join(", ", labels));
        }
    }

    private static IEnumerable<(HashSet<string> Labels, IntrospectionDecision Decision)> Combinations() =>
        from exists in Exists
        from revoked in Revoked
        from expiry in Expiry
        from start in Start
        from kind in Kinds
        from audience in Audiences
        from callerKind in Callers
        from owner in Owners
        from permission in Permissions
        let record = TokenRecords.Access with
        {
            Kind = kind.Value, ExpiresAt = expiry.Value, NotBefore = start.Value, Audience = audience.Value, ClientId = owner.Value,
        }
        let caller = new Caller { ClientId = "caller", Kind = callerKind.Value, Audience = ["y", "orders"], MayIntrospect = permission.Value }
        select (
            new HashSet<string>(
                [exists.Label, revoked.Label, expiry.Label, start.Label, kind.Label, audience.Label, callerKind.Label, owner.Label, permission.Label]),
            IntrospectionRules.Decide(exists.Value ? record : null, caller, revoked.Value, Now));
}
