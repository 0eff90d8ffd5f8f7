using Touchstone.Protocol.Introspection;

namespace Touchstone.Protocol.Tests.Introspection;

public sealed class InactiveReasonTests
{
    [Theory]
    [InlineData(InactiveReason.None, "active")]
    [InlineData(InactiveReason.Malformed, "malformed")]
    [InlineData(InactiveReason.Unknown, "unknown")]
    [InlineData(InactiveReason.Revoked, "revoked")]
    [InlineData(InactiveReason.Expired, "expired")]
    [InlineData(InactiveReason.NotYetValid, "not_yet_valid")]
    [InlineData(InactiveReason.NotForCaller, "not_for_caller")]
    [InlineData(InactiveReason.Used, "used")]
    public void Each_reason_has_its_name_in_metrics_and_audit(InactiveReason reason, string name) => reason.Name().ShouldBe(name);

    [Fact]
    public void Every_reason_has_a_name_of_its_own() => Enum.GetValues<InactiveReason>().Select(reason => reason.Name()).ShouldBeUnique();

    [Fact]
    public void A_reason_that_does_not_exist_is_a_bug() => Should.Throw<ArgumentOutOfRangeException>(() => ((InactiveReason)99).Name());
}
