using Touchstone.Server.Cleanup;

namespace Touchstone.Server.Tests.Cleanup;

public sealed class BatchSizeTests
{
    [Fact]
    public void A_batch_that_took_too_long_halves_the_next_down_to_a_least_one()
    {
        var size = new BatchSize();
        var before = size.Rows;
        size.Learn(BatchSize.Target * 1.1);
        size.Rows.ShouldBe(before / 2);
        for (var i = 0; i < 20; i++) size.Learn(TimeSpan.FromSeconds(1));
        size.Rows.ShouldBe(BatchSize.Least);
    }

    [Fact]
    public void A_quick_batch_lets_the_next_grow_up_to_a_largest_one()
    {
        var size = new BatchSize();
        var before = size.Rows;
        size.Learn(BatchSize.Target / 2);
        size.Rows.ShouldBe(before);
        size.Learn(BatchSize.Target / 3);
        size.Rows.ShouldBe(before + (before / 4));
        for (var i = 0; i < 50; i++) size.Learn(TimeSpan.Zero);
        size.Rows.ShouldBe(BatchSize.Most);
    }

    [Fact]
    public void In_haste_a_batch_may_take_longer()
    {
        var size = new BatchSize();
        var before = size.Rows;
        size.Learn(BatchSize.TargetInHaste / 3, isInHaste: true);
        size.Rows.ShouldBeGreaterThan(before);
    }
}
