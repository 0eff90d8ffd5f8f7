using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Revocation;

public sealed class RevocationRowTests
{
    private static readonly TokenRecord Record = TokenRecords.Access with { Jti = "j-1" };

    [Fact]
    public void X05_A_row_narrowed_to_earlier_issues_ends_what_descends_from_a_token_that_it_ends()
    {
        var row = Rows.Row(Selector.All, issuedBefore: Record.IssuedAt);
        row.Ends(Record with { Born = 10 }).ShouldBeFalse();
        row.Ends(Record with { Born = 10, Ancestors = [TokenHash.Of("parent")] }).ShouldBeTrue(); // When its parent was issued is not kept.
        row.Ends(Record with { Born = row.Seq, Ancestors = [TokenHash.Of("parent")] }).ShouldBeFalse();
    }

    [Fact]
    public void I15_A_row_ends_exactly_the_expected_tokens_of_every_kind_birth_and_issue()
    {
        // Kind; ends for ever; ends what was born before.
        (SelectorKind Kind, bool Ever, bool BornBefore)[] kinds =
        [
            (SelectorKind.Token, true, false), (SelectorKind.Grant, true, false), (SelectorKind.Session, true, false), (SelectorKind.Jwt, true, false),
            (SelectorKind.Subject, false, true), (SelectorKind.Client, false, true), (SelectorKind.Tenant, false, true), (SelectorKind.Member, false, true), (SelectorKind.All, false, true),
            (SelectorKind.Registration, false, false),
        ];
        kinds.Select(row => row.Kind).ShouldBe(Enum.GetValues<SelectorKind>(), ignoreOrder: true);
        (long Born, bool IsBefore)[] births = [(0, true), (99, true), (100, false), (101, false), (long.MaxValue, false)];
        (long? IssuedBefore, bool Reaches)[] limits =
        [
            (null, true), (Record.IssuedAt + 1, true), (long.MaxValue, true), (Record.IssuedAt, false), (Record.IssuedAt - 1, false), (long.MinValue, false),
        ];

        foreach (var (kind, ever, bornBefore) in kinds)
        {
            foreach (var (born, isBefore) in births)
            {
                foreach (var (issuedBefore, reaches) in limits)
                {
                    var row = Rows.Row(Rows.Naming(kind, Record), seq: 100, issuedBefore);
                    var expected = ever || (bornBefore && isBefore && reaches);
                    row.Ends(Record with { Born = born }).ShouldBe(expected, $"{kind}, born {born}, issued before {issuedBefore}");
                }
            }
        }
    }

    [Fact]
    public void X10_What_ends_an_ancestor_ends_its_descendant_as_far_as_its_birth_goes()
    {
        var child = Record with { Lineage = [Selector.Client("shop"), Selector.Grant("g-9")], Born = 10 };
        Rows.Row(Selector.Client("shop"), seq: 11).Ends(child).ShouldBeTrue();
        Rows.Row(Selector.Client("shop"), seq: 10).Ends(child).ShouldBeFalse();
        Rows.Row(Selector.Grant("g-9"), seq: 1).Ends(child).ShouldBeTrue();
        Rows.Row(Selector.Client("g-9"), seq: 11).Ends(child).ShouldBeFalse();
        Selector.Of(child).ShouldContain(Selector.Client("shop"));
    }

    [Theory]
    [InlineData(SelectorKind.Token)]
    [InlineData(SelectorKind.Grant)]
    [InlineData(SelectorKind.Session)]
    [InlineData(SelectorKind.Subject)]
    [InlineData(SelectorKind.Client)]
    [InlineData(SelectorKind.Tenant)]
    [InlineData(SelectorKind.Member)]
    [InlineData(SelectorKind.Jwt)]
    public void I15_A_row_that_names_another_ends_nothing(SelectorKind kind)
    {
        var other = Record with { Hash = TokenHash.Of("other"), Grant = "g-2", Session = "s-2", Subject = "u-2", ClientId = "c-2", Tenant = "t-2", Jti = "j-2" };
        Rows.Row(Rows.Naming(kind, other)).Ends(Record).ShouldBeFalse();
        Rows.Row(Rows.Naming(kind, Record)).Ends(other).ShouldBeFalse();
    }

