using System.Text;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

/// <summary>Whatever is done to a token, it is not that token any more, and mostly not even worth a look-up.</summary>
public sealed class TokenTamperingTests
{
    private static readonly TokenFormat Format = new();

    public static TheoryData<string> Tokens => [.. Enumerable.Range(0, 6).SelectMany(Pair)];

    [Theory]
    [MemberData(nameof(Tokens))]
    public void L10_Every_change_of_one_character_is_noticed(string token)
    {
        for (var position = 0; position < token.Length; position++)
        {
            for (var replacement = '\0'; replacement <= '\u00ff'; replacement++)
            {
                if (replacement != token[position]) ShouldBeInactive(token, token[..position] + replacement + token[(position + 1)..]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void L10_Every_bit_flip_is_noticed(string token)
    {
        for (var bit = 0; bit < token.Length * 8; bit++)
        {
            var bytes = Encoding.ASCII.GetBytes(token);
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Format.Inspect(bytes).ShouldNotBe(TokenShape.Ours);
            TokenHash.Of(bytes).ShouldNotBe(TokenHash.Of(token));
        }
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void L10_Every_truncation_is_noticed(string token)
    {
        for (var length = 0; length < token.Length; length++)
        {
            ShouldBeInactive(token, token[..length]);
            ShouldBeInactive(token, token[^length..]);
        }
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void L10_Every_insertion_is_noticed(string token)
    {
        foreach (var addition in new[] { "0", "=", "A", " ", ".", "\n", "%20", "\0", "tst_at_", token })
        {
            for (var position = 0; position <= token.Length; position++) ShouldBeInactive(token, token.Insert(position, addition));
        }
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void L10_Every_change_of_case_is_noticed(string token)
    {
        ShouldBeInactive(token, token.ToUpperInvariant());
        ShouldBeInactive(token, token.ToLowerInvariant());
        ShouldBeInactive(token, string.Concat(token.Select(Flip)));
        ShouldBeInactive(token, token[..7] + string.Concat(token[7..].Select(Flip)));
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public void L10_Every_exchange_of_two_characters_is_noticed(string token)
    {
        for (var i = 0; i < token.Length; i++)
        {
            for (var j = i + 1; j < token.Length; j++)
            {
                var chars = token.ToCharArray();
                (chars[i], chars[j]) = (chars[j], chars[i]);
                if (chars[i] != chars[j]) ShouldBeInactive(token, new string(chars));
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(42)]
    [InlineData(43)]
    [InlineData(44)]
    [InlineData(4000)]
    public void L10_A_checksum_that_fits_helps_only_at_the_right_length(int digits)
    {
        var expected = digits == 43 ? TokenShape.Ours : TokenShape.Malformed;
        foreach (var prefix in new[] { "tst_at_", "tst_rt_" })
            Format.Inspect(Encoding.ASCII.GetBytes(Crc32C.Appended(prefix + new string('7', digits)))).ShouldBe(expected);
    }

    private static void ShouldBeInactive(string token, string changed)
    {
        var bytes = Encoding.Latin1.GetBytes(changed);
        Format.Inspect(bytes).ShouldNotBe(TokenShape.Ours, changed);
        TokenHash.Of(bytes).ShouldNotBe(TokenHash.Of(token), changed);
    }

    private static char Flip(char c) => char.IsAsciiLetterUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c);

    private static string[] Pair(int seed)
    {
        var entropy = Enumerable.Range(0, TokenFormat.EntropySize).Select(i => (byte)((i * 37) + (seed * 101))).ToArray();
        return [Format.Create(TokenKind.AccessToken, entropy), Format.Create(TokenKind.RefreshToken, entropy)];
    }
}
