using System.Text;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.TokenExchange;
using Touchstone.Protocol.Tokens;
using static Touchstone.Protocol.Tests.TokenExchange.Decisions;

namespace Touchstone.Protocol.Tests.TokenExchange;

/// <summary>Exchanges of and by tokens of other issuers: their names stay theirs (F10).</summary>
public sealed class ForeignExchangeTests
{
    [Fact]
    public void X06_F10_An_actor_of_another_issuer_is_named_with_it() =>
        ActOf(WithForeign(Actor(record => record with { Issuer = Attempts.Foreign }))).ShouldBe($$"""{"sub":"orders-app","iss":"{{Attempts.Foreign}}","client_id":"orders-app"}""");

    [Fact]
    public void F10_Of_a_subject_of_another_issuer_it_is_said_whose_name_it_is()
    {
        var foreign = WithForeign(Subject(record => record with { Issuer = Attempts.Foreign }));
        var record = ExchangeRules.Decide(foreign).Record.ShouldNotBeNull();
        (record.Issuer, Text(record.Claims), record.Session).ShouldBe((TokenRecords.Issuer, $$"""{"sub_iss":"{{Attempts.Foreign}}"}""", null));
        record.Lineage.ShouldBe(
            [Selector.Jwt(Attempts.Foreign, "subject-jti"), Selector.Session(Attempts.Foreign, "s-1"), Selector.Subject(Attempts.Foreign, "u-4821"), Selector.Client("web-shop"), Selector.Member("t-1", Attempts.Foreign, "u-4821")],
            ignoreOrder: true);

        // And it stays said in what is made from that.
        var again = Attempts.Impersonation with { Draft = Attempts.Draft with { Hash = TokenHash.Of("next") }, Subject = Attempts.Good(record with { Audience = [TokenRecords.Orders] }) };
        var next = ExchangeRules.Decide(WithForeign(again)).Record.ShouldNotBeNull();
        // It does not become one of ours on the way.
        Fault(again).ShouldBe("subject_issuer");
        Text(next.Claims).ShouldBe(Text(record.Claims));
        next.Lineage.ShouldContain(Selector.Session(Attempts.Foreign, "s-1"));
        Fault(Subject(record => record with { Issuer = Attempts.Foreign })).ShouldBe("subject_issuer");
        Fault(Actor(record => record with { Issuer = Attempts.Foreign })).ShouldBe("actor_issuer");
    }

    [Fact]
    public void F10_X08_An_actor_whose_name_is_another_issuers_stays_so()
    {
        var actor = Actor(record => record with { Claims = Json($$"""{"sub_iss":"{{Attempts.Foreign}}"}""") });
        Fault(actor).ShouldBe("actor_issuer");
        ActOf(WithForeign(actor)).ShouldBe($$"""{"sub":"orders-app","iss":"{{Attempts.Foreign}}","client_id":"orders-app"}""");
        // The name of who may act is one of ours.
        Fault(WithForeign(Subject(record => record with { Claims = Json("""{"may_act":{"sub":"orders-app"}}""") }, actor))).ShouldBe("may_act");
        Fault(WithForeign(Subject(record => record with { Claims = Json("""{"may_act":{"sub":"orders-app","iss":"https://idp.acme.test"}}""") }, actor))).ShouldBe("issued");
        // Whose name it is can't be told.
        foreach (var unreadable in (string[])["""{"sub_iss":7}""", "[]", "{"]) Fault(WithForeign(Actor(record => record with { Claims = Json(unreadable) }))).ShouldBe("may_act", unreadable);
        foreach (var unreadable in (string[])["""{"sub_iss":7}""", """{"sub_iss":null}"""]) Fault(WithForeign(Subject(record => record with { Claims = Json(unreadable) }))).ShouldBe("may_act", unreadable);
        // What another issuer's token says of itself makes its names none of ours.
        var claims = Json($$"""{"sub_iss":"{{TokenRecords.Issuer}}"}""");
        Fault(Subject(record => record with { Issuer = Attempts.Foreign, Claims = claims })).ShouldBe("subject_issuer");
        Text(ExchangeRules.Decide(WithForeign(Subject(record => record with { Issuer = Attempts.Foreign, Claims = claims }))).Record!.Claims).ShouldBe($$"""{"sub_iss":"{{Attempts.Foreign}}"}""");
    }

    [Fact]
    public void X10_F10_A_client_of_another_issuer_that_has_the_same_name_is_another_one()
    {
        var foreign = WithForeign(Subject(record => record with { ClientId = "orders-app", Issuer = Attempts.Foreign, Audience = ["https://other.acme.test/"] }));
        Fault(foreign).ShouldBe("subject_client");
        Fault(foreign with { Policy = foreign.Policy with { SubjectAudiences = ["https://other.acme.test/"] } }).ShouldBe("issued");
        var acting = WithForeign(Actor(record => record with { Issuer = Attempts.Foreign, Audience = ["https://other.acme.test/"] }));
        Fault(acting).ShouldBe("actor_client");
        Fault(acting with { Policy = acting.Policy with { SubjectAudiences = [TokenRecords.Orders, "https://other.acme.test/"] } }).ShouldBe("issued");
        // Nor does a token act that was issued to somebody else and is only for the API.
        var another = WithForeign(Actor(record => record with { Issuer = Attempts.Foreign, ClientId = "another", Audience = ["https://other.acme.test/"] }));
        Fault(another with { Policy = another.Policy with { SubjectAudiences = [TokenRecords.Orders, "https://other.acme.test/"] } }).ShouldBe("actor_client");
    }

