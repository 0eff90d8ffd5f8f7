using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Introspection;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Storage;

/// <summary>Answers cut for a view are written once, counted, and never outnumber their bound.</summary>
public sealed class ViewedAnswerTests
{
    [Fact]
    public void A_kept_entry_writes_the_answer_of_a_view_once()
    {
        var (cache, entry) = (new RecordCache(1 << 20), Entry(1));
        cache.Add(entry);
        var view = View();
        cache.AnswerOf(entry, view).ShouldBeSameAs(cache.AnswerOf(entry, view));
        cache.AnswerOf(entry, View()).ShouldNotBeSameAs(cache.AnswerOf(entry, view)); // Another object is another view, whatever it says.
    }

    [Fact]
    public void A_warm_answer_allocates_nothing()
    {
        var (cache, entry, view) = (new RecordCache(1 << 20), Entry(1), View());
        cache.Add(entry);
        for (var i = 0; i < 100; i++) cache.AnswerOf(entry, view);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) cache.AnswerOf(entry, view);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void What_is_kept_is_counted_and_bounded()
    {
        var (cache, entry) = (new RecordCache(1 << 20), Entry(1));
        cache.Add(entry);
        var bare = entry.Size;
        for (var i = 0; i < 20; i++)
        {
            var view = View();
            var answer = cache.AnswerOf(entry, view);
            cache.Bytes.ShouldBe(entry.Size);
            entry.Viewed.Length.ShouldBe(Math.Min(i + 1, ViewedAnswer.Most));
            entry.Size.ShouldBe(bare + (entry.Viewed.Length * (40 + answer.Length)));
            entry.Viewed[0].View.ShouldBeSameAs(view);
        }
        cache.Add(Entry(1)); // In its place: what was kept with it goes with it.
        cache.Bytes.ShouldBe(bare);
    }

    [Fact]
    public void The_bound_of_the_cache_holds_at_every_step()
    {
        var capacity = 10L * Entry(0).Size;
        var cache = new RecordCache(capacity);
        var random = new Random(7);
        var views = Enumerable.Range(0, 6).Select(_ => View()).ToArray();
        var entries = Enumerable.Range(0, 30).Select(Entry).ToArray();
        for (var i = 0; i < 5000; i++)
        {
            var entry = entries[random.Next(entries.Length)];
            if (cache.Find(entry.Key) is null) cache.Add(entry);
            cache.AnswerOf(entry, views[random.Next(views.Length)]);
            cache.Bytes.ShouldBeLessThanOrEqualTo(capacity);
            cache.Bytes.ShouldBe(entries.Where(kept => cache.Find(kept.Key) == kept).Sum(kept => (long)kept.Size));
        }
    }

    [Fact]
    public void An_entry_that_is_not_kept_keeps_no_answers()
    {
        var (cache, entry) = (new RecordCache(0), Entry(1));
        cache.Add(entry);
        cache.AnswerOf(entry, View()).Length.ShouldBeGreaterThan(0);
        entry.Viewed.ShouldBeEmpty();
        cache.Bytes.ShouldBe(0);
    }

    [Fact]
    public void An_answer_that_has_no_room_is_given_all_the_same()
    {
        var entry = Entry(1);
        var cache = new RecordCache(entry.Size + 10);
        cache.Add(entry);
        cache.AnswerOf(entry, View()).Length.ShouldBeGreaterThan(0);
        cache.Bytes.ShouldBeLessThanOrEqualTo(entry.Size + 10);
    }

    [Fact]
    public async Task Many_threads_at_once_get_their_own_answers_and_keep_the_count()
    {
        var cache = new RecordCache(20L * Entry(0).Size);
        var entries = Enumerable.Range(0, 40).Select(Entry).ToArray();
        var views = Enumerable.Range(0, 6).Select(i => new IntrospectionView { Claims = i % 2 == 0 ? [] : null, Subject = i < 3 ? SubjectView.AsIs : SubjectView.Omitted, Audience = [] }).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 10_000; i++)
            {
                var (key, view) = (random.Next(entries.Length), views[random.Next(views.Length)]);
                if (cache.Find(entries[key].Key) is null) cache.Add(Entry(key));
                var entry = cache.Find(entries[key].Key) ?? entries[key];
                cache.AnswerOf(entry, view).AsSpan().SequenceEqual(entry.Write(view)).ShouldBeTrue();
            }
        })));
        cache.Bytes.ShouldBe(entries.Select(entry => cache.Find(entry.Key)).Sum(kept => (long)(kept?.Size ?? 0)));
    }

    private static IntrospectionView View() => new() { Claims = [], Audience = [] };

    private static TokenEntry Entry(int i) => new(Records.Bare("t") with { Subject = $"subject-{i:d6}", Username = "u" }, 0, new Mac128((ulong)i * 0x9E3779B97F4A7C15, (ulong)i));
}
