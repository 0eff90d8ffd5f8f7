using System.Text;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.TokenExchange;
using Touchstone.Protocol.Tokens;
using static Touchstone.Protocol.Tests.TokenExchange.Decisions;

namespace Touchstone.Protocol.Tests.TokenExchange;

/// <summary>What an exchange gives, and what it refuses; of other issuers' tokens: <see cref="ForeignExchangeTests"/>.</summary>
public sealed class ExchangeRulesTests
{
    [Fact]
    public void X06_Impersonation_names_the_subject_and_nobody_else()
    {
        var record = ExchangeRules.Decide(Attempts.Impersonation).Record.ShouldNotBeNull();
        (record.Subject, record.Username, record.ClientId, record.Scope.Text).ShouldBe(("u-4821", "Ada", "orders-app", "stock:read"));
        (record.Grant, record.Session, record.Tenant).ShouldBe(("g-1", "s-1", "t-1"));
        record.Actor.IsEmpty.ShouldBeTrue();
        record.Claims.IsEmpty.ShouldBeTrue();
        record.ExpiresAt.ShouldBe(TokenRecords.Now + 300);
        record.Audience.ShouldBe([Attempts.Stock]);
        record.Ancestors.ShouldBe([Attempts.SubjectToken.Hash]);
        record.Lineage.ShouldBe([Selector.Jwt(TokenRecords.Issuer, "subject-jti"), Selector.Client("web-shop")]);
    }

    [Fact]
    public void X06_X23_Delegation_names_the_actor_around_who_acted_before()
    {
        ActOf(Attempts.Delegation).ShouldBe("""{"sub":"orders-app","client_id":"orders-app"}""");
        ActOf(Subject(record => record with { Actor = Json("""{"sub":"first","act":{"sub":"zero"}}""") }, Attempts.Delegation))
            .ShouldBe("""{"sub":"orders-app","client_id":"orders-app","act":{"sub":"first","act":{"sub":"zero"}}}""");
        ExchangeRules.Decide(Attempts.Delegation).Record!.ExpiresAt.ShouldBe(TokenRecords.Now + 200);
    }

    [Fact]
    public void X06_Impersonation_keeps_who_acted_before() => ActOf(Subject(record => record with { Actor = Json("""{"sub":"first"}""") })).ShouldBe("""{"sub":"first"}""");

    [Fact]
    public void X06_X10_Eight_actors_are_the_most()
    {
        ActOf(Subject(record => record with { Actor = Json(Chain(7)) }, Attempts.Delegation)).Split("\"sub\"").Length.ShouldBe(9);
        Fault(Subject(record => record with { Actor = Json(Chain(8)) }, Attempts.Delegation)).ShouldBe("actor_chain");
        foreach (var unreadable in (string[])["[]", "7", "{", """{"sub":"x","act":7}""", """{"sub":"x","sub":"y"}""", Chain(60), $$"""{"sub":"{{new string('x', 17_000)}}"}"""])
            Fault(Subject(record => record with { Actor = Json(unreadable) }, Attempts.Delegation)).ShouldBe("actor_chain", unreadable.Length > 100 ? "long" : unreadable);
    }

    [Fact]
    public void X10_The_actors_tenant_is_the_new_tokens_where_nobody_else_has_one()
    {
        var mixed = Actor(record => record with { Tenant = "t-9" }, Subject(record => record with { Tenant = null }, Attempts.Delegation));
        var record = ExchangeRules.Decide(mixed).Record.ShouldNotBeNull();
        record.Tenant.ShouldBe("t-9");
        // So it can't be carried into a third one.
        var next = Attempts.Impersonation with { Draft = Attempts.Draft with { Hash = TokenHash.Of("next"), Tenant = "t-1" }, Subject = Attempts.Good(record with { Audience = [TokenRecords.Orders] }) };
        Fault(next).ShouldBe("subject_tenant");
    }

