using Touchstone.Sidecar.Decisions;

namespace Touchstone.Sidecar.Tests.Decisions;

/// <summary>What somebody else chose, in a line of the log.</summary>
public sealed class LogTextTests
{
    [Theory]
    [InlineData("orders.acme.test:8443", "orders.acme.test:8443"), InlineData("deployments.apps/scale", "deployments.apps/scale"), InlineData("", ""), InlineData(null, null)]
    [InlineData("a\u001b[2Kb", "a\\u001B[2Kb"), InlineData("a, b; c", "a\\u002C\\u0020b\\u003B\\u0020c"), InlineData("a\\u001Bb", "a\\u005Cu001Bb"), InlineData("\u202ea\u009b", "\\u202Ea\\u009B")]
    public void Of_a_name_only_what_names_are_made_of_stands_as_it_is(string? name, string? expected) => LogText.OfName(name).ShouldBe(expected);

    [Fact]
    public void It_is_cut_before_it_is_escaped() => LogText.OfName(",,,a", 2).ShouldBe("\\u002C\\u002C");
}
