using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Revocation;

namespace Touchstone.Server.Tests.Storage;

public sealed class TokenEntryTests
{
    [Fact]
    public void An_entry_is_judged_anew_when_the_log_has_grown_and_remembers_what_it_found()
    {
        var (index, record) = (new RevocationIndex(0), Records.Bare("t"));
        var entry = new TokenEntry(record, 0, default);
        entry.Judge(index).ShouldBeNull();
        index.Add([Records.Row(Selector.Grant("another"), seq: 1)], 1);
        entry.Judge(index).ShouldBeNull();
        entry.AsOf.ShouldBe(1);
        index.Add([Records.Row(Selector.Token(record.Hash), seq: 2)], 2);
        entry.Judge(index).ShouldBe(new RevocationMatch(SelectorKind.Token, 2));
        index.Add([Records.Row(Selector.Grant("another"), seq: 3)], 3);
        entry.Judge(index).ShouldBe(new RevocationMatch(SelectorKind.Token, 2));
        entry.AsOf.ShouldBe(1);
    }

    [Fact]
    public async Task L15_Threads_that_judge_one_entry_at_once_never_make_an_ended_token_good_again()
    {
        const int Rounds = 30_000;
        // With rows of every kind beside it the look-up takes as long as it can, and so does the moment in which two threads disagree.
        var record = Records.Full("t");
        RevocationRow[] others = [.. Selector.Of(Records.Full("another") with { ClientId = "c", Issuer = "https://i.test", Grant = "g", Session = "s", Subject = "u", Tenant = "n", Ancestors = [] })
            .Where(selector => selector != Selector.All).Select((selector, i) => Records.Row(selector, seq: i + 1))];
        var isOver = false;
        (TokenEntry Entry, RevocationIndex Index)[] round = [(new TokenEntry(record, 0, default), new RevocationIndex(0))];
        var readers = Enumerable.Range(0, Math.Max(2, Environment.ProcessorCount - 1)).Select(_ => Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                var (entry, index) = Volatile.Read(ref round)[0];
                entry.Judge(index);
            }
        })).ToArray();
        var wrong = 0;
        for (var i = 0; i < Rounds; i++)
        {
            var (entry, index) = (new TokenEntry(record, 0, new Mac128((ulong)i, 0)), new RevocationIndex(0));
            index.Add(others, others.Length);
            Volatile.Write(ref round, [(entry, index)]);
            index.Add([Records.Row(Selector.Token(record.Hash), seq: others.Length + 1)], others.Length + 1);
            // The row is acknowledged: nobody who begins now may find the token good.
            for (var again = 0; again < 4; again++)
            {
                if (entry.Judge(index) is null) wrong++;
            }
        }
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(readers);
        wrong.ShouldBe(0);
    }
}
