using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Touchstone.Benchmarks;

/// <summary>Followers of one server: how soon all of them hear, what one that waits costs, and a storm of revocations. Prints a line of a table each, and false where a bar is missed.</summary>
internal sealed class FeedBar(Uri server, AdminClient admin, int process, string[] callers)
{
    private const int Few = 100;
    private const int Crowd = 1_000;
    private const int Arrivals = 1_000; // A second.
    private const int MoreCrowd = 4_000;
    private const int Revocations = 120;
    private const int StormFollowers = 100;
    private const int StormSeconds = 30;
    private const int Lists = 10; // A second.
    private const int List = 500;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    internal static async Task<bool> RunAsync(Uri server, string data, int process)
    {
        using var admin = await AdminClient.ConnectAsync(server, data);
        var callers = await Prepare.CallersAsync(admin, "feed-api", 4, _ => null);
        await admin.PostAsync("admin/clients", new JsonObject { ["client_id"] = Prepare.App, ["kind"] = "client", ["audience"] = new JsonArray(JsonValue.Create(Prepare.Audience)) });
        var bar = new FeedBar(server, admin, process, [.. callers]);
        // Uncounted: compiles all that is measured, polls that end with nothing new and followers that leave too.
        await bar.CrowdAsync(Few, (_, watch) => bar.ReachAsync(watch, 200));
        await bar.CrowdAsync(Few, (_, watch) => UntilAsync(() => watch.Polls >= 3));
        return await bar.MemoryAsync() & await bar.LatencyAsync() & await bar.StormAsync();
    }

    // What the process has more of when so many wait, once each of them has polled for the third time.
    private async Task<bool> MemoryAsync()
    {
        var (before, each) = (Resident(), new List<double>());
        foreach (var count in (int[])[Crowd, MoreCrowd])
        {
            await CrowdAsync(count, async (count, watch) =>
            {
                await UntilAsync(() => watch.Polls >= 3);
                each.Add((Resident() - before) / count);
            });
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| memory of a waiting follower | {each[0]:F1} KiB with {Crowd:N0}, {each[1]:F1} KiB with {MoreCrowd:N0} | ≤ 20 KiB |"));
        return each.All(size => size <= 20);
    }

    private async Task<bool> LatencyAsync()
    {
        var took = new List<double>();
        await CrowdAsync(Crowd, async (_, watch) =>
        {
            await ReachAsync(watch, 10);
            var tokens = await TokensAsync(Revocations);
            foreach (var token in tokens)
            {
                var seq = (long)(await admin.PostAsync("admin/revocations", new JsonObject { ["token"] = token }))["seq"]!;
                var answered = Stopwatch.GetTimestamp();
                await UntilAsync(() => watch.SeenByAll(seq) is not null);
                took.Add(Math.Max(0, Stopwatch.GetElapsedTime(answered, watch.SeenByAll(seq)!.Value).TotalMilliseconds));
                await Task.Delay(200 * Moment, TimeProvider.System); // They poll again.
            }
        });
        took.Sort();
        var (middle, late) = (took[took.Count / 2], took[took.Count * 99 / 100]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| from the 200 of a revocation until the last of {Crowd:N0} followers has it | p50 {middle:F0} ms, p99 {late:F0} ms, longest {took[^1]:F0} ms | p99 ≤ 250 ms |"));
        return late <= 250;
    }

    private async Task<bool> StormAsync()
    {
        var isMet = false;
        var tokens = await TokensAsync(List * Lists * StormSeconds);
        await CrowdAsync(StormFollowers, async (_, watch) =>
        {
            await ReachAsync(watch, 10);
            var (before, largest, events) = (Resident(), 0.0, watch.Events);
            var answers = new List<Task<long>>();
            var started = Stopwatch.GetTimestamp();
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / Lists));
            for (var i = 0; i < Lists * StormSeconds; i++)
            {
                await timer.WaitForNextTickAsync();
                var list = new JsonArray([.. tokens.Skip(i * List).Take(List).Select(token => new JsonObject { ["token"] = token })]);
                answers.Add(Task.Run(async () => (long)(await admin.PostAsync("admin/revocations", list)).AsArray()[^1]!["seq"]!));
                largest = Math.Max(largest, Resident());
            }
            var last = (await Task.WhenAll(answers)).Max();
            var written = Stopwatch.GetElapsedTime(started).TotalSeconds;
            await UntilAsync(() => watch.HaveReached(last));
            var heard = Stopwatch.GetElapsedTime(started).TotalSeconds;
            (largest, events) = (Math.Max(largest, Resident()), watch.Events - events);
            var part = events / ((double)events + watch.Floored + watch.Lost);
            var all = (long)tokens.Count * StormFollowers;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {tokens.Count / written:F0} revocations of single tokens a second for {written:F1} s, in lists of {List}, to {StormFollowers} followers of {callers.Length} callers | {part:P1} came as events, {watch.Floored:N0} of {all:N0} as floors, {watch.Lost} lost; the last was heard {(heard - written) * 1000:F0} ms after the last 200; memory from {before / 1024:F0} MiB to {largest / 1024:F0} MiB | ≥ 4,900 a second; ≥ 90 %, 0 lost |"));
            isMet = part >= 0.9 && watch.Lost == 0 && events + watch.Floored >= all && tokens.Count / written >= 4_900;
        });
        return isMet;
    }

    // Runs followers, each of one of the callers in turn, while something is done; every one of them has polled before.
    private async Task CrowdAsync(int count, Func<int, FeedWatch, Task> work)
    {
        var watch = new FeedWatch(count) { IsTimed = count == Crowd };
        using var stopping = new CancellationTokenSource();
        var address = new IPEndPoint(IPAddress.Loopback, server.Port);
        var running = Enumerable.Range(0, count).Select(number => FollowAsync(address, number, watch, stopping.Token)).ToArray();
        var working = UntilAsync(() => watch.Polls >= 1).ContinueWith(_ => work(count, watch), TaskScheduler.Default).Unwrap();
        await Task.WhenAny(working, Task.WhenAny(running).Unwrap());
        if (running.FirstOrDefault(follower => follower.IsFaulted) is { } broken) await broken;
        await working;
        await stopping.CancelAsync();
        await Task.WhenAll(running);
    }

    // A fleet comes within seconds, not at one moment.
    private async Task FollowAsync(IPEndPoint address, int number, FeedWatch watch, CancellationToken stopping)
    {
        await Task.Delay(TimeSpan.FromSeconds((double)number / Arrivals), TimeProvider.System, stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
        await new FeedFollower(address, callers[number % callers.Length], number, watch).RunAsync(stopping);
    }

    // Revokes tokens one by one; done when all followers have heard of the last.
    private async Task ReachAsync(FeedWatch watch, int revocations)
    {
        long last = 0;
        foreach (var token in await TokensAsync(revocations)) last = (long)(await admin.PostAsync("admin/revocations", new JsonObject { ["token"] = token }))["seq"]!;
        await UntilAsync(() => watch.HaveReached(last));
    }

    private Task<List<string>> TokensAsync(int count) => Prepare.TokensAsync(admin, count, 86400);

    private static async Task UntilAsync(Func<bool> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(60)) throw new TimeoutException("The followers did not hear in time.");
            await Task.Delay(Moment, TimeProvider.System);
        }
    }

    // KiB.
    private double Resident() => double.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
