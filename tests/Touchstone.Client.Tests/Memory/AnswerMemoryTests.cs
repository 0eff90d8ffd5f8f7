using Touchstone.Client.Memory;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Tests.Memory;

public sealed class AnswerMemoryTests
{
    [Fact]
    public void What_was_kept_is_found()
    {
        var memory = new AnswerMemory(10, 1000);
        var answer = Answer();
        memory.Keep(Key(1), answer);
        memory.TryFind(Key(1), out var found).ShouldBeTrue();
        found.ShouldBeSameAs(answer);
        memory.TryFind(Key(2), out _).ShouldBeFalse();
    }

    [Fact]
    public void There_are_never_more_than_may_be()
    {
        var memory = new AnswerMemory(100, long.MaxValue);
        for (ulong i = 0; i < 10_000; i++)
        {
            memory.Keep(Key(i), Answer());
            if (i % 3 == 0) memory.TryFind(Key(i / 2), out _);
            memory.Count.ShouldBeLessThanOrEqualTo(100);
        }
        memory.Count.ShouldBe(100);
        memory.Evicted.ShouldBe(9_900);
    }

    [Fact]
    public void Nor_more_bytes()
    {
        var memory = new AnswerMemory(int.MaxValue, 1000);
        for (ulong i = 0; i < 500; i++)
        {
            memory.Keep(Key(i), Answer((int)(i % 200) + 1));
            memory.Bytes.ShouldBeLessThanOrEqualTo(1000);
        }
        memory.Keep(Key(1), Answer(1001));
        memory.TryFind(Key(1), out _).ShouldBeFalse("larger than all of it");
    }

    [Fact]
    public void An_answer_takes_the_place_of_the_one_before()
    {
        var memory = new AnswerMemory(10, 1000);
        memory.Keep(Key(1), Answer(10));
        var next = Answer(30);
        memory.Keep(Key(1), next);
        memory.TryFind(Key(1), out var found);
        found.ShouldBeSameAs(next);
        (memory.Count, memory.Bytes).ShouldBe((1, 30));
    }

    [Fact]
    public void What_was_removed_is_gone_and_its_room_is_free()
    {
        var memory = new AnswerMemory(2, 1000);
        memory.Keep(Key(1), Answer(10));
        memory.Remove(Key(1)).ShouldBeTrue();
        memory.Remove(Key(1)).ShouldBeFalse();
        (memory.Count, memory.Bytes).ShouldBe((0, 0));
        memory.Keep(Key(1), Answer(20));
        memory.Keep(Key(2), Answer(20));
        (memory.Count, memory.Bytes, memory.Evicted).ShouldBe((2, 40, 0));
    }

    [Fact]
    public void What_is_kept_and_removed_again_and_again_leaves_nothing_behind()
    {
        var memory = new AnswerMemory(1000, long.MaxValue);
        for (ulong i = 0; i < 10; i++) memory.Keep(Key(i), Answer());
        for (var i = 0; i < 10_000; i++)
        {
            memory.Keep(Key(100), Answer());
            memory.Remove(Key(100));
        }
        memory.Queued.ShouldBeLessThan(100);
        Enumerable.Range(0, 10).Count(i => memory.TryFind(Key((ulong)i), out _)).ShouldBe(10);
    }

    [Fact]
    public void Without_room_nothing_is_kept()
    {
        var memory = new AnswerMemory(0, 1000);
        memory.Keep(Key(1), Answer());
        memory.TryFind(Key(1), out _).ShouldBeFalse();
    }

    [Fact]
    public void A_scan_pushes_out_nothing_that_is_asked_often()
    {
        var memory = new AnswerMemory(1000, long.MaxValue);
        for (ulong i = 0; i < 500; i++)
        {
            memory.Keep(Key(i), Answer());
            memory.TryFind(Key(i), out _);
        }
        for (ulong i = 0; i < 100_000; i++)
        {
            memory.Keep(Key(1_000_000 + i), Answer());
            if (i % 20 == 0) memory.TryFind(Key(i / 20 % 500), out _);
        }
        Enumerable.Range(0, 500).Count(i => memory.TryFind(Key((ulong)i), out _)).ShouldBe(500);
    }

    [Fact]
    public void Many_threads_at_once_leave_it_whole()
    {
        var memory = new AnswerMemory(200, long.MaxValue);
        Parallel.For(0, 8, thread =>
        {
            var chance = new Random(thread);
            for (var i = 0; i < 20_000; i++)
            {
                var key = Key((ulong)chance.Next(400));
                if (chance.Next(4) == 0) memory.Keep(key, Answer());
                else if (chance.Next(50) == 0) memory.Remove(key);
                else memory.TryFind(key, out _);
            }
        });
        memory.Count.ShouldBeLessThanOrEqualTo(200);
        Enumerable.Range(0, 400).Count(i => memory.TryFind(Key((ulong)i), out _)).ShouldBe(memory.Count);
        memory.Bytes.ShouldBe(memory.Count);
    }

    [Fact]
    public void A_hit_allocates_nothing()
    {
        var memory = new AnswerMemory(10, 1000);
        memory.Keep(Key(1), Answer());
        memory.TryFind(Key(1), out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) memory.TryFind(Key(1), out _);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static Mac128 Key(ulong number) => new(number * 0x9E3779B97F4A7C15, number);

    private static HeldAnswer Answer(int bytes = 1) => new(null, null, default, bytes, TimeSpan.MaxValue);
}