    [Theory]
    [InlineData(SelectorKind.Grant)]
    [InlineData(SelectorKind.Session)]
    [InlineData(SelectorKind.Subject)]
    [InlineData(SelectorKind.Tenant)]
    [InlineData(SelectorKind.Member)]
    [InlineData(SelectorKind.Jwt)]
    public void I15_A_token_without_that_property_is_not_ended_by_a_row_about_it(SelectorKind kind)
    {
        var bare = Record with { Grant = null, Session = null, Subject = null, Tenant = null, Jti = null };
        Rows.Row(Rows.Naming(kind, Record)).Ends(bare).ShouldBeFalse();
        Rows.Row(new Selector(kind)).Ends(bare).ShouldBeFalse("nothing is not a name");
    }

    [Theory]
    [InlineData(SelectorKind.Session)]
    [InlineData(SelectorKind.Subject)]
    [InlineData(SelectorKind.Member)]
    [InlineData(SelectorKind.Jwt)]
    public void Subjects_and_sessions_of_two_issuers_never_meet(SelectorKind kind)
    {
        var foreign = Record with { Issuer = "https://other.acme.test" };
        Rows.Row(Rows.Naming(kind, Record)).Ends(foreign).ShouldBeFalse();
        Rows.Row(Rows.Naming(kind, foreign)).Ends(foreign).ShouldBeTrue();
    }

    [Fact]
    public void G07_A_member_is_the_subject_in_this_tenant_and_in_no_other()
    {
        var row = Rows.Row(Rows.Naming(SelectorKind.Member, Record));
        row.Ends(Record).ShouldBeTrue();
        row.Ends(Record with { Tenant = "t-2" }).ShouldBeFalse();
        row.Ends(Record with { Tenant = null }).ShouldBeFalse();
        row.Ends(Record with { Subject = "u-2" }).ShouldBeFalse();
    }

    [Fact]
    public void C22_Names_in_rows_are_case_sensitive()
    {
        Selector[] selectors =
        [
            Selector.Grant("G-1"), Selector.Session(Record.Issuer, "S-1"), Selector.Subject(Record.Issuer, "U-4821"),
            Selector.Client("Web-Shop"), Selector.Tenant("T-1"), Selector.Member("T-1", Record.Issuer, Record.Subject!), Selector.Member(Record.Tenant!, Record.Issuer, "U-4821"),
        ];
        foreach (var selector in selectors) Rows.Row(selector).Ends(Record).ShouldBeFalse();
    }

    [Fact]
    public void R07_A_grant_row_ends_refresh_and_access_tokens_of_that_grant_and_no_other()
    {
        var row = Rows.Row(Selector.Grant("g-1"));
        row.Ends(TokenRecords.Refresh).ShouldBeTrue();
        row.Ends(TokenRecords.Access).ShouldBeTrue();
        row.Ends(TokenRecords.Access with { Grant = "g-2" }).ShouldBeFalse();
    }

    [Fact]
    public void A_token_row_ends_all_that_descend_from_the_token()
    {
        TokenHash[] ancestors = [.. Enumerable.Range(0, TokenRecord.MaxAncestors).Select(i => TokenHash.Of($"ancestor {i}"))];
        var descendant = Record with { Ancestors = ancestors };
        foreach (var ancestor in ancestors)
        {
            Rows.Row(Selector.Token(ancestor)).Ends(descendant).ShouldBeTrue();
            Rows.Row(Selector.Token(ancestor)).Ends(Record).ShouldBeFalse();
        }
        Rows.Row(Selector.Token(Record.Hash)).Ends(Record with { Hash = ancestors[0] }).ShouldBeFalse("an ancestor outlives its descendants");
    }

    [Fact]
    public void An_unknown_kind_of_row_ends_nothing_here() =>
        Rows.Row(new Selector((SelectorKind)99, Record.Hash, "web-shop", Record.Issuer)).Ends(Record).ShouldBeFalse();

    [Fact]
    public void What_a_row_says_for_people_decides_nothing()
    {
        var row = Rows.Row(Selector.Client("web-shop"));
        (row with { At = 0, Reason = "leaked", Actor = "ops", ForgetAfter = 0, Id = Guid.NewGuid() }).Ends(Record).ShouldBeTrue();
        row.Reason.ShouldBeNull();
        row.Actor.ShouldBe("touchstone");
        new RevocationMatch(row.Selector.Kind, row.Seq).ShouldBe(new RevocationMatch(SelectorKind.Client, 100));
    }
}
