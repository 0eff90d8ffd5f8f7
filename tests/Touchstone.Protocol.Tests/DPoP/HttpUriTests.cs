using Touchstone.Protocol.DPoP;

namespace Touchstone.Protocol.Tests.DPoP;

public sealed class HttpUriTests
{
    [Theory]
    [InlineData("https://a.test/x", "https://a.test/x")]
    [InlineData("HTTPS://A.Test/x", "https://a.test/x")]
    [InlineData("https://a.test:443/x", "https://a.test/x")]
    [InlineData("https://a.test:/x", "https://a.test/x")]
    [InlineData("http://a.test:80/x", "http://a.test/x")]
    [InlineData("https://a.test", "https://a.test/")]
    [InlineData("https://a.test/%7Ex", "https://a.test/~x")]
    [InlineData("https://a.test/%c3%bc", "https://a.test/%C3%BC")]
    [InlineData("https://a.test/a/./b/../x", "https://a.test/a/x")]
    [InlineData("https://a.test/a/%2E%2e/x", "https://a.test/x")]
    [InlineData("https://[::1]:8443/x", "https://[::1]:8443/x")]
    public void O22_O04_What_is_the_same_after_normalisation_is_the_same(string one, string other) => HttpUri.AreSame(one, other).ShouldBeTrue();

    [Theory]
    [InlineData("https://a.test/x?view=full", "https://a.test/x")]
    [InlineData("https://a.test/x#part", "https://a.test/x?y=/z")]
    [InlineData("https://a.test?y", "https://a.test/")]
    public void O23_Query_and_fragment_do_not_count(string one, string other) => HttpUri.AreSame(one, other).ShouldBeTrue();

    [Theory]
    [InlineData("https://a.test/x", "http://a.test/x")]
    [InlineData("https://a.test/x", "https://b.test/x")]
    [InlineData("https://a.test/x", "https://a.test:8443/x")]
    [InlineData("https://a.test:80/x", "https://a.test/x")]
    [InlineData("https://a.test/x", "https://a.test/X")]
    [InlineData("https://a.test/x", "https://a.test/x/")]
    [InlineData("https://a.test/a%2Fb", "https://a.test/a/b")]
    [InlineData("https://a.test/a//b", "https://a.test/a/b")]
    [InlineData("https://a.test/a%252Fb", "https://a.test/a%2Fb")]
    public void O22_What_is_another_is_another(string one, string other) => HttpUri.AreSame(one, other).ShouldBeFalse();

    [Theory]
    [InlineData(""), InlineData("a.test/x"), InlineData("//a.test/x"), InlineData("ftp://a.test/x"), InlineData("https:///x"), InlineData("https://u@a.test/x"), InlineData("https://a.test:0/x"), InlineData("https://a.test:65536/x")]
    [InlineData("https://a.test/ x"), InlineData("https://a.test/%"), InlineData("https://a.test/%4"), InlineData("https://a.test/%zz"), InlineData("https://a.test/ü"), InlineData("https://a.test\\x"), InlineData("https://a.test/\\x"), InlineData("https://a:b:c/x"), InlineData("https://[::1/x")]
    public void O22_What_is_no_URI_equals_nothing_not_even_itself(string uri) => HttpUri.AreSame(uri, uri).ShouldBeFalse();

    [Fact]
    public void No_characters_make_it_throw() => Properties.Hold(Properties.From("https://", "http://", "a", "[", "]", ":", "8", "/", ".", "..", "%", "2f", "?", "#", "@", "\ud800"), uri => HttpUri.AreSame(uri, uri), runs: 3000);
}