    [Theory]
    [InlineData("""{"may_act":{"sub":"orders-app"}}""", true)]
    [InlineData("""{"may_act":{"sub":"orders-app","iss":"https://as.acme.test"}}""", true)]
    [InlineData("""{"may_act":{"client_id":"orders-app"}}""", true)]
    [InlineData("""{"may_act":{"sub":"somebody"}}""", false)]
    [InlineData("""{"may_act":{"sub":"ORDERS-APP"}}""", false)]
    [InlineData("""{"may_act":{"sub":"orders-app","iss":"https://idp.acme.test"}}""", false)]
    [InlineData("""{"may_act":{"sub":"orders-app","client_id":"another"}}""", false)]
    [InlineData("""{"may_act":{"sub":"orders-app","email":"o@acme.test"}}""", false)]
    [InlineData("""{"may_act":{"iss":"https://as.acme.test"}}""", false)]
    [InlineData("""{"may_act":{"sub":["orders-app"]}}""", false)]
    [InlineData("""{"may_act":{}}""", false)]
    [InlineData("""{"may_act":"orders-app"}""", false)]
    [InlineData("""{"may_act":null}""", false)]
    [InlineData("""{"may_act":{"sub":"somebody"},"may_act":{"sub":"orders-app"}}""", false)]
    [InlineData("""{"may_act":{"sub":"orders-app"}""", false)]
    [InlineData("[]", false)]
    [InlineData("""{"plan":"gold"}""", true)]
    public void X08_X25_Who_may_act_is_whom_the_subject_token_names(string claims, bool isAllowed)
    {
        // Without an actor's token the client itself acts; with one, whose token that is. Here both have one name.
        foreach (var attempt in (ExchangeAttempt[])[Attempts.Impersonation, Attempts.Delegation])
        {
            var decision = ExchangeRules.Decide(Subject(record => record with { Claims = Json(claims) }, attempt));
            (decision.Record is not null).ShouldBe(isAllowed);
            if (!isAllowed) decision.Reason.ShouldBe("may_act");
        }
    }

    [Fact]
    public void X08_X25_May_act_is_about_the_actor_and_stays_for_the_next()
    {
        var named = Subject(record => record with { Claims = Json("""{"may_act":{"sub":"helper"},"plan":7}""") }, Attempts.Delegation);
        Fault(named).ShouldBe("may_act");
        var helped = ExchangeRules.Decide(Actor(record => record with { Subject = "helper" }, named)).Record.ShouldNotBeNull();
        Text(helped.Claims).ShouldBe("""{"may_act":{"sub":"helper"}}""");
        // A name without an issuer is one of ours.
        Fault(WithForeign(Actor(record => record with { Subject = "helper", Issuer = Attempts.Foreign }, named))).ShouldBe("may_act");
        var ofForeign = Subject(record => record with { Claims = Json("""{"may_act":{"sub":"helper","iss":"https://idp.acme.test"}}""") }, Attempts.Delegation);
        Fault(WithForeign(Actor(record => record with { Subject = "helper", Issuer = Attempts.Foreign }, ofForeign))).ShouldBe("issued");
        Fault(Actor(record => record with { Subject = "helper" }, ofForeign)).ShouldBe("may_act");
    }

    public static TheoryData<string> Faults =>
    [
        "unknown", "revoked", "expired", "not_yet_valid", "kind", "form", "key", "nobody", "disabled", "tenant", "client", "issuer",
    ];

    [Theory, MemberData(nameof(Faults))]
    public void X02_X10_X20_Each_fault_of_a_token_refuses_by_itself(string fault)
    {
        var delegated = Attempts.Delegation with { Draft = Attempts.Draft with { Tenant = "t-1" } };
        Fault(delegated).ShouldBe("issued");
        Fault(delegated with { Subject = Spoilt(delegated.Subject, fault) }).ShouldBe("subject_" + fault);
        Fault(delegated with { Actor = Spoilt(delegated.Actor!, fault) }).ShouldBe("actor_" + fault);
    }

    [Fact]
    public void X10_A_token_is_bound_to_all_that_those_it_is_made_from_are_bound_to()
    {
        var (key, other, certificate, both) = ($$"""{"jkt":"{{Hash('k')}}"}""", $$"""{"jkt":"{{Hash('o')}}"}""", $$"""{"x5t#S256":"{{Hash('c')}}"}""", $$"""{"jkt":"{{Hash('k')}}","x5t#S256":"{{Hash('c')}}"}""");
        foreach (var (draft, subject, actor, bound) in ((string, string, string, string)[])
            [("", "", "", ""), ("", key, "", key), ("", "", certificate, certificate), (key, "", "", key), (key, certificate, "", both), (key, both, key, both), (certificate, "", key, both), ("", both, certificate, both)])
            Text(Decide(draft, subject, actor).Record.ShouldNotBeNull().Confirmation).ShouldBe(bound);
        // Nobody could show both.
        foreach (var (draft, subject, actor, fault) in ((string, string, string, string)[])
            [(other, key, "", "subject_key"), (key, "", other, "actor_key"), ("", key, other, "actor_key"), (both, other, "", "subject_key"), (key, """{"kid":"x"}""", "", "subject_key")])
            Decide(draft, subject, actor).Reason.ShouldBe(fault);

        static string Hash(char name) => new string(name, 42) + "A";

        static ExchangeDecision Decide(string draft, string subject, string actor)
        {
            var attempt = Actor(record => record with { Confirmation = Json(actor) }, Subject(record => record with { Confirmation = Json(subject) }, Attempts.Delegation));
            return ExchangeRules.Decide(attempt with { Draft = Attempts.Draft with { Confirmation = Json(draft) } });
        }
    }

