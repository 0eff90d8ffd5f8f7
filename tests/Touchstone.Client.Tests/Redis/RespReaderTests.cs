using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Touchstone.Client.Redis;

namespace Touchstone.Client.Tests.Redis;

public sealed class RespReaderTests
{
    private static readonly Gen<byte[]> Replies = Gen.Elements(
            "+", "-", ":", "$", "*", "%", "~", ">", "|", "!", "=", "#", "_", ",", "(", "\r\n", "\r", "\n", "0", "1", "2", "-1", "5", "99999999999", "1048576", "1048577", "?", "OK", "hello",
            "$5\r\nhello\r\n", "+OK\r\n", ":1\r\n", "*1\r\n", "%1\r\n", "|1\r\n", "_\r\n", "#t\r\n", "$-1\r\n", "ERR x")
        .ArrayOf().Select(pieces => Encoding.ASCII.GetBytes(string.Concat(pieces)));

    [Theory]
    [InlineData("+OK\r\n", RespKind.Text)]
    [InlineData("-ERR no\r\n", RespKind.Error)]
    [InlineData("!6\r\nERR no\r\n", RespKind.Error)]
    [InlineData(":-12\r\n", RespKind.Integer)]
    [InlineData("#f\r\n", RespKind.Integer)]
    [InlineData("$0\r\n\r\n", RespKind.Bulk)]
    [InlineData("$4\r\n\r\n\r\n\r\n", RespKind.Bulk)]
    [InlineData("=7\r\ntxt:abc\r\n", RespKind.Bulk)]
    [InlineData("$-1\r\n", RespKind.Null)]
    [InlineData("*-1\r\n", RespKind.Null)]
    [InlineData("_\r\n", RespKind.Null)]
    [InlineData(",1.5\r\n", RespKind.Text)]
    [InlineData("(123456789012345678901234567890\r\n", RespKind.Text)]
    [InlineData("*2\r\n:1\r\n*1\r\n$1\r\na\r\n", RespKind.Items)]
    [InlineData("%1\r\n+a\r\n:1\r\n", RespKind.Items)]
    [InlineData("~0\r\n", RespKind.Items)]
    [InlineData(">1\r\n+invalidate\r\n", RespKind.Push)]
    [InlineData("|1\r\n+ttl\r\n:3600\r\n+OK\r\n", RespKind.Text)]
    public void Every_form_is_read_and_each_beginning_of_it_is_incomplete(string text, object kind)
    {
        var (progress, value, length) = Read(Encoding.ASCII.GetBytes(text));
        (progress, value.Kind, length).ShouldBe((RespProgress.Complete, (RespKind)kind, text.Length));
        for (var i = 0; i < text.Length; i++) Read(Encoding.ASCII.GetBytes(text[..i])).Progress.ShouldBe(RespProgress.Incomplete);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("x\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData(":\r\n")]
    [InlineData(":1x\r\n")]
    [InlineData(":99999999999999999999\r\n")]
    [InlineData("#x\r\n")]
    [InlineData("_x\r\n")]
    [InlineData("$\r\n")]
    [InlineData("$-2\r\n")]
    [InlineData("$+1\r\na\r\n")]
    [InlineData("$?\r\n")]
    [InlineData("$1048577\r\n")]
    [InlineData("$99999999999999999999\r\n")]
    [InlineData("$1\r\nabc")]
    [InlineData("*1025\r\n")]
    [InlineData("%513\r\n")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n")]
    [InlineData("*1000\r\n*1000\r\n")]
    [InlineData("*2\r\n$1048576\r\n")]
    [InlineData("+a\nb\r\n")]
    public void What_is_no_reply_or_too_big_a_one_is_refused_as_soon_as_it_shows(string text)
    {
        // The second of two bulks that are too long together: the first is put where it belongs.
        var bytes = text.StartsWith("*2\r\n$1048576", StringComparison.Ordinal) ? Encoding.ASCII.GetBytes(text + new string('a', 1 << 20) + "\r\n$1\r\n") : Encoding.ASCII.GetBytes(text);
        Read(bytes).Progress.ShouldBe(RespProgress.Malformed);
    }

    [Fact]
    public void A_line_without_an_end_is_refused() => Read(Encoding.ASCII.GetBytes("+" + new string('a', RespReader.MaxLine + 1))).Progress.ShouldBe(RespProgress.Malformed);

    [Fact]
    public void Whatever_comes_is_read_refused_or_waited_for() => Properties.Hold(Gen.OneOf(Replies, Properties.Bytes), bytes =>
    {
        var (progress, value, length) = Read(bytes);
        length.ShouldBeLessThanOrEqualTo(bytes.Length);
        // In how many pieces it came makes no difference, and what follows it neither.
        var pieces = Read(Split(bytes));
        (pieces.Progress, pieces.Length, pieces.Value.Kind).ShouldBe((progress, length, value.Kind));
        if (progress is RespProgress.Complete) Read([.. bytes[..length], 0, 255]).Length.ShouldBe(length);
    }, runs: 20_000);

    [Fact]
    public void What_is_written_is_one_array_of_bulks() => Properties.Hold(Properties.Bytes.ArrayOf().Where(all => all.Length < RespReader.MaxItems), all =>
    {
        var output = new ArrayBufferWriter<byte>();
        RespWriter.Write(output, [.. all.Select(argument => new ReadOnlyMemory<byte>(argument))]);
        var (progress, value, length) = Read(output.WrittenSpan.ToArray());
        (progress, length).ShouldBe((RespProgress.Complete, output.WrittenCount));
        value.Items!.Select(item => item.Bytes).ShouldBe(all);
    });

    private static (RespProgress Progress, RespValue Value, int Length) Read(byte[] bytes) => Read(new ReadOnlySequence<byte>(bytes));

    private static (RespProgress Progress, RespValue Value, int Length) Read(ReadOnlySequence<byte> bytes)
    {
        var reader = new RespReader(bytes);
        var progress = reader.TryRead(out var value);
        return (progress, progress is RespProgress.Complete ? value : default, progress is RespProgress.Complete ? (int)bytes.Slice(0, reader.Position).Length : 0);
    }

    private static ReadOnlySequence<byte> Split(byte[] bytes)
    {
        if (bytes.Length == 0) return default;
        var first = new Piece(bytes.AsMemory(0, 1), 0);
        var last = first;
        for (var i = 1; i < bytes.Length; i++) last = last.Then(bytes.AsMemory(i, 1));
        return new ReadOnlySequence<byte>(first, 0, last, 1);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        internal Piece(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        internal Piece Then(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
