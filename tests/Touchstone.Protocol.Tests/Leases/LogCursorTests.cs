using Touchstone.Protocol.Leases;

namespace Touchstone.Protocol.Tests.Leases;

public sealed class LogCursorTests
{
    private static readonly Guid _epoch = Guid.Parse("0f0e0d0c-0b0a-0908-0706-050403020100"), _row = Guid.Parse("ffffffff-0000-0000-0000-00000000000a");

    [Fact]
    public void It_is_read_as_it_is_written()
    {
        var cursor = new LogCursor(_epoch, 17, _row);
        cursor.ToString().ShouldBe("0f0e0d0c0b0a09080706050403020100.17.ffffffff00000000000000000000000a");
        LogCursor.TryParse(cursor.ToString(), out var read).ShouldBeTrue();
        read.ShouldBe(cursor);
        LogCursor.TryParse(LogCursor.Start(_epoch).ToString(), out read).ShouldBeTrue();
        read.ShouldBe(LogCursor.Start(_epoch));
    }

    [Theory]
    [InlineData("")]
    [InlineData("17")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.17")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.017.ffffffff00000000000000000000000a")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.-1.ffffffff00000000000000000000000a")]
    [InlineData("0f0e0d0c0b0a09080706050403020100..ffffffff00000000000000000000000a")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.9999999999999999999.ffffffff00000000000000000000000a")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.99999999999999999999.ffffffff00000000000000000000000a")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.0.ffffffff00000000000000000000000a")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.17.00000000000000000000000000000000")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.17.ffffffff00000000000000000000000a.1")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.17.ffffffff00000000000000000000000")]
    [InlineData("zf0e0d0c0b0a09080706050403020100.17.ffffffff00000000000000000000000a")]
    [InlineData(" 0f0e0d0c0b0a09080706050403020100.17.ffffffff00000000000000000000000a")]
    [InlineData("0f0e0d0c0b0a09080706050403020100 .17.ffffffff00000000000000000000000a")]
    [InlineData("0F0E0D0C0B0A09080706050403020100.17.ffffffff00000000000000000000000a")]
    [InlineData("0f0e0d0c0b0a09080706050403020100.17.FFFFFFFF00000000000000000000000A")]
    public void Anything_else_is_no_cursor(string text) => LogCursor.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void It_covers_what_lies_before_it_in_the_same_epoch()
    {
        var cursor = new LogCursor(_epoch, 17, _row);
        cursor.Covers(cursor).ShouldBeTrue();
        cursor.Covers(LogCursor.Start(_epoch)).ShouldBeTrue();
        cursor.Covers(cursor with { Seq = 18 }).ShouldBeFalse();
        cursor.Covers(cursor with { Epoch = Guid.NewGuid() }).ShouldBeFalse();
    }

    [Fact]
    public void A_log_continues_from_a_cursor_when_its_row_is_still_there()
    {
        var (cursor, head) = (new LogCursor(_epoch, 17, _row), new LogCursor(_epoch, 20, Guid.NewGuid()));
        new LogView(head, _row, "db").Continues(cursor).ShouldBeTrue();
        new LogView(head, null, "db").Continues(LogCursor.Start(_epoch)).ShouldBeTrue();
        new LogView(head, Guid.NewGuid(), "db").Continues(cursor).ShouldBeFalse("another row in its place");
        new LogView(head, null, "db").Continues(cursor).ShouldBeFalse("no row in its place");
        new LogView(head with { Seq = 16 }, null, "db").Continues(cursor).ShouldBeFalse("a shorter log");
        new LogView(head with { Epoch = Guid.NewGuid() }, _row, "db").Continues(cursor).ShouldBeFalse("another epoch");
    }
}
