using Touchstone.Protocol.Hashing;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Storage;

public sealed class RecordCacheTests
{
    private static readonly int Size = Entry(0).Size;

    [Fact]
    public void What_was_added_is_found_and_counted()
    {
        var cache = new RecordCache(100 * Size);
        var entry = Entry(1);
        cache.Add(entry);
        cache.Find(Key(1)).ShouldBeSameAs(entry);
        cache.Find(Key(2)).ShouldBeNull();
        (cache.Count, cache.Bytes).ShouldBe((1, Size));
    }

    [Fact]
    public void A_second_entry_of_a_token_takes_the_place_of_the_first()
    {
        var cache = new RecordCache(100 * Size);
        cache.Add(Entry(1));
        var second = Entry(1);
        cache.Add(second);
        cache.Find(Key(1)).ShouldBeSameAs(second);
        (cache.Count, cache.Bytes).ShouldBe((1, Size));
    }

    [Fact]
    public void The_bound_holds_at_every_step()
    {
        var cache = new RecordCache(10 * Size);
        for (var i = 0; i < 1000; i++)
        {
            cache.Add(Entry(i));
            if (i % 3 == 0) cache.Find(Key(i / 2));
            cache.Bytes.ShouldBeLessThanOrEqualTo(10 * Size);
            cache.Bytes.ShouldBe(cache.Count * (long)Size);
        }
        cache.Count.ShouldBe(10);
    }

    [Fact]
    public void Without_room_nothing_is_kept()
    {
        var cache = new RecordCache(0);
        cache.Add(Entry(1));
        cache.Find(Key(1)).ShouldBeNull();
        (cache.Count, cache.Bytes).ShouldBe((0, 0));
    }

    [Fact]
    public void What_is_larger_than_the_whole_cache_is_not_kept_and_pushes_nothing_out()
    {
        var cache = new RecordCache(3 * Size);
        cache.Add(Entry(1));
        var large = new TokenEntry(Records.Bare("x") with { Claims = Records.Json($"{{\"x\":\"{new string('x', 4 * Size)}\"}}") }, 0, Key(2));
        cache.Add(large);
        cache.Find(Key(1)).ShouldNotBeNull();
        cache.Find(Key(2)).ShouldBeNull();
    }

    [Fact]
    public void A_large_entry_makes_room_for_itself()
    {
        var cache = new RecordCache(10 * Size);
        for (var i = 0; i < 10; i++) cache.Add(Entry(i));
        var large = new TokenEntry(Records.Bare("x") with { Claims = Records.Json($"{{\"x\":\"{new string('x', 4 * Size)}\"}}") }, 0, Key(99));
        cache.Add(large);
        cache.Find(Key(99)).ShouldNotBeNull();
        cache.Bytes.ShouldBeLessThanOrEqualTo(10 * Size);
        cache.Count.ShouldBeGreaterThan(1);
    }

    [Fact]
    public void I41_A_scan_of_tokens_used_once_pushes_out_none_that_is_used_again()
    {
        var cache = new RecordCache(100 * Size);
        for (var i = 0; i < 50; i++) cache.Add(Entry(i));
        for (var round = 0; round < 100; round++)
        {
            for (var i = 0; i < 50; i++) cache.Find(Key(i)).ShouldNotBeNull($"round {round}");
            for (var i = 0; i < 40; i++) cache.Add(Entry(1000 + (round * 40) + i));
        }
    }

    [Fact]
    public void Among_tokens_never_used_again_the_oldest_goes_first()
    {
        var cache = new RecordCache(3 * Size);
        for (var i = 0; i < 4; i++) cache.Add(Entry(i));
        cache.Find(Key(0)).ShouldBeNull();
        for (var i = 1; i < 4; i++) cache.Find(Key(i)).ShouldNotBeNull();
    }

    [Fact]
    public void When_all_are_used_again_one_goes_all_the_same()
    {
        var cache = new RecordCache(5 * Size);
        for (var i = 0; i < 5; i++) cache.Add(Entry(i));
        for (var i = 0; i < 5; i++) cache.Find(Key(i));
        cache.Add(Entry(5));
        cache.Count.ShouldBe(5);
        cache.Find(Key(5)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Many_readers_and_writers_at_once_keep_the_bound_and_never_find_another_token()
    {
        var cache = new RecordCache(200 * Size);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 20_000; i++)
            {
                var key = random.Next(600);
                if (cache.Find(Key(key)) is { } found) found.Key.ShouldBe(Key(key));
                else cache.Add(Entry(key));
                cache.Bytes.ShouldBeLessThanOrEqualTo(200 * Size);
            }
        })));
        cache.Count.ShouldBe((int)(cache.Bytes / Size));
        Enumerable.Range(0, 600).Count(key => cache.Find(Key(key)) is not null).ShouldBe(cache.Count);
    }

    [Fact]
    public void The_table_grows_and_loses_nobody()
    {
        var cache = new RecordCache(long.MaxValue);
        for (var i = 0; i < 5000; i++) cache.Add(Entry(i));
        for (var i = 0; i < 5000; i++) cache.Find(Key(i)).ShouldNotBeNull();
        cache.Count.ShouldBe(5000);
    }

    [Fact]
    public void The_size_of_an_entry_counts_all_that_it_holds()
    {
        var bare = Entry(0).Size;
        bare.ShouldBeGreaterThan(400);
        new TokenEntry(Records.Full("x"), 0, Key(0)).Size.ShouldBeGreaterThan(bare + 300);
    }

    private static TokenEntry Entry(int i) => new(Records.Bare("t") with { Subject = $"subject-{i:d6}" }, 0, Key(i));

    private static Mac128 Key(int i) => new((ulong)i * 0x9E3779B97F4A7C15, (ulong)i);
}
