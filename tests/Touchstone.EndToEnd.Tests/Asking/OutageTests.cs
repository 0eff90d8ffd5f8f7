using System.Globalization;
using Touchstone.Client;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>
/// An API under a constant load while its server can't be asked: what was served is served where the policy allows stale answers, what must be asked about is refused in time, and the server is not
/// stormed when it is back.
/// </summary>
[Collection(LoadCollection.Name)]
public sealed class OutageTests(AskingFixture asked) : IClassFixture<AskingFixture>
{
    private const int Tokens = 40, KeptUsers = 24, FreshUsers = 8;
    private const double MostOnRecovery = 2;

    private static readonly TimeSpan Total = TimeSpan.FromSeconds(1), Try = TimeSpan.FromMilliseconds(300), Slack = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500), Before = TimeSpan.FromSeconds(2), Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(Bars.OutageSeconds);

    // What was under way when the server broke may have been answered.
    private static readonly TimeSpan UnderWay = TimeSpan.FromMilliseconds(200);

    private static readonly IntrospectionPolicy Kept = new() { MaxTtl = TimeSpan.FromMilliseconds(500), PlainTtl = TimeSpan.FromMilliseconds(500), FailMode = FailMode.StaleIfError };
    private static readonly IntrospectionPolicy Fresh = new() { MaxTtl = TimeSpan.Zero, PlainTtl = TimeSpan.Zero, FailMode = FailMode.FailClosed };

    [Theory]
    [InlineData(Outage.Frozen)]
    [InlineData(Outage.Killed)]
    [InlineData(Outage.Cut)]
    [InlineData(Outage.Swallowed)]
    [InlineData(Outage.Failing)]
    [InlineData(Outage.Throttling)]
    [InlineData(Outage.Slow)]
    [InlineData(Outage.Garbled)]
    public async Task L25_What_was_served_is_served_and_what_must_be_asked_is_refused_in_time(Outage outage)
    {
        await using var line = TcpProxy.Start(asked.Server.Port);
        await using var front = await Front.StartAsync(asked.Server.Address);
        var calls = new UpstreamCalls();
        var isNetwork = outage < Outage.Failing;
        var address = isNetwork ? new Uri($"http://127.0.0.1:{line.Port}") : front.Address;
        await using var api = await ProtectedApi.StartAsync(
            options =>
            {
                asked.Configure(options, address, isNetwork ? address : null);
                (options.Timeout, options.TryTimeout, options.BreakDuration, options.Backchannel) = (Total, Try, TimeSpan.FromMilliseconds(500), calls.NewHandler);
                options.Policy = Kept; // So that the server is told from the first poll on.
            },
            ("/kept", Kept),
            ("/fresh", Fresh));
        var tokens = await asked.IssueAsync(Tokens);
        foreach (var token in tokens) await Until.TrueAsync(async () => (await api.AskAsync("/kept", token)).IsAccepted, "the server was asked about each token");

        await using var kept = new PacedLoad(api, "/kept", tokens, KeptUsers, Pause, 1);
        await using var fresh = new PacedLoad(api, "/fresh", tokens, FreshUsers, Pause, 2);
        var started = Now();
        await PassedAsync(started, Before);
        var before = calls.Between(started, Now()) / TimeProvider.System.GetElapsedTime(started).TotalSeconds;

        await BreakAsync(outage, line, front);
        var broken = Now();
        // Who answers at once, if not rightly, is in no trouble that asking less would mend. And a 429 opens no breaker: whoever floods with made-up tokens would choose what FailOpen lets pass (L47).
        var isTrouble = outage is not (Outage.Garbled or Outage.Throttling);
        if (isTrouble) await Until.TrueAsync(() => api.Client.Status.Breaker is not BreakerState.Closed, "the server is left alone");
        var opened = TimeProvider.System.GetElapsedTime(broken);
        await PassedAsync(broken, Length);

        var healed = Now();
        await HealAsync(outage, line, front);
        await Until.TrueAsync(() => api.Client.Status.Breaker is BreakerState.Closed, "the server is asked again");
        var closed = TimeProvider.System.GetElapsedTime(healed);
        await PassedAsync(healed, closed + (2 * Second));
        await kept.StopAsync();
        await fresh.StopAsync();

        var after = Enumerable.Range(0, (int)TimeProvider.System.GetElapsedTime(healed).TotalSeconds).Max(second => calls.Between(Later(healed, second * Second), Later(healed, (second + 1) * Second)));
        var refused = fresh.Answers.Where(answer => answer.Begun > Later(broken, UnderWay) && Later(answer.Begun, answer.Took) < healed).ToArray();
        var during = kept.Answers.Where(answer => answer.Begun > broken && answer.Begun < healed).ToArray();
        Bars.Tell(string.Create(CultureInfo.InvariantCulture, $"{outage} for {Length.TotalSeconds:F0} s, seed {Bars.Seed}: {during.Length} served meanwhile, {during.Count(answer => answer.Source == nameof(IntrospectionSource.Stale))} of them stale; ")
            + string.Create(CultureInfo.InvariantCulture, $"{refused.Length} refused in at most {refused.Max(answer => answer.Took).TotalMilliseconds:F0} ms; {(isTrouble ? string.Create(CultureInfo.InvariantCulture, $"breaker open after {opened.TotalSeconds:F1} s, closed {closed.TotalSeconds:F1} s after") : "no breaker")}; calls a second {before:F0} before, at most {after} after"));
        kept.Answers.ShouldAllBe(answer => answer.IsAccepted, $"seed {Bars.Seed}");
        during.ShouldContain(answer => answer.Source == nameof(IntrospectionSource.Stale));
        refused.ShouldAllBe(answer => answer.Status == 503);
        refused.ShouldAllBe(answer => answer.Took <= Total + Slack);
        ((double)after).ShouldBeLessThanOrEqualTo(MostOnRecovery * before);
        foreach (var token in tokens) await Until.TrueAsync(async () => (await api.AskAsync("/fresh", token)).IsAccepted, "each token is asked about again");
    }

    private async Task BreakAsync(Outage outage, TcpProxy line, Front front)
    {
        switch (outage)
        {
            case Outage.Frozen: asked.Server.Stop(); break;
            case Outage.Killed: await asked.Server.Kill9Async(); break;
            case Outage.Cut: line.Cut(); break;
            case Outage.Swallowed: line.Swallow(); break;
            default: front.Break(outage); break;
        }
    }

    private async Task HealAsync(Outage outage, TcpProxy line, Front front)
    {
        switch (outage)
        {
            case Outage.Frozen: asked.Server.Continue(); break;
            case Outage.Killed: await asked.Server.RestartAsync(); break;
            case Outage.Cut or Outage.Swallowed: line.Restore(); break;
            default: front.Heal(); break;
        }
    }

    private static long Now() => TimeProvider.System.GetTimestamp();

    private static long Later(long timestamp, TimeSpan time) => timestamp + (long)(time.TotalSeconds * TimeProvider.System.TimestampFrequency);

    private static Task PassedAsync(long since, TimeSpan time) => Until.TrueAsync(() => TimeProvider.System.GetElapsedTime(since) >= time, "the load went on for a while", time + Until.Deadline);
}
