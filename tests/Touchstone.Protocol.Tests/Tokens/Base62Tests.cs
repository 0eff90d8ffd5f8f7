using System.Numerics;
using System.Text;
using FsCheck.Fluent;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

public sealed class Base62Tests
{
    [Fact]
    public void Digits_are_ordered_as_in_ascii() => Base62.Digits.ShouldBe("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    [Theory]
    [InlineData(0u, "000000")]
    [InlineData(9u, "000009")]
    [InlineData(10u, "00000A")]
    [InlineData(61u, "00000z")]
    [InlineData(62u, "000010")]
    [InlineData(3843u, "0000zz")]
    [InlineData(uint.MaxValue, "4gfFC3")]
    public void A_number_is_written_most_significant_digit_first(uint value, string digits)
    {
        var text = new byte[6];
        Base62.Write(value, text);
        Encoding.ASCII.GetString(text).ShouldBe(digits);
    }

    [Fact]
    public void Thirty_two_bytes_are_one_big_endian_number_of_43_digits() => Properties.Hold(Bytes32, bytes =>
    {
        var digits = new char[43];
        Base62.Write(bytes, digits);
        var value = digits.Aggregate(BigInteger.Zero, (sum, digit) => (sum * 62) + Base62.Digits.IndexOf(digit));
        value.ShouldBe(new BigInteger(bytes, isUnsigned: true, isBigEndian: true));
    });

    [Fact]
    public void The_largest_32_bytes_fit_into_43_digits()
    {
        var digits = new char[43];
        Base62.Write(Enumerable.Repeat((byte)0xFF, 32).ToArray(), digits);
        BigInteger.Pow(62, 43).ShouldBeGreaterThan(BigInteger.Pow(2, 256));
        BigInteger.Pow(62, 42).ShouldBeLessThan(BigInteger.Pow(2, 256));
        digits[0].ShouldNotBe('0');
    }

    private static FsCheck.Gen<byte[]> Bytes32 => Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(32);
}
