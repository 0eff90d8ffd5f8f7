using Touchstone.Client.Memory;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Tests.Memory;

public sealed class InvalidatedKeysTests
{
    [Fact]
    public void L30_What_is_forgotten_counts_for_all_and_ends_no_less()
    {
        var keys = new InvalidatedKeys(most: 8);
        for (var i = 1; i <= 100; i++) keys.Add(new Mac128((ulong)i, 0), At(i));
        for (var i = 1; i <= 100; i++)
        {
            keys.Ends(new Mac128((ulong)i, 0), At(i), TimeSpan.Zero).ShouldBeTrue();
            keys.Ends(new Mac128((ulong)i, 0), At(101), TimeSpan.Zero).ShouldBeFalse();
        }
        keys.Ends(new Mac128(0, 7), At(90), TimeSpan.Zero).ShouldBeTrue("one that was forgotten may be this one");
        keys.Ends(new Mac128(0, 7), At(99), TimeSpan.Zero).ShouldBeFalse();
        keys.Ends(new Mac128(100, 0), At(104), TimeSpan.FromSeconds(5)).ShouldBeTrue();
    }

    private static ClockReading At(int seconds) => new(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(seconds));
}
