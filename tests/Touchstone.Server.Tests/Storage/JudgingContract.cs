using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Tests.Revocation;

namespace Touchstone.Server.Tests.Storage;

/// <summary>What every store promises where it judges a record itself: it finds what a scan of all rows finds, in one snapshot.</summary>
public abstract class JudgingContract : RefreshUseContract
{
    [Fact]
    public async Task L12_Each_kind_of_row_ends_the_records_it_names()
    {
        var record = Records.Full("judged") with { Born = 0 };
        await Store.AddTokensAsync([record]);
        (await FindAsync("judged", judge: true)).Match.ShouldBeNull();
        var seq = 0L;
        foreach (var selector in Selector.Of(record))
        {
            await ReopenAsync();
            var row = await Store.AppendAsync(Records.Row(selector));
            row.Seq.ShouldBe(++seq);
        }
        var found = await FindAsync("judged", judge: true);
        found.Match.ShouldNotBeNull();
        found.Seq.ShouldBe(seq);
        (await FindAsync("judged", judge: false)).Match.ShouldBeNull();
    }

    [Fact]
    public async Task L03_A_row_with_issued_before_spares_later_tokens_and_born_spares_what_came_after_the_row()
    {
        await Store.AppendAsync(Records.Row(Selector.Client("web-shop"), issuedBefore: ManualTime.Start));
        await Store.AddTokensAsync([
            Records.Bare("earlier") with { IssuedAt = ManualTime.Start - 1 }, Records.Bare("same second"), Records.Bare("born after") with { IssuedAt = ManualTime.Start - 1, Born = 1 },
        ]);
        (await FindAsync("earlier", judge: true)).Match.ShouldBe(new RevocationMatch(SelectorKind.Client, 1));
        (await FindAsync("same second", judge: true)).Match.ShouldBeNull();
        (await FindAsync("born after", judge: true)).Match.ShouldBeNull();
    }

    [Fact]
    public async Task L03_A_refreshed_token_counts_as_issued_when_its_family_began()
    {
        await Store.AppendAsync(Records.Row(Selector.Client("web-shop"), issuedBefore: ManualTime.Start));
        TokenRecord[] records =
        [
            Records.Bare("of an earlier one") with { IssuedAt = ManualTime.Start + 9, BasisIssuedAt = ManualTime.Start - 1 }, Records.Bare("of a later one") with { IssuedAt = ManualTime.Start - 9, BasisIssuedAt = ManualTime.Start },
        ];
        await Store.AddTokensAsync(records);
        (await FindAsync("of an earlier one", judge: true)).Match.ShouldBe(new RevocationMatch(SelectorKind.Client, 1));
        (await FindAsync("of a later one", judge: true)).Match.ShouldBeNull();
        (await Store.JudgeAsync(records[0], CancellationToken.None)).ShouldBe(new RevocationMatch(SelectorKind.Client, 1));
        (await Store.JudgeAsync(records[1], CancellationToken.None)).ShouldBeNull();
        (await Store.CountAsync(Selector.Client("web-shop"), ManualTime.Start, ManualTime.Start, CancellationToken.None)).ShouldBe(1);
    }

    [Fact]
    public void L03_L12_The_store_agrees_with_a_scan_of_all_rows_whatever_they_are()
    {
        var number = 0;
        Properties.Hold(
            RandomLog.Rows.Zip(RandomLog.Record),
            given =>
            {
                var (rows, record) = given;
                // One store for all runs: names of this run only, so that rows of another run don't reach its record. "all" rows do: they count from where the run began.
                var run = $"{++number}-";
                var start = Contents.Seq + Commits.Sum(commit => commit.Rows.Count);
                var named = RandomLog.Rename(record, run) with { Born = start + record.Born };
                var written = rows.Select(row => Store.AppendAsync(RandomLog.Rename(row, run)).GetAwaiter().GetResult()).ToArray();
                Store.AddTokensAsync([named]).GetAwaiter().GetResult().ShouldBe(-1);

                var found = Store.FindAsync(named.Hash, judge: true, CancellationToken.None).AsTask().GetAwaiter().GetResult();

                (found.Match is not null).ShouldBe(written.Any(row => row.Ends(named)));
                if (found.Match is { } match) written.Single(row => row.Seq == match.Seq).Ends(named).ShouldBeTrue();
                found.Seq.ShouldBe(start + rows.Length);
            },
            runs: 60);
    }
}
