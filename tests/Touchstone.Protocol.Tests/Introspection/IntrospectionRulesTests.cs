using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Introspection;

public sealed class IntrospectionRulesTests
{
    private const long Now = TokenRecords.Now;
    private static readonly RevocationMatch Match = new(SelectorKind.Token, 8);
    private static readonly TokenRecord Access = TokenRecords.Access;
    private static readonly Caller ResourceServer = TokenRecords.ResourceServer;
    private static readonly Caller Owner = TokenRecords.Owner;

    [Fact]
    public void I10_A_good_token_is_active_for_its_resource_server_and_its_owner()
    {
        Decide(Access, ResourceServer).ShouldBe(IntrospectionDecision.Active);
        Decide(Access, Owner).ShouldBe(IntrospectionDecision.Active);
        IntrospectionDecision.Active.ShouldBe(new IntrospectionDecision(true, InactiveReason.None));
    }

    [Fact]
    public void I11_A_token_without_a_record_is_inactive() => Decide(null, ResourceServer).ShouldBe(new IntrospectionDecision(false, InactiveReason.Unknown));

    [Theory]
    [InlineData(SelectorKind.Token)]
    [InlineData(SelectorKind.Subject)]
    [InlineData(SelectorKind.All)]
    public void I15_A_revoked_token_is_inactive_whichever_row_ends_it(SelectorKind kind) =>
        IntrospectionRules.Decide(Access, ResourceServer, new RevocationMatch(kind, 1), Now).ShouldBe(IntrospectionDecision.Inactive(InactiveReason.Revoked));

    [Theory]
    [InlineData(-1, InactiveReason.None)]
    [InlineData(0, InactiveReason.Expired)]
    [InlineData(1, InactiveReason.Expired)]
    public void C26_C28_A_token_ends_at_the_second_of_exp_without_leeway(long after, InactiveReason expected) =>
        IntrospectionRules.Decide(Access, ResourceServer, null, Access.ExpiresAt + after).Reason.ShouldBe(expected);

    [Theory]
    [InlineData(-1, InactiveReason.NotYetValid)]
    [InlineData(0, InactiveReason.None)]
    [InlineData(1, InactiveReason.None)]
    public void C26_C28_A_token_begins_at_the_second_of_nbf_without_leeway(long after, InactiveReason expected) =>
        IntrospectionRules.Decide(Access with { NotBefore = Now }, ResourceServer, null, Now + after).Reason.ShouldBe(expected);

    [Fact]
    public void I42_L01_A_token_for_one_resource_server_is_inactive_for_another() =>
        Decide(Access, ResourceServer with { ClientId = "rs-b", Audience = ["https://b.acme.test/"] })
            .ShouldBe(IntrospectionDecision.Inactive(InactiveReason.NotForCaller));

    [Theory]
    [InlineData("https://orders.acme.test")]
    [InlineData("https://ORDERS.acme.test/")]
    [InlineData("https://orders.acme.test/api")]
    [InlineData("https://orders.acme.test%2F")]
    [InlineData("")]
    public void C22_C29_Audiences_compare_code_point_by_code_point(string audience) =>
        Decide(Access with { Audience = [audience] }, ResourceServer).Reason.ShouldBe(InactiveReason.NotForCaller);

    [Fact]
    public void C22_Text_is_compared_without_unicode_normalisation()
    {
        Decide(Access with { ClientId = "caf\u00e9" }, Owner with { ClientId = "cafe\u0301" }).Reason.ShouldBe(InactiveReason.NotForCaller);
        Decide(Access with { Audience = ["caf\u00e9"] }, ResourceServer with { Audience = ["cafe\u0301"] }).Reason.ShouldBe(InactiveReason.NotForCaller);
    }

    [Fact]
    public void C29_One_common_identifier_is_enough_and_none_is_refused()
    {
        Decide(Access with { Audience = ["a", "b", "c"] }, ResourceServer with { Audience = ["x", "c"] }).IsActive.ShouldBeTrue();
        Decide(Access with { Audience = ["a", "b", "c"] }, ResourceServer with { Audience = ["x", "y"] }).IsActive.ShouldBeFalse();
        Decide(Access with { Audience = [] }, ResourceServer).IsActive.ShouldBeFalse();
        Decide(Access, ResourceServer with { Audience = [] }).IsActive.ShouldBeFalse();
        Decide(Access with { Audience = [] }, ResourceServer with { Audience = [] }).IsActive.ShouldBeFalse();
    }

    [Fact]
    public void I44_L09_A_refresh_token_is_never_active_for_a_resource_server()
    {
        Decide(TokenRecords.Refresh, ResourceServer).ShouldBe(IntrospectionDecision.Inactive(InactiveReason.NotForCaller));
        Decide(TokenRecords.Refresh, ResourceServer with { ClientId = Access.ClientId }).IsActive.ShouldBeFalse();
        Decide(TokenRecords.Refresh with { Kind = default }, ResourceServer).IsActive.ShouldBeFalse();
    }

    [Fact]
    public void L01_A_client_sees_its_own_tokens_of_both_kinds_and_nobody_elses()
    {
        Decide(TokenRecords.Refresh, Owner).IsActive.ShouldBeTrue();
        Decide(Access, Owner with { ClientId = "other" }).Reason.ShouldBe(InactiveReason.NotForCaller);
        Decide(TokenRecords.Refresh, Owner with { ClientId = "Web-Shop" }).Reason.ShouldBe(InactiveReason.NotForCaller);
        Decide(Access, Owner with { ClientId = "other", Audience = Access.Audience }).IsActive.ShouldBeFalse();
    }

    [Fact]
    public void I08_A_caller_that_may_not_introspect_sees_nothing()
    {
        Decide(Access, ResourceServer with { MayIntrospect = false }).Reason.ShouldBe(InactiveReason.NotForCaller);
        Decide(Access, Owner with { MayIntrospect = false }).Reason.ShouldBe(InactiveReason.NotForCaller);
        new Caller { ClientId = "c", Kind = CallerKind.Client }.MayIntrospect.ShouldBeFalse();
    }

    [Fact]
    public void L01_A_caller_of_no_known_kind_sees_nothing() =>
        Decide(Access, Owner with { Kind = (CallerKind)99, Audience = Access.Audience }).IsActive.ShouldBeFalse();

    [Fact]
    public void The_reason_is_the_first_that_applies_revocation_before_time_before_audience()
    {
        var stranger = Owner with { ClientId = "other" };
        var past = Access with { ExpiresAt = Now, NotBefore = Now + 1 };
        IntrospectionRules.Decide(null, stranger, Match, Now).Reason.ShouldBe(InactiveReason.Unknown);
        IntrospectionRules.Decide(past, stranger, Match, Now).Reason.ShouldBe(InactiveReason.Revoked);
        IntrospectionRules.Decide(past, stranger, null, Now).Reason.ShouldBe(InactiveReason.Expired);
        IntrospectionRules.Decide(past with { ExpiresAt = Now + 2 }, stranger, null, Now).Reason.ShouldBe(InactiveReason.NotYetValid);
        IntrospectionRules.Decide(Access, stranger, null, Now).Reason.ShouldBe(InactiveReason.NotForCaller);
    }

    private static IntrospectionDecision Decide(TokenRecord? record, Caller caller) => IntrospectionRules.Decide(record, caller, null, Now);
}