    [Fact]
    public void X06_F10_Who_acted_by_another_issuers_word_is_named_with_it()
    {
        foreach (var (act, carried) in ((string, string)[])
        [
            ("""{"sub":"a","client_id":"a"}""", $$"""{"iss":"{{Attempts.Foreign}}","sub":"a","client_id":"a"}"""),
            ("""{"sub":"a","act":{"iss":"https://third.test","sub":"b","act":{"sub":"c"}}}""", $$$$"""{"iss":"{{{{Attempts.Foreign}}}}","sub":"a","act":{"iss":"https://third.test","sub":"b","act":{"iss":"{{{{Attempts.Foreign}}}}","sub":"c"}}}"""),
        ])
        {
            var foreign = WithForeign(Subject(record => record with { Issuer = Attempts.Foreign, Actor = Json(act) }));
            ActOf(foreign).ShouldBe(carried);
            ActOf(foreign with { Actor = Attempts.Delegation.Actor }).ShouldBe($$"""{"sub":"orders-app","client_id":"orders-app","act":{{carried}}}""");
        }
        foreach (var unreadable in (string[])["""{"sub":"a","iss":7}""", """{"sub":"a","act":{"sub":"b","iss":null}}""", "[]", Chain(9), $$"""{"sub":"{{new string('x', 16_370)}}"}"""])
            Fault(WithForeign(Subject(record => record with { Issuer = Attempts.Foreign, Actor = Json(unreadable) }))).ShouldBe("actor_chain");
    }

    [Theory]
    [InlineData("""{"sub":"helper"}""", """{"sub":"helper","iss":"https://idp.acme.test"}""")]
    [InlineData("""{"client_id":"orders-app"}""", """{"client_id":"orders-app","iss":"https://idp.acme.test"}""")]
    [InlineData("""{"iss":"https://idp.acme.test","sub":"helper"}""", """{"iss":"https://idp.acme.test","sub":"helper"}""")]
    public void X08_F10_Who_may_act_by_another_issuers_word_is_one_of_its_own(string mayAct, string carried)
    {
        var named = WithForeign(Subject(record => record with { Issuer = Attempts.Foreign, Claims = Json($$"""{"may_act":{{mayAct}}}""") }, Attempts.Delegation));
        var theirs = ExchangeRules.Decide(ActingAs(record => record with { Issuer = Attempts.Foreign, Audience = [TokenRecords.Orders] })).Record.ShouldNotBeNull();
        Text(theirs.Claims).ShouldBe($$"""{"may_act":{{carried}},"sub_iss":"{{Attempts.Foreign}}"}""");
        Fault(ActingAs(record => record)).ShouldBe("may_act"); // One of ours of that name.
        Fault(named with { Actor = null }).ShouldBe("may_act"); // The client itself.
        // So it is in what is made from that.
        var next = named with { Draft = Attempts.Draft with { Hash = TokenHash.Of("next") }, Subject = Attempts.Good(theirs with { Actor = default }) };
        Fault(next with { Actor = Attempts.Good(Attempts.ActorToken with { Subject = "helper" }) }).ShouldBe("may_act");

        ExchangeAttempt ActingAs(Func<TokenRecord, TokenRecord> change) => Actor(record => change(record with { Subject = "helper" }), named);
    }

    [Fact]
    public void X08_F10_A_client_that_may_act_is_one_of_its_issuer()
    {
        // Who has a foreign name in a token of ours is not a client of that issuer.
        var named = WithForeign(Subject(record => record with { Claims = Json("""{"may_act":{"client_id":"orders-app","iss":"https://idp.acme.test"}}""") }, Attempts.Delegation));
        Fault(Actor(record => record with { Claims = Json($$"""{"sub_iss":"{{Attempts.Foreign}}"}""") }, named)).ShouldBe("may_act");
        Fault(Actor(record => record with { Issuer = Attempts.Foreign }, named)).ShouldBe("issued");
    }

    [Fact]
    public void X10_F10_Within_its_tenant_a_subject_of_another_issuer_can_be_ended()
    {
        var foreign = WithForeign(Subject(record => record with { Issuer = Attempts.Foreign, Tenant = null }));
        var record = ExchangeRules.Decide(foreign with { Draft = Attempts.Draft with { Tenant = "t-1" } }).Record.ShouldNotBeNull();
        record.Lineage.ShouldContain(Selector.Member("t-1", Attempts.Foreign, "u-4821"));
        ExchangeRules.Decide(foreign).Record!.Lineage.ShouldNotContain(selector => selector.Kind == SelectorKind.Member);
    }
}
