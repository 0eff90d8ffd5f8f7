using Touchstone.Server.Detection;

namespace Touchstone.Server.Tests.Detection;

public sealed class BaselineTests
{
    [Fact]
    public void Before_there_is_a_past_nothing_is_far_from_it()
    {
        var baseline = new Baseline();
        for (var i = 0; i < 15; i++)
        {
            baseline.IsFar(1_000_000, 0).ShouldBeFalse();
            baseline.Learn(10, 0);
        }
        baseline.IsFar(1_000_000, 0).ShouldBeTrue();
    }

    [Fact]
    public void Far_is_beyond_four_deviations_and_beyond_the_least()
    {
        var baseline = new Baseline();
        for (var i = 0; i < 200; i++) baseline.Learn(i % 2 == 0 ? 90 : 110, 0); // A mean of 100, a deviation of 10.
        baseline.Mean.ShouldBe(100, 3);
        baseline.IsFar(130, 0).ShouldBeFalse();
        baseline.IsFar(150, 0).ShouldBeTrue();
        baseline.IsFar(150, 100).ShouldBeFalse();
        baseline.IsFar(0, 0).ShouldBeFalse();
    }

    [Fact]
    public void One_outlier_does_not_become_the_rule_and_many_do()
    {
        var baseline = new Baseline();
        for (var i = 0; i < 50; i++) baseline.Learn(100, 50);
        baseline.Learn(1_000_000, 50);
        baseline.Mean.ShouldBeLessThan(110);
        baseline.IsFar(400, 50).ShouldBeTrue();
        for (var i = 0; i < 200; i++) baseline.Learn(400, 50);
        baseline.IsFar(400, 50).ShouldBeFalse();
    }
}
