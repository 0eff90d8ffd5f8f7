using System.Buffers.Binary;
using FsCheck.Fluent;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Protocol.Tests.Hashing;

public sealed class KeyedHashTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, KeyedHash.KeySize).Select(i => (byte)i)];
    private static readonly KeyedHash Hash = new(Key);

    // SipHash-2-4-128 under the key 00 01 … 0f of the bytes 00 01 02 … (after ff comes 00 again): around every edge of a word, and the size of a token.
    [Theory]
    [InlineData(0, "a3817f04ba25a8e66df67214c7550293")]
    [InlineData(1, "da87c1d86b99af44347659119b22fc45")]
    [InlineData(2, "8177228da4a45dc7fca38bdef60affe4")]
    [InlineData(7, "a1f1ebbed8dbc153c0b84aa61ff08239")]
    [InlineData(8, "3b62a9ba6258f5610f83e264f31497b4")]
    [InlineData(9, "264499060ad9baabc47f8b02bb6d71ed")]
    [InlineData(15, "5493e99933b0a8117e08ec0f97cfc3d9")]
    [InlineData(16, "6ee2a4ca67b054bbfd3315bf85230577")]
    [InlineData(55, "67f14984c7da791248e32bb5922583da")]
    [InlineData(56, "1938f2cf72d54ee97e94166fa91d2a36")]
    [InlineData(57, "74481e9646ed49fe0f6224301604698e")]
    [InlineData(63, "5150d1772f50834a503e069a973fbd7c")]
    [InlineData(64, "1eaf077dc0d4cd3f8cad4d383658a74b")]
    [InlineData(255, "1c9bb67528165f8e468248e3799b0eab")]
    [InlineData(256, "67a00304d3834c4612eaee7b5f579acb")]
    [InlineData(1000, "24dafa789ae03d86536a4b57372f0ba6")]
    public void Known_answers_of_siphash_2_4_128(int length, string expected)
    {
        var data = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        Hash.Of(data).ShouldBe(Mac(expected));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(32)]
    public void A_key_has_16_bytes(int length) => Should.Throw<ArgumentOutOfRangeException>(() => new KeyedHash(new byte[length]));

    [Fact]
    public void L10_Every_bit_of_the_input_and_of_the_key_counts() => Properties.Hold(Properties.Bytes.Where(bytes => bytes.Length > 0), bytes =>
    {
        var mac = Hash.Of(bytes);
        Hash.Of(bytes).ShouldBe(mac);
        for (var bit = 0; bit < bytes.Length * 8; bit++) (Hash.Of(Flipped(bytes, bit)) == mac).ShouldBeFalse();
        for (var bit = 0; bit < KeyedHash.KeySize * 8; bit++) (new KeyedHash(Flipped(Key, bit)).Of(bytes) == mac).ShouldBeFalse();
    }, runs: 100);

    [Fact]
    public void L10_Length_counts_even_where_only_zeros_are_added() =>
        Enumerable.Range(0, 100).Select(length => Hash.Of(new byte[length])).Distinct().Count().ShouldBe(100);

    [Fact]
    public void Equality_is_by_value_of_all_128_bits()
    {
        var mac = new Mac128(1, 2);
        (mac == new Mac128(1, 2)).ShouldBeTrue();
        (mac != new Mac128(1, 2)).ShouldBeFalse();
        (mac == new Mac128(2, 1)).ShouldBeFalse();
        mac.Equals((object)new Mac128(1, 2)).ShouldBeTrue();
        mac.Equals("1, 2").ShouldBeFalse();
        mac.GetHashCode().ShouldBe(new Mac128(1, 2).GetHashCode());
        for (var bit = 0; bit < 64; bit++)
        {
            (mac == new Mac128(1 ^ (1ul << bit), 2)).ShouldBeFalse();
            (mac == new Mac128(1, 2 ^ (1ul << bit))).ShouldBeFalse();
        }
    }

    private static Mac128 Mac(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        return new Mac128(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
    }

    private static byte[] Flipped(byte[] bytes, int bit)
    {
        var copy = bytes.ToArray();
        copy[bit / 8] ^= (byte)(1 << (bit % 8));
        return copy;
    }
}
