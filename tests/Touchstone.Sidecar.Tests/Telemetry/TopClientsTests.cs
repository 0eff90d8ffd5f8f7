using Touchstone.Sidecar.Telemetry;

namespace Touchstone.Sidecar.Tests.Telemetry;

/// <summary>Whose tokens come most often.</summary>
public sealed class TopClientsTests
{
    [Fact]
    public void The_twenty_with_the_most_are_shown_and_the_rest_is_one()
    {
        var clients = new TopClients();
        for (var i = 1; i <= 30; i++)
        {
            for (var j = 0; j < i; j++) clients.Count($"c{i}");
        }
        var (top, other) = clients.Read();
        top.Select(share => (share.Client, share.Decisions, share.AtLeast)).ShouldBe(Enumerable.Range(11, 20).Reverse().Select(i => ($"c{i}", (long)i, (long)i)));
        other.ShouldBe(Enumerable.Range(1, 10).Sum());
    }

    [Fact]
    public void Who_is_heavy_is_found_among_any_number_of_others_and_never_counted_too_low()
    {
        var clients = new TopClients();
        for (var i = 0; i < 50_000; i++)
        {
            clients.Count("once " + i);
            if (i % 20 == 0) clients.Count("heavy");
        }
        var (top, other) = clients.Read();
        var heavy = top.Single(share => share.Client == "heavy");
        heavy.Decisions.ShouldBeGreaterThanOrEqualTo(2500);
        heavy.AtLeast.ShouldBeLessThanOrEqualTo(2500);
        (top.Sum(share => share.Decisions) + other).ShouldBe(52_500);
    }

    [Fact]
    public void A_metric_never_has_more_than_a_hundred_names()
    {
        var clients = new TopClients();
        clients.Count("other");
        clients.Count(new string('a', 101));
        for (var round = 0; round < 50; round++)
        {
            for (var i = 0; i < 20; i++)
            {
                for (var j = 0; j < 100 * (round + 1); j++) clients.Count($"c{round}-{i}");
            }
            var measured = clients.Measure();
            measured.Count.ShouldBeLessThanOrEqualTo(101);
            measured.Sum(pair => pair.Value).ShouldBeGreaterThanOrEqualTo(20 * 100 * (round + 1) * (round + 2) / 2);
            measured.ShouldNotContain(pair => pair.Key.Length > 100);
            measured.Count(pair => pair.Key == "other").ShouldBe(1);
        }
    }
}