    [Fact]
    public void X10_A_token_of_the_client_needs_no_audience_and_an_actors_token_must_be_of_the_client()
    {
        var own = Subject(record => record with { ClientId = "orders-app" }) with { Policy = Attempts.Impersonation.Policy with { SubjectAudiences = [] } };
        Fault(own).ShouldBe("issued");
        Fault(Actor(record => record with { ClientId = "web-shop" })).ShouldBe("actor_client");
        Fault(Actor(record => record with { Actor = Json("""{"sub":"x"}""") })).ShouldBe("actor_has_actor");
    }

    [Fact]
    public void X10_Each_mode_is_allowed_by_itself()
    {
        Fault(Attempts.Impersonation with { Policy = Attempts.Impersonation.Policy with { Impersonation = false } }).ShouldBe("impersonation");
        Fault(Attempts.Delegation with { Policy = Attempts.Impersonation.Policy with { Impersonation = false } }).ShouldBe("issued");
        Fault(Attempts.Delegation with { Policy = Attempts.Impersonation.Policy with { Delegation = false } }).ShouldBe("delegation");
        Fault(Attempts.Impersonation with { Policy = new ExchangePolicy() }).ShouldBe("impersonation");
    }

    [Theory]
    [InlineData(null, "stock:read")]
    [InlineData("stock:read", "stock:read")]
    [InlineData("stock:write", null)] // The client's, and not the subject's.
    [InlineData("orders:read", null)] // The subject's, and not the client's.
    [InlineData("stock:read stock:write", null)]
    [InlineData("", null)]
    [InlineData("touchstone:admin", null)]
    public void X10_The_scope_lies_within_both(string? asked, string? granted)
    {
        var decision = ExchangeRules.Decide(Subject(record => record with { Scope = Attempts.Scope("stock:read orders:read touchstone:admin") }) with { Scope = asked is null ? null : Attempts.Scope(asked) });
        decision.Record?.Scope.Text.ShouldBe(granted);
        decision.Reason.ShouldBe(granted is null ? "scope" : "issued");
    }

    [Fact]
    public void X10_What_has_nothing_in_common_with_the_client_gives_nothing() => Fault(Subject(record => record with { Scope = Attempts.Scope("orders:read") })).ShouldBe("scope");

    [Fact]
    public void X10_Neither_ancestors_nor_lineage_grow_without_end()
    {
        TokenHash[] ancestors = [.. Enumerable.Range(0, TokenRecord.MaxAncestors).Select(i => TokenHash.Of($"a{i}"))];
        Fault(Subject(record => record with { Ancestors = ancestors[1..] })).ShouldBe("issued");
        Fault(Subject(record => record with { Ancestors = ancestors })).ShouldBe("lineage");
        Selector[] lineage = [.. Enumerable.Range(0, TokenRecord.MaxLineage).Select(i => Selector.Client($"c{i}"))];
        Fault(Subject(record => record with { Lineage = lineage[2..] })).ShouldBe("issued");
        Fault(Subject(record => record with { Lineage = lineage[1..] })).ShouldBe("lineage");
    }

    private static PresentedToken Spoilt(PresentedToken token, string fault)
    {
        var record = token.Record!;
        return fault switch
        {
            "unknown" => token with { Record = null },
            "revoked" => token with { Revocation = new RevocationMatch(SelectorKind.Subject, 9) },
            "expired" => token with { Record = record with { ExpiresAt = TokenRecords.Now } },
            "not_yet_valid" => token with { Record = record with { NotBefore = TokenRecords.Now + 1 } },
            "kind" => token with { Record = record with { Kind = TokenKind.RefreshToken } },
            "form" => token with { HasDeclaredForm = false },
            "key" => token with { IsKeyProven = false },
            "nobody" => token with { Record = record with { Subject = null } },
            "disabled" => token with { IsSubjectEnabled = false },
            "tenant" => token with { Record = record with { Tenant = "t-2" } },
            "client" => token with { Record = record with { ClientId = "another", Audience = ["https://other.acme.test/"] } },
            "issuer" => token with { Record = record with { Issuer = Attempts.Foreign } },
            _ => throw new ArgumentOutOfRangeException(nameof(fault)),
        };
    }
}
