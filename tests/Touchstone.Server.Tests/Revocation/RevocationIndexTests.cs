using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Revocation;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Revocation;

public sealed class RevocationIndexTests
{
    private static readonly TokenRecord Full = Records.Full("t") with { Born = 10 };

    [Fact]
    public void An_empty_index_ends_nothing()
    {
        var index = new RevocationIndex(0);
        index.Match(Full).ShouldBeNull();
        (index.Seq, index.Floor, index.Count).ShouldBe((0, 0, 0));
    }

    public static TheoryData<int> Kinds => [.. Enumerable.Range(0, Selector.Of(Full).Count())];

    [Theory, MemberData(nameof(Kinds))]
    public void L12_A_row_of_each_kind_ends_what_it_names_and_nothing_else(int which)
    {
        var selector = Selector.Of(Full).ElementAt(which);
        var index = With(Records.Row(selector, seq: 11));
        index.Match(Full).ShouldBe(new RevocationMatch(selector.Kind, 11));
        var stranger = Records.Bare("other") with { ClientId = "other", Issuer = "https://third.test", Subject = Full.Subject + "x", Grant = "g-2", Session = "s-2", Tenant = "t-2" };
        (index.Match(stranger) is not null).ShouldBe(selector.Kind is SelectorKind.All);
        index.Match(Records.Bare("nameless") with { ClientId = "other" }).ShouldBe(selector.Kind is SelectorKind.All ? new RevocationMatch(SelectorKind.All, 11) : null);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void L03_What_was_born_at_or_after_the_row_is_spared_unless_the_kind_ends_for_ever(int which)
    {
        var selector = Selector.Of(Full).ElementAt(which);
        var index = With(Records.Row(selector, seq: 11));
        foreach (var born in (long[])[11, 12, 1000])
        {
            (index.Match(Full with { Born = born }) is not null).ShouldBe(selector.EndsForEver, $"born {born}");
        }
        index.Match(Full with { Born = 0 }).ShouldNotBeNull();
    }

    [Theory, MemberData(nameof(Kinds))]
    public void L03_Issued_before_narrows_only_what_does_not_end_for_ever(int which)
    {
        var selector = Selector.Of(Full).ElementAt(which);
        var index = With(Records.Row(selector, seq: 11, issuedBefore: Full.IssuedAt));
        // What descends from others may descend from an earlier issue: it is met as well.
        index.Match(Full).ShouldNotBeNull();
        if (selector.Kind is SelectorKind.Token && selector.Hash != Full.Hash) return;
        var first = Full with { Ancestors = [], BasisIssuedAt = null };
        (index.Match(first) is not null).ShouldBe(selector.EndsForEver);
        index.Match(first with { IssuedAt = Full.IssuedAt - 1 }).ShouldNotBeNull();
        index.Match(first with { BasisIssuedAt = Full.IssuedAt - 1 }).ShouldNotBeNull(); // So is what was refreshed from one.
    }

    [Fact]
    public void Names_of_two_issuers_never_meet()
    {
        var index = With(Records.Row(Selector.Subject("https://a.test", "s"), seq: 11), Records.Row(Selector.Session("https://a.test", "s"), seq: 12));
        index.Match(Records.Bare("x") with { Issuer = "https://b.test", Subject = "s", Session = "s" }).ShouldBeNull();
        index.Match(Records.Bare("x") with { Issuer = "https://a.test", Subject = "s" }).ShouldNotBeNull();
    }

    [Fact]
    public void A_change_of_a_registration_ends_no_token() =>
        With(Records.Row(Selector.Registration(Full.ClientId), seq: 11)).Match(Full).ShouldBeNull();

    [Fact]
    public void A_later_row_that_reaches_less_does_not_hide_an_earlier_one_that_reaches_more()
    {
        var index = With(
            Records.Row(Selector.Client("c"), seq: 11), // everything born before 11
            Records.Row(Selector.Client("c"), seq: 20, issuedBefore: 100), // and what was issued before 100, born before 20
            Records.Row(Selector.Client("c"), seq: 30, issuedBefore: 50));
        Match(born: 5, issued: 1000).ShouldBe(11);
        Match(born: 15, issued: 99).ShouldBe(20);
        Match(born: 15, issued: 100).ShouldBeNull();
        Match(born: 25, issued: 49).ShouldBe(30);
        Match(born: 25, issued: 50).ShouldBeNull();
        Match(born: 30, issued: 0).ShouldBeNull();

        long? Match(long born, long issued) => index.Match(Records.Bare("x") with { ClientId = "c", Born = born, IssuedAt = issued })?.Seq;
    }

    [Fact]
    public void Find_gives_the_first_row_of_a_selector()
    {
        var index = With(Records.Row(Selector.Grant("g"), seq: 3), Records.Row(Selector.Grant("g"), seq: 9));
        index.Find(Selector.Grant("g"), ManualTime.Start).ShouldBe(new RevocationMatch(SelectorKind.Grant, 3));
        index.Find(Selector.Grant("h"), ManualTime.Start).ShouldBeNull();
    }

    [Fact]
    public void L12_Find_gives_no_row_that_the_store_may_have_forgotten()
    {
        var row = Records.Row(Selector.Grant("g"), seq: 3);
        var index = With(row, row with { Seq = 9, ForgetAfter = row.ForgetAfter + 5 });
        index.Find(row.Selector, row.ForgetAfter - 1).ShouldBe(new RevocationMatch(SelectorKind.Grant, 3));
        index.Find(row.Selector, row.ForgetAfter).ShouldBe(new RevocationMatch(SelectorKind.Grant, 9));
        index.Find(row.Selector, row.ForgetAfter + 5).ShouldBeNull();
        index.Over(row.ForgetAfter + 1, 0, 10).ShouldBe([(row.Selector, 3L)]);
        index.Over(row.ForgetAfter + 6, 0, 1).ShouldBe([(row.Selector, 3L)]);
        index.Over(row.ForgetAfter + 6, 3, 10).ShouldBe([(row.Selector, 9L)]);
    }

    [Fact]
    public void Rows_at_or_below_the_floor_are_not_kept()
    {
        var index = new RevocationIndex(5);
        index.Add([Records.Row(Selector.Grant("g"), seq: 5), Records.Row(Selector.Grant("h"), seq: 6)], 6);
        (index.Floor, index.Seq, index.Count).ShouldBe((5, 6, 1));
        index.Find(Selector.Grant("g"), ManualTime.Start).ShouldBeNull();
        index.Find(Selector.Grant("h"), ManualTime.Start).ShouldNotBeNull();
    }

    [Fact]
    public void L03_L12_The_index_agrees_with_a_scan_of_all_rows_whatever_they_are() => Properties.Hold(
        RandomLog.Rows.Zip(RandomLog.Record),
        given =>
        {
            var (rows, record) = given;
            var match = With(rows).Match(record);
            (match is not null).ShouldBe(rows.Any(row => row.Ends(record)));
            if (match is not null) rows.Single(row => row.Seq == match.Seq).Ends(record).ShouldBeTrue();
        },
        runs: 20_000);

    [Fact]
    public void The_index_agrees_with_a_scan_of_the_rows_above_its_floor() => Properties.Hold(
        from rows in RandomLog.Rows
        from record in RandomLog.Record
        from floor in Gen.Choose(0, 12)
        select (rows, record, floor),
        given =>
        {
            var (rows, record, floor) = given;
            var index = new RevocationIndex(floor);
            index.Add(rows, Math.Max(floor, rows.Length));
            (index.Match(record) is not null).ShouldBe(rows.Any(row => row.Seq > floor && row.Ends(record)));
        },
        runs: 5_000);

    [Fact]
    public void Rows_may_come_in_any_number_of_pieces() => Properties.Hold(
        from rows in RandomLog.Rows
        from record in RandomLog.Record
        from size in Gen.Choose(1, 5)
        select (rows, record, size),
        given =>
        {
            var (rows, record, size) = given;
            var index = new RevocationIndex(0);
            foreach (var piece in rows.Chunk(size)) index.Add(piece, piece[^1].Seq);
            (index.Match(record) is not null).ShouldBe(rows.Any(row => row.Ends(record)));
            index.Seq.ShouldBe(rows.Length);
        },
        runs: 2_000);

    private static RevocationIndex With(params RevocationRow[] rows)
    {
        var index = new RevocationIndex(0);
        index.Add(rows, rows.Length == 0 ? 0 : rows[^1].Seq);
        return index;
    }
}
