using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

public sealed class TokenHashTests
{
    private const string AbcHash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public void I45_Known_answer_of_sha256() => TokenHash.Of("abc").ToString().ShouldBe(AbcHash);

    [Fact]
    public void I45_The_hash_is_sha256_of_the_bytes_as_sent() => Properties.Hold(Properties.Bytes, bytes =>
    {
        var hash = TokenHash.Of(bytes);
        hash.ToArray().ShouldBe(SHA256.HashData(bytes));
        hash.ToString().ShouldBe(Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant());
    });

    [Fact]
    public void A_text_is_hashed_as_utf8() => TokenHash.Of("é😀").ShouldBe(TokenHash.Of(Encoding.UTF8.GetBytes("é😀")));

    [Fact]
    public void Bytes_and_text_forms_lead_back_to_the_same_hash() => Properties.Hold(Properties.Bytes, bytes =>
    {
        var hash = TokenHash.Of(bytes);
        TokenHash.TryRead(hash.ToArray(), out var read).ShouldBeTrue();
        TokenHash.TryParse(hash.ToString(), out var parsed).ShouldBeTrue();
        read.ShouldBe(hash);
        parsed.ShouldBe(hash);
        parsed.GetHashCode().ShouldBe(hash.GetHashCode());
    });

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(64)]
    public void Only_32_bytes_can_be_a_hash(int length)
    {
        TokenHash.TryRead(new byte[length], out var hash).ShouldBeFalse();
        hash.ShouldBe(default);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ba7816bf")]
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015aD")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag")]
    [InlineData(" ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a")]
    [InlineData("0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015aé")]
    public void One_hash_has_one_text_form(string text)
    {
        TokenHash.TryParse(text, out var hash).ShouldBeFalse();
        hash.ShouldBe(default);
    }

    [Fact]
    public void C43_No_text_makes_the_parser_throw() => Properties.Hold(Properties.Chars, text => TokenHash.TryParse(text, out _).ShouldBeFalse());

    [Fact]
    public void L10_A_flip_of_any_bit_of_the_hash_is_another_hash()
    {
        var hash = TokenHash.Of("abc");
        for (var bit = 0; bit < TokenHash.Size * 8; bit++)
        {
            var bytes = hash.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            TokenHash.TryRead(bytes, out var other).ShouldBeTrue();
            other.Equals(hash).ShouldBeFalse();
            (other == hash).ShouldBeFalse();
            (other != hash).ShouldBeTrue();
        }
    }

    [Fact]
    public void Equality_is_by_value()
    {
        TokenHash.TryParse(AbcHash, out var parsed).ShouldBeTrue();
        (parsed == TokenHash.Of("abc")).ShouldBeTrue();
        (parsed != TokenHash.Of("abc")).ShouldBeFalse();
        parsed.Equals((object)TokenHash.Of("abc")).ShouldBeTrue();
        parsed.Equals((object)AbcHash).ShouldBeFalse();
        parsed.Equals(null).ShouldBeFalse();
    }

    [Fact]
    public void Hash_codes_spread()
    {
        var codes = Enumerable.Range(0, 10_000).Select(i => TokenHash.Of($"token {i}").GetHashCode()).Distinct().Count();
        codes.ShouldBeGreaterThan(9_990);
    }

    [Fact]
    public void Copying_into_too_little_room_is_refused() => Should.Throw<ArgumentOutOfRangeException>(() => TokenHash.Of("abc").CopyTo(new byte[31]));
}
