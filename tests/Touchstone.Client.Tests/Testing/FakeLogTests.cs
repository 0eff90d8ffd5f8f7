using Touchstone.Client.Testing;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Tests.Testing;

public sealed class FakeLogTests
{
    private readonly ManualTime _time = new();
    private readonly FakeLog _log;

    public FakeLogTests() => _log = new FakeLog(_time);

    [Fact]
    public async Task A_row_is_enforced_when_each_follower_has_acknowledged_it()
    {
        var seq = _log.Append("tag");
        _log.EnforcedAsync(seq, CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue("nobody follows");
        _log.Acknowledge("a", 0);
        _log.Acknowledge("b", 0);
        var enforced = _log.EnforcedAsync(seq, CancellationToken.None);
        _log.Acknowledge("a", seq);
        enforced.IsCompleted.ShouldBeFalse();
        _log.Leave("b");
        await enforced;
    }

    [Fact]
    public async Task Who_is_silent_counts_until_its_lease_is_over()
    {
        _log.Acknowledge("silent", 0);
        var enforced = _log.EnforcedAsync(_log.Append("tag"), CancellationToken.None);
        _time.Advance(LeaseTerms.Follower.GoneAfter - TimeSpan.FromMilliseconds(1));
        enforced.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await enforced;
        _log.EnforcedAsync(_log.Append("tag"), CancellationToken.None).IsCompletedSuccessfully.ShouldBeTrue("it is not waited for again");
    }

    [Fact]
    public async Task A_wait_can_be_ended()
    {
        _log.Acknowledge("silent", 0);
        using var leaving = new CancellationTokenSource();
        var enforced = _log.EnforcedAsync(_log.Append("tag"), leaving.Token);
        await leaving.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(enforced);
    }
}
