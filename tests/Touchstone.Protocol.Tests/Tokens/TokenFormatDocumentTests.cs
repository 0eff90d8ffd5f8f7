using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Tests.Tokens;

/// <summary>The worked example of docs/token-format.md, computed again: once by the code, once by hand.</summary>
public sealed class TokenFormatDocumentTests
{
    private static readonly string Document = File.ReadAllText(SourceTree.PathOf("docs", "token-format.md"));
    private static readonly string Token = Row("token");

    [Fact]
    public void The_example_is_the_token_of_the_bytes_0_to_31()
    {
        var entropy = Enumerable.Range(0, TokenFormat.EntropySize).Select(i => (byte)i).ToArray();
        new TokenFormat().Create(TokenKind.AccessToken, entropy).ShouldBe(Token);
        new TokenFormat().Inspect(Encoding.ASCII.GetBytes(Token)).ShouldBe(TokenShape.Ours);
        Document.ShouldContain("\n" + Token + "\n", customMessage: "the drawing at the top shows the same token");
    }

    [Fact]
    public void The_example_matches_the_regular_expression()
    {
        var expression = Regex.Match(Document, "```regex\n(.+)\n```").Groups[1].Value;
        Regex.IsMatch($"x = \"{Token}\"", expression).ShouldBeTrue();
        Regex.IsMatch(Token, $"^{expression}$").ShouldBeTrue();
        Regex.IsMatch(Token + "0", expression).ShouldBeFalse();
    }

    [Fact]
    public void The_checksum_by_hand_has_the_steps_of_the_example()
    {
        var before = Row("all before the last six characters");
        before.ShouldBe(Token[..^6]);
        var crc = Crc32C.Of(before);
        Row("its CRC-32C").ShouldBe(string.Create(CultureInfo.InvariantCulture, $"0x{crc:x8}"));
        Document.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"` = {crc} |"));

        var remainders = new List<uint>();
        for (var rest = crc; remainders.Count < 6; rest /= 62) remainders.Add(rest % 62);
        Document.ShouldContain($"the remainders | {string.Join(", ", remainders)} |");
        var digits = string.Concat(remainders.AsEnumerable().Reverse().Select(digit => Base62.Digits[(int)digit]));
        Row("as digits, the last remainder first").ShouldBe(digits);
        Token.ShouldEndWith(digits, Case.Sensitive);
    }

    [Fact]
    public void The_crc_is_the_one_that_the_document_names()
    {
        Crc32C.Of("123456789").ShouldBe(0xE3069283);
        Document.ShouldContain("of the text `123456789` it is `0xE3069283`");
        Document.ShouldContain("polynomial `0x82F63B78`");
    }

    [Fact]
    public void I45_The_stored_hash_is_the_one_of_the_example() => TokenHash.Of(Token).ToString().ShouldBe(Row("SHA-256 of the token"));

    private static string Row(string step)
    {
        var row = Regex.Match(Document, $@"^\| {Regex.Escape(step)} \| `([^`]+)`", RegexOptions.Multiline);
        row.Success.ShouldBeTrue($"the example has a row '{step}'");
        return row.Groups[1].Value;
    }
}
