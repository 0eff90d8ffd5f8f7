using FsCheck.Fluent;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.TokenExchange;
using Touchstone.Protocol.Tokens;
using Touchstone.Protocol.Tests.Revocation;

namespace Touchstone.Protocol.Tests.TokenExchange;

/// <summary>What holds of every exchange, whatever the tokens and the policy.</summary>
public sealed class ExchangePropertyTests
{
    private const int Runs = 20_000;

    [Fact]
    public void X05_X10_Whatever_row_ends_the_subject_or_the_actor_ends_what_was_made_from_them()
    {
        var (granted, ended) = (0, 0);
        var values = from attempt in Attempts.Any
                     from selector in Attempts.AnySelector
                     from narrowed in Gen.Elements<long?>(null, TokenRecords.Now - 50, TokenRecords.Now - 200)
                     select (attempt, Row: Rows.Row(selector, Attempts.Born + 1, narrowed));
        Properties.Hold(values, value =>
        {
            if (ExchangeRules.Decide(value.attempt).Record is not { } record) return;
            granted++;
            TokenRecord?[] parents = [value.attempt.Subject.Record, value.attempt.Actor?.Record];
            if (!parents.Any(parent => parent is not null && value.Row.Ends(parent))) return;
            ended++;
            value.Row.Ends(record).ShouldBeTrue($"{value.Row.Selector} ends a parent");
        }, Runs);
        granted.ShouldBeGreaterThan(500); // Else nothing was shown.
        ended.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void X05_Of_a_chain_the_last_ends_with_the_first()
    {
        var ended = 0;
        var values = from first in Attempts.Any
                     from second in Attempts.Any
                     from selector in Attempts.AnySelector
                     select (first, second, Row: Rows.Row(selector, Attempts.Born + 1));
        Properties.Hold(values, value =>
        {
            if (ExchangeRules.Decide(value.first).Record is not { } made) return;
            var again = value.second with { Draft = value.second.Draft with { Hash = TokenHash.Of("the next") }, Subject = Attempts.Good(made with { Audience = ["a"] }), Policy = value.second.Policy with { SubjectAudiences = ["a"] } };
            if (ExchangeRules.Decide(again).Record is not { } last || !value.Row.Ends(value.first.Subject.Record!)) return;
            ended++;
            value.Row.Ends(last).ShouldBeTrue($"{value.Row.Selector} ends the first");
        }, Runs);
        ended.ShouldBeGreaterThan(20);
    }

    [Fact]
    public void X10_Nothing_is_granted_beyond_the_tokens_and_the_policy() => Properties.Hold(Attempts.Any, attempt =>
    {
        var decision = ExchangeRules.Decide(attempt);
        (decision.Record is null).ShouldBe(decision.Fault is not ExchangeFault.None);
        if (decision.Record is not { } record) return;
        var (subject, actor, policy) = (attempt.Subject.Record!, attempt.Actor?.Record, attempt.Policy);
        foreach (var token in (PresentedToken[])[attempt.Subject, .. attempt.Actor is { } presented ? [presented] : Array.Empty<PresentedToken>()])
        {
            IntrospectionRules.WhyInvalid(token.Record, token.Revocation, TokenRecords.Now).ShouldBe(InactiveReason.None);
            token.Record!.Kind.ShouldBe(TokenKind.AccessToken);
            (token.HasDeclaredForm && token.IsKeyProven && token.IsSubjectEnabled).ShouldBeTrue();
            if (!token.Record.Confirmation.IsEmpty) record.Confirmation.ToArray().ShouldBe(token.Record.Confirmation.ToArray());
            policy.SubjectIssuers.ShouldContain(token.Record.Issuer);
            record.ExpiresAt.ShouldBeLessThanOrEqualTo(token.Record.ExpiresAt);
        }
        (actor is null ? policy.Impersonation : policy.Delegation).ShouldBeTrue();
        (IsOwn(subject) || policy.SubjectAudiences.Contains(subject.Audience[0])).ShouldBeTrue();
        if (actor is not null) (IsOwn(actor) || (actor.Issuer != record.Issuer && policy.SubjectAudiences.Contains(actor.Audience[0]))).ShouldBeTrue();
        record.Scope.IsEmpty.ShouldBeFalse();
        (record.Scope.IsSubsetOf(subject.Scope) && record.Scope.IsSubsetOf(policy.Scope) && !record.Scope.Contains("touchstone:admin")).ShouldBeTrue();
        if (attempt.Scope is { } asked) record.Scope.ShouldBe(asked);
        record.ExpiresAt.ShouldBeLessThanOrEqualTo(attempt.Draft.ExpiresAt);
        (record.Subject, record.Issuer, record.Born, record.Hash).ShouldBe((subject.Subject, TokenRecords.Issuer, Attempts.Born, attempt.Draft.Hash));
        record.Ancestors.ShouldContain(subject.Hash);
        record.Ancestors.Count.ShouldBeLessThanOrEqualTo(TokenRecord.MaxAncestors);
        record.Lineage.Count.ShouldBeLessThanOrEqualTo(TokenRecord.MaxLineage);
        record.Lineage.ShouldBeUnique();
        record.Lineage.ShouldNotContain(selector => selector.Kind == SelectorKind.Token || selector.Kind == SelectorKind.All || selector.Kind == SelectorKind.Registration);
        Selector.Of(record).Count().ShouldBe(Selector.Of(record).Distinct().Count()); // Nothing is told twice.

        bool IsOwn(TokenRecord token) => token.Issuer == record.Issuer && token.ClientId == record.ClientId;
    }, Runs);
}
