using Touchstone.Protocol.Following;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Protocol.Tests.Following;

public sealed class FollowedMarkTests
{
    private const string Epoch = "0f9b2c4d5e6f47a8b9c0d1e2f3a4b5c6";

    [Fact]
    public void The_headers_of_an_answer_are_read()
    {
        var tag = TagKey.For(new byte[TagKey.Size], "rs").Of(Selector.Client("web-shop"));
        FollowedMark.TryRead(Epoch + ".41", tag + " 7dHnP0aKx4U", isActive: true, out var mark).ShouldBeTrue();
        (mark.Epoch, mark.AsOf, mark.Tags.Length).ShouldBe((Guid.ParseExact(Epoch, "N"), 41, 2));
        FollowedTag.TryRead(tag, out var read).ShouldBeTrue();
        mark.Tags[0].ShouldBe(read);
    }

    [Fact]
    public void An_inactive_answer_needs_no_tags() => FollowedMark.TryRead(Epoch + ".41", "", isActive: false, out _).ShouldBeTrue();

    [Theory]
    [InlineData("", "7dHnP0aKx4U")]
    [InlineData(Epoch, "7dHnP0aKx4U")]
    [InlineData(Epoch + ".", "7dHnP0aKx4U")]
    [InlineData(Epoch + ".-1", "7dHnP0aKx4U")]
    [InlineData(Epoch + ".41.1c", "7dHnP0aKx4U")]
    [InlineData("." + Epoch, "7dHnP0aKx4U")]
    [InlineData(Epoch + ".41", "")]
    [InlineData(Epoch + ".41", "7dHnP0aKx4")]
    [InlineData(Epoch + ".41", "7dHnP0aKx4U ")]
    [InlineData(Epoch + ".41", "7dHnP0aKx4U  7dHnP0aKx4U")]
    [InlineData(Epoch + ".41", "7dHnP0aKx4!")]
    [InlineData(Epoch + ".41", "7dHnP0aKx4V")] // Bits that stand for nothing.
    public void What_can_not_be_understood_is_not_kept(string asOf, string tags) => FollowedMark.TryRead(asOf, tags, isActive: true, out _).ShouldBeFalse();

    [Fact]
    public void Too_many_tags_are_refused()
    {
        FollowedTag.TryReadAll(string.Join(' ', Enumerable.Repeat("7dHnP0aKx4U", FollowedTag.Most)), out _).ShouldBeTrue();
        FollowedTag.TryReadAll(string.Join(' ', Enumerable.Repeat("7dHnP0aKx4U", FollowedTag.Most + 1)), out _).ShouldBeFalse();
    }
}
