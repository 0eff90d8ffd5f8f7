using System.Net;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Tests.Limits;

public sealed class AddressTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7", true), InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("192.0.2.0/24", "192.0.2.255", true), InlineData("192.0.2.0/24", "192.0.3.0", false), InlineData("192.0.2.0/24", "::ffff:192.0.2.1", true)]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7", true), InlineData("::ffff:192.0.2.0/120", "192.0.2.7", true), InlineData("::ffff:192.0.2.0/120", "192.0.3.7", false)]
    [InlineData("2001:db8:7::/48", "2001:db8:7:ffff::1", true), InlineData("2001:db8:7::/48", "2001:db8:8::1", false), InlineData("2001:db8::1", "2001:db8::1", true)]
    public void A_range_holds_its_addresses(string range, string address, bool expected) =>
        AddressRange.Holds([AddressRange.Parse(range)!.Value], IPAddress.Parse(address)).ShouldBe(expected);

    [Theory]
    [InlineData(""), InlineData("x"), InlineData("10.1"), InlineData("10.1/16"), InlineData("1"), InlineData("10.0.0.1/33"), InlineData("fe80::1%eth0"), InlineData("0.0.0.0/0"), InlineData("::/0"), InlineData("::/1"), InlineData("::ffff:0.0.0.0/96")]
    public void L41_What_is_no_range_and_a_range_of_every_address_is_refused(string range) => AddressRange.Parse(range).ShouldBeNull();

    [Theory]
    [InlineData("192.0.2.7", "::ffff:192.0.2.7", true), InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", true), InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false), InlineData("::1", "0.0.0.1", false)]
    public void An_IPv4_address_and_an_IPv6_network_of_64_bits_are_one(string left, string right, bool isEqual) =>
        (AddressKey.Of(IPAddress.Parse(left)) == AddressKey.Of(IPAddress.Parse(right))).ShouldBe(isEqual);
}
