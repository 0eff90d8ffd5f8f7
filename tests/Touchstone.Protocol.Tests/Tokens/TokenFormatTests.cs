using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

public sealed class TokenFormatTests
{
    private static readonly TokenFormat Format = new();
    private static readonly Gen<byte[]> Entropy = Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(TokenFormat.EntropySize);

    [Fact]
    public void C40_A_token_has_the_documented_form_of_b64token_characters() => Properties.Hold(Entropy, bytes =>
    {
        Format.Create(TokenKind.AccessToken, bytes).ShouldMatch("^tst_at_[0-9A-Za-z]{49}$");
        Format.Create(TokenKind.RefreshToken, bytes).ShouldMatch("^tst_rt_[0-9A-Za-z]{49}$");
        new TokenFormat("a-B_9", "Z").Create(TokenKind.AccessToken, bytes).ShouldMatch(@"^[A-Za-z0-9\-._~+/]+=*$");
    });

    [Fact]
    public void C41_A_token_carries_32_random_bytes_and_different_bytes_make_different_tokens()
    {
        TokenFormat.EntropySize.ShouldBeGreaterThanOrEqualTo(20);
        Properties.Hold(Entropy.Zip(Gen.Choose(0, 255)), input =>
        {
            var (bytes, bit) = input;
            var token = Format.Create(TokenKind.AccessToken, bytes);
            Format.Create(TokenKind.AccessToken, bytes).ShouldBe(token);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Format.Create(TokenKind.AccessToken, bytes).ShouldNotBe(token);
        });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(31)]
    [InlineData(33)]
    public void C41_Too_little_or_too_much_randomness_is_refused(int length) =>
        Should.Throw<ArgumentOutOfRangeException>(() => Format.Create(TokenKind.AccessToken, new byte[length]));

    [Fact]
    public void L09_Kinds_differ_in_prefix_and_checksum()
    {
        var bytes = new byte[TokenFormat.EntropySize];
        var access = Format.Create(TokenKind.AccessToken, bytes);
        var refresh = Format.Create(TokenKind.RefreshToken, bytes);
        access[7..^6].ShouldBe(refresh[7..^6]);
        access[^6..].ShouldNotBe(refresh[^6..]);
        Inspect(Format, access.Replace("_at_", "_rt_")).ShouldBe(TokenShape.Malformed);
        Inspect(Format, refresh.Replace("_rt_", "_at_")).ShouldBe(TokenShape.Malformed);
    }

    [Fact]
    public void What_was_made_is_recognised_with_any_prefixes() => Properties.Hold(Prefixes.Zip(Entropy), input =>
    {
        var ((access, refresh), bytes) = input;
        var format = new TokenFormat(access, refresh);
        foreach (var kind in Enum.GetValues<TokenKind>())
        {
            var token = format.Create(kind, bytes);
            token.ShouldStartWith(kind is TokenKind.AccessToken ? access : refresh, Case.Sensitive);
            Inspect(format, token).ShouldBe(TokenShape.Ours);
        }
    });

    [Theory]
    [InlineData("at.7Qm2hV0pXc9rK4sLbN8tYw")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.c2ln")]
    [InlineData("tst_")]
    [InlineData("tst_at")]
    [InlineData("TST_AT_000000000000000000000000000000000000000000047RGu7")]
    [InlineData(" ")]
    [InlineData("a b!")]
    [InlineData("~")]
    public void A_token_without_our_prefix_is_foreign_whatever_it_looks_like(string token) => Inspect(Format, token).ShouldBe(TokenShape.Foreign);

    [Theory]
    [InlineData("")]
    [InlineData("a\u007f")]
    [InlineData("a\0b")]
    [InlineData("tst_at_\n")]
    [InlineData("tst_at_é")]
    [InlineData("\t")]
    public void C43_Bytes_that_no_token_can_have_are_impossible(string token) => Inspect(Format, token).ShouldBe(TokenShape.Impossible);

    [Fact]
    public void C43_Exactly_the_visible_ascii_bytes_can_be_in_a_token()
    {
        for (var value = 0; value < 256; value++)
            Format.Inspect([(byte)value]).ShouldBe(value is >= 0x20 and <= 0x7E ? TokenShape.Foreign : TokenShape.Impossible);
    }

    [Fact]
    public void C43_A_token_has_at_most_4096_bytes()
    {
        Inspect(Format, new string('x', TokenFormat.MaxLength)).ShouldBe(TokenShape.Foreign);
        Inspect(Format, new string('x', TokenFormat.MaxLength + 1)).ShouldBe(TokenShape.Impossible);
    }

    [Fact]
    public void C43_No_bytes_make_the_inspection_throw() => Properties.Hold(
        Gen.OneOf(Properties.Bytes, Properties.From("tst_at_", "tst_rt_", "0", "z", "é", " ").Select(Encoding.UTF8.GetBytes)),
        bytes => Enum.IsDefined(Format.Inspect(bytes)).ShouldBeTrue(), runs: 5000);

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a b")]
    [InlineData("a+")]
    [InlineData("é")]
    [InlineData("12345678901234567")]
    [InlineData(null)]
    public void A_prefix_outside_the_rules_is_refused(string? prefix)
    {
        TokenFormat.IsPrefix(prefix).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => new TokenFormat(accessPrefix: prefix!)).ParamName.ShouldBe("accessPrefix");
        Should.Throw<ArgumentException>(() => new TokenFormat(refreshPrefix: prefix!)).ParamName.ShouldBe("refreshPrefix");
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("ab", "a")]
    [InlineData("a", "ab")]
    public void L09_A_prefix_that_begins_the_other_is_refused(string access, string refresh) =>
        Should.Throw<ArgumentException>(() => new TokenFormat(access, refresh));

    [Theory]
    [InlineData("a", "b")]
    [InlineData("A", "a")]
    [InlineData("1234567890123456", "_-")]
    public void Prefixes_of_1_to_16_characters_are_accepted(string access, string refresh)
    {
        TokenFormat.IsPrefix(access).ShouldBeTrue();
        Should.NotThrow(() => new TokenFormat(access, refresh));
    }

    private static Gen<(string, string)> Prefixes
    {
        get
        {
            var prefix = Gen.Elements("abzABZ019_-".ToCharArray()).NonEmptyListOf().Select(chars => string.Concat(chars.Take(16)));
            return prefix.Zip(prefix).Where(pair => !Regex.IsMatch(pair.Item1, $"^{pair.Item2}") && !Regex.IsMatch(pair.Item2, $"^{pair.Item1}"))
                .Select(pair => (pair.Item1, pair.Item2));
        }
    }

    private static TokenShape Inspect(TokenFormat format, string token) => format.Inspect(Encoding.UTF8.GetBytes(token));
}
