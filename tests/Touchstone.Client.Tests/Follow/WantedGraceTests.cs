using Microsoft.Extensions.Logging.Abstractions;
using Touchstone.Client.Follow;
using Touchstone.Client.Telemetry;

namespace Touchstone.Client.Tests.Follow;

/// <summary>For how long the server is told that something goes on without the feed.</summary>
public sealed class WantedGraceTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void What_a_check_brought_counts_for_an_hour_after_the_last_at_least_and_for_two_at_most()
    {
        var grace = Of(new TokenIntrospectionOptions());
        grace.Longest(600 * Minute).ShouldBe(TimeSpan.Zero);
        grace.Want(5 * Minute);
        grace.Longest(659 * Minute).ShouldBe(5 * Minute);
        grace.Longest(660 * Minute).ShouldBe(5 * Minute);
        grace.Want(2 * Minute);
        grace.Longest(719 * Minute).ShouldBe(5 * Minute);
        grace.Longest(720 * Minute).ShouldBe(2 * Minute, "nobody wanted more for an hour");
        grace.Longest(780 * Minute).ShouldBe(TimeSpan.Zero);
        grace.Want(TimeSpan.MaxValue);
        grace.Longest(780 * Minute).ShouldBe(TimeSpan.MaxValue);
    }

    [Fact]
    public void The_policy_of_the_client_counts_always()
    {
        var grace = Of(new TokenIntrospectionOptions { Policy = new() { FailMode = FailMode.StaleIfError, MaxStale = 7 * Minute } });
        foreach (var minutes in (int[])[0, 100, 200, 300]) grace.Longest(minutes * Minute).ShouldBe(7 * Minute);
    }

    [Fact]
    public void Where_it_is_said_which_policies_are_in_use_those_count_and_no_others_unless_it_throws()
    {
        IEnumerable<IntrospectionPolicy> inUse = [new() { UnfollowedTtl = Minute }, new()];
        var grace = Of(new TokenIntrospectionOptions { PoliciesInUse = () => inUse });
        grace.Want(5 * Minute);
        grace.Longest(default).ShouldBe(Minute);
        inUse = [];
        grace.Longest(default).ShouldBe(TimeSpan.Zero);
        inUse = null!;
        grace.Longest(default).ShouldBe(5 * Minute);
    }

    private static WantedGrace Of(TokenIntrospectionOptions options) => new(options, new CallbackFaults(NullLogger.Instance));
}
