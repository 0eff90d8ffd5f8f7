using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.Forms;

namespace Touchstone.Protocol.Tests.Forms;

public sealed class OAuthFormPropertyTests
{
    private static readonly Gen<byte[]> Bodies = Gen.OneOf(
        Properties.Bytes,
        Properties.From("&", "=", "+", "%", "%2", "%41", "%zz", "token", "client_id", "a", "\0", "é").Select(Encoding.UTF8.GetBytes));

    [Fact]
    public void C42_What_was_encoded_is_what_is_read()
    {
        var values = Properties.Text.Where(value => value.Length > 0);
        var fields = Properties.Text.Zip(values).ArrayOf().Select(pairs => pairs.DistinctBy(pair => pair.Item1).ToArray());
        Properties.Hold(fields, pairs =>
        {
            var form = FormBody.Parse(string.Join('&', pairs.Select(pair => $"{FormEncoding.Encode(pair.Item1)}={FormEncoding.Encode(pair.Item2)}")));
            form.Count.ShouldBe(pairs.Length);
            foreach (var (name, value) in pairs) form.Get(name).ShouldBe(value);
        });
    }

    [Fact]
    public void C43_No_bytes_make_the_reader_throw() => Properties.Hold(Bodies, body =>
    {
        var form = new OAuthForm();
        var result = form.Read(new ReadOnlySequence<byte>(body));
        Enum.IsDefined(result).ShouldBeTrue();
        if (result is not FormResult.Ok) form.Count.ShouldBe(0);
        form.Has("token"u8).ShouldBe(!form["token"u8].IsEmpty);
    }, runs: 5000);

    [Fact]
    public void C43_A_body_in_pieces_reads_like_the_whole() => Properties.Hold(Bodies.Zip(Gen.Choose(0, 1000)), input =>
    {
        var (body, cut) = input;
        var whole = new OAuthForm();
        var pieces = new OAuthForm();
        pieces.Read(InTwo(body, cut % (body.Length + 1))).ShouldBe(whole.Read(new ReadOnlySequence<byte>(body)));
        pieces.Count.ShouldBe(whole.Count);
        foreach (var name in new[] { "token", "client_id", "a", "" }) pieces.Get(name).ShouldBe(whole.Get(name));
    });

    private static ReadOnlySequence<byte> InTwo(byte[] body, int cut)
    {
        var last = new Segment(body.AsMemory(cut), cut, null);
        var first = new Segment(body.AsMemory(0, cut), 0, last);
        return new ReadOnlySequence<byte>(first, 0, last, body.Length - cut);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        internal Segment(ReadOnlyMemory<byte> memory, long runningIndex, Segment? next) => (Memory, RunningIndex, Next) = (memory, runningIndex, next);
    }
}
