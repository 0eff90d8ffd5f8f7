using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Storage;

/// <summary>What every store promises of the use of refresh tokens: of any number of uses exactly one wins, and the others have written nothing.</summary>
public abstract class RefreshUseContract : TokenStoreContract
{
    [Fact]
    public async Task L05_The_first_use_wins_and_adds_its_records_and_the_second_is_told_of_it_and_adds_none()
    {
        var use = Use("old", "new");
        (await Store.UseRefreshTokenAsync(use, [Records.Bare("access"), Records.Full("new")])).ShouldBeNull();
        (await Store.UseRefreshTokenAsync(Use("old", "other") with { Grant = "g-other" }, [Records.Bare("lost"), Records.Full("other")])).ShouldBe(use);
        (await FindAsync("access")).Record.ShouldNotBeNull();
        Records.Describe((await FindAsync("new")).Record.ShouldNotBeNull()).ShouldBe(Records.Describe(Records.Full("new")));
        (await FindAsync("lost")).Record.ShouldBeNull();
        (await FindAsync("other")).Record.ShouldBeNull();
    }

    [Fact]
    public async Task A_use_comes_back_as_it_was_also_after_a_restart()
    {
        RefreshUse[] uses = [Use("bound", "b") with { ProofKey = "jkt 0Zc ü" }, Use("unbound", "u")];
        foreach (var use in uses) await Store.UseRefreshTokenAsync(use, []);
        await ReopenAsync();
        foreach (var use in uses) (await Store.FindRefreshUseAsync(use.Token, CancellationToken.None)).ShouldBe(use);
        (await Store.FindRefreshUseAsync(TokenHash.Of("never"), CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task L05_F06_Of_many_uses_at_once_exactly_one_wins_beside_other_writes_that_all_are_made()
    {
        for (var round = 0; round < 20; round++)
        {
            var uses = Enumerable.Range(0, 32).Select(i => Task.Run(() => Store.UseRefreshTokenAsync(Use($"old {round}", $"new {round} {i}"), [Records.Bare($"access {round} {i}"), Records.Bare($"new {round} {i}")]))).ToArray();
            var others = Enumerable.Range(0, 32).Select(i => Task.Run(() => Store.AddTokensAsync([Records.Bare($"beside {round} {i}"), Records.Bare($"besides {round} {i}")]))).ToArray();
            var rows = Enumerable.Range(0, round == 0 ? 4 : 0).Select(i => Task.Run(() => Store.AppendAsync([Records.Row(Selector.Grant($"ended {round} {i}"))]))).ToArray();
            var told = await Task.WhenAll(uses);
            (await Task.WhenAll(others)).ShouldAllBe(taken => taken == -1);
            await Task.WhenAll(rows);

            var winner = Array.FindIndex(told, use => use is null);
            told.Count(use => use is null).ShouldBe(1);
            told.Where(use => use is not null).ShouldAllBe(use => use == Use($"old {round}", $"new {round} {winner}"));
            for (var i = 0; i < 32; i++)
            {
                ((await FindAsync($"access {round} {i}")).Record is not null).ShouldBe(i == winner);
                ((await FindAsync($"new {round} {i}")).Record is not null).ShouldBe(i == winner);
                (await FindAsync($"besides {round} {i}")).Record.ShouldNotBeNull();
            }
        }
    }

    [Fact]
    public async Task A_use_whose_record_is_there_already_fails_whole_and_can_be_made_again()
    {
        await Store.AddTokensAsync([Records.Bare("taken")]);
        await Should.ThrowAsync<Exception>(() => Store.UseRefreshTokenAsync(Use("old", "taken"), [Records.Bare("access"), Records.Bare("taken")]));
        (await Store.FindRefreshUseAsync(TokenHash.Of("old"), CancellationToken.None)).ShouldBeNull();
        (await FindAsync("access")).Record.ShouldBeNull();
        (await Store.UseRefreshTokenAsync(Use("old", "new"), [Records.Bare("access")])).ShouldBeNull();
    }

    [Fact]
    public async Task Uses_leave_when_they_are_over_the_oldest_first()
    {
        var store = (ICleanedStore)Store;
        for (var i = 0; i < 5; i++) await Store.UseRefreshTokenAsync(Use($"old {i}", "new") with { ForgetAfter = ManualTime.Start + i }, []);
        (await store.ForgetRefreshUsesAsync(ManualTime.Start + 3, 2)).Count.ShouldBe(2);
        (await store.ForgetRefreshUsesAsync(ManualTime.Start + 3, 9)).Count.ShouldBe(1);
        (await Store.FindRefreshUseAsync(TokenHash.Of("old 2"), CancellationToken.None)).ShouldBeNull();
        (await Store.FindRefreshUseAsync(TokenHash.Of("old 3"), CancellationToken.None)).ShouldNotBeNull();
    }

    private protected static RefreshUse Use(string token, string successor) => new()
    {
        Token = TokenHash.Of(token), UsedAt = ManualTime.Start, Grant = "g-1", Successor = TokenHash.Of(successor), ForgetAfter = ManualTime.Start + 7200,
    };
}
