using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases;

public sealed class RecentRowsTests
{
    private static readonly Guid _epoch = Guid.NewGuid(), _head = Guid.NewGuid(), _next = Guid.NewGuid();

    private readonly RecentRows _rows = new();

    public RecentRowsTests()
    {
        _rows.Begin(new LogCursor(_epoch, 7, _head));
        _rows.Add(8, _next);
    }

    [Fact]
    public void It_knows_the_head_it_began_with_and_what_came_after_it()
    {
        _rows.Has(new LogCursor(_epoch, 7, _head)).ShouldBeTrue();
        _rows.Has(new LogCursor(_epoch, 8, _next)).ShouldBeTrue();
    }

    [Fact]
    public void It_does_not_know_another_row_of_the_same_number_nor_another_life_of_the_log_nor_what_it_has_not_read()
    {
        _rows.Has(new LogCursor(_epoch, 8, Guid.NewGuid())).ShouldBeFalse();
        _rows.Has(new LogCursor(Guid.NewGuid(), 8, _next)).ShouldBeFalse();
        _rows.Has(new LogCursor(_epoch, 9, _next)).ShouldBeFalse();
        _rows.Has(new LogCursor(_epoch, 6, _head)).ShouldBeFalse();
        _rows.Has(LogCursor.Start(_epoch)).ShouldBeFalse();
    }

    [Fact]
    public void It_forgets_what_is_long_ago()
    {
        for (var seq = 9L; seq < 20_000; seq++) _rows.Add(seq, Guid.NewGuid());
        _rows.Has(new LogCursor(_epoch, 8, _next)).ShouldBeFalse();
    }

    [Fact]
    public void Another_life_of_the_log_forgets_the_one_before()
    {
        var other = Guid.NewGuid();
        _rows.Begin(new LogCursor(other, 7, _head));
        _rows.Has(new LogCursor(_epoch, 8, _next)).ShouldBeFalse();
        _rows.Has(new LogCursor(other, 8, _next)).ShouldBeFalse();
        _rows.Has(new LogCursor(other, 7, _head)).ShouldBeTrue();
    }
}
