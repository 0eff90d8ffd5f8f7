using Touchstone.Sidecar.Introspection;

namespace Touchstone.Sidecar.Tests.Introspection;

/// <summary>Who may ask at <c>/introspect</c>.</summary>
public sealed class LocalCallersTests
{
    [Fact]
    public void A_secret_that_changed_is_the_only_one_from_then_on()
    {
        var secret = "one";
        var callers = new LocalCallers([new LocalCaller("reports", () => secret)], areSocketPeersKnown: false);
        callers.Find("reports"u8, "one"u8)!.Id.ShouldBe("reports");
        secret = "two";
        callers.Find("reports"u8, "one"u8).ShouldBeNull();
        callers.Find("reports"u8, "two"u8)!.Id.ShouldBe("reports");
    }

    [Fact]
    public void Nobody_is_known_by_the_secret_that_stands_for_nobody() => new LocalCallers([], areSocketPeersKnown: false).Find("reports"u8, "nobody"u8).ShouldBeNull();
}
