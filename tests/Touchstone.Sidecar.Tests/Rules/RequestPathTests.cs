using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Tests.Rules;

/// <summary>The one form of a path.</summary>
public sealed class RequestPathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/orders/17", "/orders/17")]
    [InlineData("/orders/", "/orders/")]
    [InlineData("/orders?x=../..", "/orders")]
    [InlineData("/%6frders/a%20b", "/orders/a b")]
    [InlineData("/caf%C3%A9", "/café")]
    [InlineData("/a.b/..c/.d", "/a.b/..c/.d")]
    [InlineData("/a,b=c:d@e!$&'()*+", "/a,b=c:d@e!$&'()*+")]
    public void L40_Its_segments_are_decoded_and_its_query_does_not_count(string target, string expected)
    {
        RequestPath.TryParse(target, out var path, out var fault).ShouldBeTrue(fault);
        path!.ToString().ShouldBe(expected);
    }

    [Fact]
    public void L40_What_can_be_read_in_two_ways_has_no_form()
    {
        var corpus = Traversals.All;
        corpus.Count.ShouldBeGreaterThan(200);
        foreach (var target in corpus)
        {
            RequestPath.TryParse(target, out _, out var fault).ShouldBeFalse(target);
            fault.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void L40_Nothing_in_the_form_is_a_dot_segment_an_empty_one_or_a_separator_whatever_comes()
    {
        string[] pieces = ["/", "//", ".", "..", "%2e", "%2E", "%2f", "%5c", "%25", "%", "a", "b", ";", "?", "#", "\\", "%00", "%c0", "%ae", "%e2%80%ae", "é", " ", "*", "{"];
        Properties.Hold(FsCheck.Fluent.Gen.ListOf(FsCheck.Fluent.Gen.Elements(pieces)), parts =>
        {
            if (!RequestPath.TryParse("/" + string.Concat(parts), out var path, out _)) return;
            path.Segments.ShouldAllBe(segment => segment != "." && segment != ".." && !segment.Contains('/') && !segment.Contains('\\') && !segment.Contains('%') && !segment.Contains(';') && !segment.Any(char.IsControl));
            path.Segments.SkipLast(1).ShouldAllBe(segment => segment.Length > 0);
        }, runs: 20_000);
    }

    [Fact]
    public void One_that_is_too_long_is_refused() => RequestPath.TryParse("/" + new string('a', RequestPath.MaxLength), out _, out _).ShouldBeFalse();
}
