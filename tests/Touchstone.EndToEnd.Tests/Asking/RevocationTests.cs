using System.Globalization;
using Touchstone.Client;
using Touchstone.EndToEnd.Tests.Load;
using Touchstone.Protocol.Leases;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>A loaded API that answers from memory for ten minutes: what is revoked is refused within a second all the same, and with the feed out of reach once the leases are over.</summary>
[Collection(LoadCollection.Name)]
public sealed class RevocationTests(AskingFixture asked) : IClassFixture<AskingFixture>
{
    private const int Living = 2_000, Cut = 20, Users = 6;
    private const double LeastFromMemory = 0.99;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1), Pace = TimeSpan.FromMilliseconds(20);

    // The lease of a node and that of a follower (design.md §3); the policy grants no grace.
    private static readonly TimeSpan OutOfReach = LeaseTerms.Node.Duration + LeaseTerms.Follower.Duration;

    private static readonly IntrospectionPolicy Policy = new() { MaxTtl = TimeSpan.FromMinutes(10) };

    [Fact]
    public async Task L30_No_request_that_begins_a_second_after_the_200_is_accepted()
    {
        await using var api = await ProtectedApi.StartAsync(options => asked.Configure(options, asked.Server.Address, asked.Server.Address), ("/", Policy));
        var (living, ending) = (await asked.IssueAsync(Living), await asked.IssueAsync(Bars.ClientRevocations));
        await LearnAsync(api, [.. living, .. ending]);
        await using var load = new RevocationLoad(api, living, Users, Bars.Seed);

        using var timer = new PeriodicTimer(Pace, TimeProvider.System);
        foreach (var token in ending)
        {
            await timer.WaitForNextTickAsync();
            load.Watch(token);
            await asked.RevokeAsync(token);
        }
        var last = TimeProvider.System.GetTimestamp();
        await Until.TrueAsync(() => TimeProvider.System.GetElapsedTime(last) > 2 * Bound, "the load went on");
        await load.StopAsync();

        var share = (double)load.FromMemory / load.Served;
        var delays = ending.Select(token => token.AcceptedAfter).Order().ToArray();
        Bars.Tell(string.Create(CultureInfo.InvariantCulture, $"{ending.Length} revocations, seed {Bars.Seed}: accepted for so long after the 200: {Figures(delays)}; {load.Served} requests with tokens that live, {share:P2} from memory"));
        load.Faults.ShouldBeEmpty();
        load.Refused.ShouldBe(0);
        delays.ShouldAllBe(delay => delay <= Bound, $"seed {Bars.Seed}");
        share.ShouldBeGreaterThanOrEqualTo(LeastFromMemory);
        foreach (var token in ending) (await api.AskAsync("/", token)).Status.ShouldBe(401);
    }

    [Fact]
    public Task L30_Without_the_feed_none_is_accepted_once_the_leases_are_over() => Task.WhenAll(WithoutAsync(cutsAll: false), WithoutAsync(cutsAll: true));

    private async Task WithoutAsync(bool cutsAll)
    {
        await using var feed = TcpProxy.Start(asked.Server.Port);
        await using var introspection = TcpProxy.Start(asked.Server.Port);
        await using var api = await ProtectedApi.StartAsync(options => asked.Configure(options, At(introspection), At(feed)), ("/", Policy));
        var (living, ending) = (await asked.IssueAsync(100), await asked.IssueAsync(Cut));
        await LearnAsync(api, [.. living, .. ending]);
        await using var load = new RevocationLoad(api, living, 1, Bars.Seed + (cutsAll ? 1 : 0));
        feed.Cut();
        if (cutsAll) introspection.Cut();
        foreach (var token in ending)
        {
            load.Watch(token);
            await asked.RevokeAsync(token);
        }
        var last = TimeProvider.System.GetTimestamp();
        var fromMemory = load.FromMemory;
        await Until.TrueAsync(() => TimeProvider.System.GetElapsedTime(last) > OutOfReach + (2 * Bound), "the leases are over");
        await load.StopAsync();

        var delays = ending.Select(token => token.AcceptedAfter).Order().ToArray();
        Bars.Tell(string.Create(CultureInfo.InvariantCulture, $"{(cutsAll ? "all" : "the feed")} cut off, {Cut} revocations, seed {Bars.Seed}: accepted for so long after the 200: {Figures(delays)}"));
        load.Faults.ShouldBeEmpty();
        load.FromMemory.ShouldBeGreaterThan(fromMemory);
        delays.ShouldContain(delay => delay > Bound); // They were in memory, and nobody told of their end.
        delays.ShouldAllBe(delay => delay <= OutOfReach, $"seed {Bars.Seed}");
        foreach (var token in ending) (await api.AskAsync("/", token)).Status.ShouldBe(cutsAll ? 503 : 401);
        foreach (var token in living) (await api.AskAsync("/", token)).Status.ShouldBe(cutsAll ? 503 : 200);
    }

    // Until all of them are answered from memory.
    private static Task LearnAsync(ProtectedApi api, IEnumerable<AskedToken> tokens) => Parallel.ForEachAsync(
        tokens,
        new ParallelOptions { MaxDegreeOfParallelism = 8 },
        async (token, _) => await Until.TrueAsync(async () => (await api.AskAsync("/", token)).IsFromMemory, "the answer is kept"));

    private static Uri At(TcpProxy proxy) => new($"http://127.0.0.1:{proxy.Port}");

    private static string Figures(TimeSpan[] sorted) => string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {sorted[sorted.Length / 2].TotalMilliseconds:F1} ms, p99 {sorted[sorted.Length * 99 / 100].TotalMilliseconds:F1} ms, at most {sorted[^1].TotalMilliseconds:F1} ms");
}
