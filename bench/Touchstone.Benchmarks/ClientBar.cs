using System.Diagnostics;
using System.Globalization;
using Touchstone.Client;
using Touchstone.Client.Memory;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Benchmarks;

/// <summary>What a check costs that is answered from memory, how it scales, what an answer takes, and how well the memory is used. Prints a line of a table each, and false where a bar is missed.</summary>
internal static class ClientBar
{
    private const int Tokens = 1_000;
    private const int Rounds = 9;
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(400);

    internal static async Task<bool> RunAsync() => await HitsAsync() & await EntriesAsync() & HitRates();

    private static async Task<bool> HitsAsync()
    {
        await using var client = StubServer.Client();
        var tokens = Enumerable.Range(0, Tokens).Select(StubServer.Token).ToArray();
        foreach (var token in tokens) await client.IntrospectAsync(token);
        Hit(client, tokens, 2_000_000); // Compiles.

        var before = GC.GetAllocatedBytesForCurrentThread();
        Hit(client, tokens, 100_000);
        var bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 100_000.0;
        var rates = new Dictionary<int, double>();
        foreach (var threads in (int[])[1, 2, 4, 8]) rates[threads] = Median(Enumerable.Range(0, Rounds).Select(_ => Rate(client, tokens, threads)));
        var nanoseconds = 1e9 / rates[1];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| a check from memory, {Tokens:N0} tokens | {nanoseconds:F0} ns, {bytes:F0} B | ≤ 250 ns, 0 B |"));
        var scale = rates.Where(rate => rate.Key > 1).ToDictionary(rate => rate.Key, rate => rate.Value / rates[1]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| all threads together, on {Environment.ProcessorCount} cores, beside one thread | {string.Join(", ", scale.Select(one => $"{one.Key} threads: {one.Value:F2} x"))} | ≥ 1.8 x |"));
        return nanoseconds <= 250 && bytes == 0 && scale.Values.All(value => value >= 1.8);
    }

    private static double Rate(IntrospectionClient client, string[] tokens, int threads)
    {
        var stop = false;
        var counts = new long[threads];
        var all = Enumerable.Range(0, threads).Select(thread => new Thread(() =>
        {
            var count = 0L;
            while (!Volatile.Read(ref stop)) count += Hit(client, tokens, 1000);
            counts[thread] = count;
        })).ToArray();
        var started = Stopwatch.GetTimestamp();
        foreach (var one in all) one.Start();
        using (var wait = new ManualResetEventSlim()) wait.Wait(Round);
        Volatile.Write(ref stop, true);
        var elapsed = Stopwatch.GetElapsedTime(started);
        foreach (var one in all) one.Join();
        return counts.Sum() / elapsed.TotalSeconds;
    }

    private static int Hit(IntrospectionClient client, string[] tokens, int count)
    {
        var index = 0;
        for (var i = 0; i < count; i++)
        {
            var check = client.IntrospectAsync(tokens[index]);
            if (!check.IsCompletedSuccessfully || check.Result.Source is not IntrospectionSource.Memory) throw new InvalidOperationException("No hit: " + check.Result);
            if (++index == tokens.Length) index = 0;
        }
        return count;
    }

    private static async Task<bool> EntriesAsync()
    {
        const int Count = 1_000_000;
        await using var client = StubServer.Client(options => (options.MaxEntries, options.MaxBytes) = (2 * Count, 8L << 30));
        await client.IntrospectAsync(StubServer.Token(0));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await Parallel.ForAsync(1, Count, async (number, end) => await client.IntrospectAsync(StubServer.Token(number), cancellationToken: end));
        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Count;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| memory of an answer, {client.Held.Active.Count:N0} held | {each:F0} B; estimated {client.Held.Active.Bytes / client.Held.Active.Count:N0} B | ≤ 1,024 B |"));
        return each <= 1024 && client.Held.Active.Count == Count;
    }

    // Keys by chance: a few are asked for often, most seldom; in the second trace every fifth is of a scan that never comes back.
    private static bool HitRates()
    {
        const int Room = 10_000, Length = 2_000_000;
        var isBetter = true;
        foreach (var (name, scans) in (ReadOnlySpan<(string, bool)>)[("Zipf 0.9 over 100,000 keys", false), ("the same, and every fifth of a scan", true)])
        {
            var trace = Trace(scans, Length);
            var memory = new AnswerMemory(Room, long.MaxValue);
            var answer = new HeldAnswer(null, null, default, 1, TimeSpan.MaxValue);
            var (ours, others) = (0, 0);
            var lru = new Lru(Room);
            foreach (var number in trace)
            {
                var key = new Mac128((ulong)number * 0x9E3779B97F4A7C15, (ulong)number);
                if (memory.TryFind(key, out _)) ours++;
                else memory.Keep(key, answer);
                if (lru.Meet(number)) others++;
            }
            isBetter &= ours >= others;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| hit rate, room for {Room:N0}: {name} | {(double)ours / Length:P1}; plain LRU {(double)others / Length:P1} | at least LRU's |"));
        }
        return isBetter;
    }

    private static int[] Trace(bool scans, int length)
    {
        const int Keys = 100_000;
        var chance = new Random(4242);
        var sums = new double[Keys];
        var sum = 0.0;
        for (var i = 0; i < Keys; i++) sums[i] = sum += 1 / Math.Pow(i + 1, 0.9);
        return [.. Enumerable.Range(0, length).Select(i =>
        {
            if (scans && i % 5 == 0) return Keys + i;
            var found = Array.BinarySearch(sums, chance.NextDouble() * sum);
            return found < 0 ? ~found : found;
        })];
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    // What is compared with.
    private sealed class Lru(int most)
    {
        private readonly Dictionary<int, LinkedListNode<int>> _nodes = [];
        private readonly LinkedList<int> _order = [];

        internal bool Meet(int key)
        {
            if (_nodes.TryGetValue(key, out var node))
            {
                _order.Remove(node);
                _order.AddFirst(node);
                return true;
            }
            _nodes[key] = _order.AddFirst(key);
            if (_nodes.Count <= most) return false;
            _nodes.Remove(_order.Last!.Value);
            _order.RemoveLast();
            return false;
        }
    }
}
