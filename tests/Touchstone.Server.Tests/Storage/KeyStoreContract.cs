using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Storage;

/// <summary>What every <see cref="IKeyStore"/> promises.</summary>
public abstract class KeyStoreContract : JudgingContract
{
    private IKeyStore Keys => (IKeyStore)Store;

    [Fact]
    public async Task A_key_comes_back_as_it_was()
    {
        var key = Key("a", 1) with { Sealed = [0, 1, 255] };
        (await Keys.AddKeyAsync(key, 900)).ShouldBeTrue();
        await ReopenAsync();
        var found = (await ReadAsync()).ShouldHaveSingleItem();
        found.Sealed.ShouldBe(key.Sealed);
        (found with { Sealed = key.Sealed }).ShouldBe(key);
        found.IsOpen.ShouldBeTrue();
        found.IsPublished(long.MaxValue).ShouldBeTrue();
    }

    [Fact]
    public async Task A_new_key_ends_the_older_ones_of_its_algorithm_and_no_others()
    {
        await Keys.AddKeyAsync(Key("a", 1), 0);
        await Keys.AddKeyAsync(Key("r", 1, "RS256"), 0);
        await Keys.AddKeyAsync(Key("b", 2) with { SignsFrom = 500 }, 900);
        await Keys.AddKeyAsync(Key("c", 3) with { SignsFrom = 600 }, 1000);
        (await ReadAsync()).Select(key => (key.Kid, key.SignsUntil, key.PublishedUntil)).ShouldBe([("a", 500, 900), ("b", 600, 1000), ("c", null, null), ("r", null, null)]);
    }

    [Fact]
    public async Task A_new_key_ends_older_ones_that_were_to_go_on_for_longer_and_none_that_ended_before()
    {
        await Keys.AddKeyAsync(Key("a", 1), 0);
        await Keys.AddKeyAsync(Key("b", 2) with { SignsFrom = 500 }, 900);
        await Keys.AddKeyAsync(Key("c", 3) with { SignsFrom = 4000 }, 4400);
        // At once, while c waits: b ends now and c never begins. Nothing is published for less long than was said before.
        await Keys.AddKeyAsync(Key("d", 4) with { SignsFrom = 600 }, 1000);
        var keys = await ReadAsync();
        keys.Select(key => (key.Kid, key.SignsUntil, key.PublishedUntil)).ShouldBe([("a", 500, 900), ("b", 600, 4400), ("c", 600, 1000), ("d", null, null)]);
        keys.Select(key => key.NeverSigns).ShouldBe([false, false, true, false]);
    }

    [Fact]
    public async Task Of_several_that_add_the_same_number_one_wins()
    {
        await Keys.AddKeyAsync(Key("a", 1), 0);
        var added = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Keys.AddKeyAsync(Key($"b{i}", 2) with { SignsFrom = 500 + i }, 900 + i)));
        added.Count(isNew => isNew).ShouldBe(1);
        var keys = await ReadAsync();
        keys.Count.ShouldBe(2);
        // What lost changed nothing.
        (keys[0].SignsUntil, keys[0].PublishedUntil).ShouldBe((keys[1].SignsFrom, keys[1].SignsFrom + 400));
    }

    [Fact]
    public async Task A_retired_key_has_no_private_half_and_is_retired_once()
    {
        await Keys.AddKeyAsync(Key("a", 1), 0);
        (await Keys.RetireKeyAsync("a", 700)).ShouldBeTrue();
        (await Keys.RetireKeyAsync("a", 800)).ShouldBeFalse();
        (await Keys.RetireKeyAsync("b", 800)).ShouldBeFalse();
        var key = (await ReadAsync()).ShouldHaveSingleItem();
        (key.RetiredAt, key.Sealed, key.IsPublished(0)).ShouldBe((700, null, false));
        // One that comes after does not make it a key that only aged.
        await Keys.AddKeyAsync(Key("b", 2) with { SignsFrom = 700 }, 9000);
        (await ReadAsync())[0].PublishedUntil.ShouldBe(700);
    }

    [Theory]
    [InlineData(300, 600, 1000), InlineData(500, 500, 900)]
    public async Task A_key_whose_successor_was_retired_before_it_began_goes_on_until_the_next_begins_if_it_signs_yet(long now, long until, long publishedUntil)
    {
        await Keys.AddKeyAsync(Key("a", 1), 0);
        await Keys.AddKeyAsync(Key("b", 2) with { SignsFrom = 500 }, 900);
        (await Keys.RetireKeyAsync("b", 300)).ShouldBeTrue();
        await Keys.AddKeyAsync(Key("c", 3) with { CreatedAt = now, SignsFrom = 600 }, 1000);
        (await ReadAsync()).Select(key => (key.Kid, key.SignsUntil, key.PublishedUntil)).ShouldBe([("a", until, publishedUntil), ("b", null, 300), ("c", null, null)]);
    }

    [Fact]
    public async Task What_is_over_leaves_and_what_signs_no_more_loses_its_private_half()
    {
        await Keys.AddKeyAsync(Key("a", 1), 0);
        await Keys.AddKeyAsync(Key("b", 2) with { SignsFrom = 500 }, 900);
        await Keys.AddKeyAsync(Key("c", 3) with { SignsFrom = 600 }, 1000);
        (await Keys.ForgetKeysAsync(500, 900)).ShouldBe(0);
        (await ReadAsync()).ShouldAllBe(key => key.Sealed != null);
        (await Keys.ForgetKeysAsync(601, 901)).ShouldBe(1);
        (await ReadAsync()).Select(key => (key.Kid, key.Sealed is null)).ShouldBe([("b", true), ("c", false)]);
    }

    private async Task<IReadOnlyList<StoredKey>> ReadAsync() => await Keys.ReadKeysAsync(CancellationToken.None);

    private static StoredKey Key(string kid, int number, string algorithm = "ES256") => new(kid, algorithm, number, 100, 200, "{\"kid\":\"" + kid + "\"}") { Sealed = [1, 2, 3] };
}
