using System.Text;
using Touchstone.Protocol.Forms;

namespace Touchstone.Protocol.Tests.Forms;

public sealed class FormEncodingTests
{
    [Fact]
    public void C42_Known_answer_encodes_to_the_published_text() => FormEncoding.Encode(" %&+£€").ShouldBe("+%25%26%2B%C2%A3%E2%82%AC");

    [Fact]
    public void C42_Known_answer_decodes_to_the_published_characters() => Decode("+%25%26%2B%C2%A3%E2%82%AC").ShouldBe(" %&+£€");

    [Theory]
    [InlineData("", "")]
    [InlineData("azAZ09-._*", "azAZ09-._*")]
    [InlineData("~!'()", "%7E%21%27%28%29")]
    [InlineData("a=b:c/d", "a%3Db%3Ac%2Fd")]
    [InlineData("\0\r\n", "%00%0D%0A")]
    [InlineData("😀", "%F0%9F%98%80")]
    public void C42_Everything_but_letters_digits_and_four_marks_is_percent_encoded(string text, string encoded)
    {
        FormEncoding.Encode(text).ShouldBe(encoded);
        Decode(encoded).ShouldBe(text);
    }

    [Theory]
    [InlineData("%c3%a9", "é")]
    [InlineData("%C3%A9", "é")]
    [InlineData("%cC%8f", "\u030f")]
    [InlineData("%41%5a", "AZ")]
    [InlineData("%2525", "%25")]
    [InlineData("%2B", "+")]
    [InlineData("a+b", "a b")]
    public void C42_Digits_of_either_case_are_decoded_once(string encoded, string text) => Decode(encoded).ShouldBe(text);

    [Theory]
    [InlineData("%")]
    [InlineData("%4")]
    [InlineData("%4G")]
    [InlineData("%G4")]
    [InlineData("%%41")]
    [InlineData("%+4")]
    [InlineData("%-1")]
    [InlineData("% 1")]
    [InlineData("%u0041")]
    [InlineData("ok%20and%2")]
    [InlineData("%/0")]
    [InlineData("%:0")]
    [InlineData("%@0")]
    [InlineData("%`0")]
    [InlineData("%g0")]
    [InlineData("%é")]
    public void C43_A_percent_sign_without_two_hexadecimal_digits_is_refused(string encoded) => Decode(encoded).ShouldBeNull();

    [Fact]
    public void C42_Every_byte_has_its_percent_form()
    {
        for (var value = 0; value < 256; value++)
        {
            var text = Encoding.ASCII.GetBytes($"x%{value:X2}y");
            FormEncoding.TryDecodeInPlace(text, out var length).ShouldBeTrue();
            text[..length].ShouldBe([(byte)'x', (byte)value, (byte)'y']);
        }
    }

    [Fact]
    public void C43_Bytes_that_need_no_decoding_stay_as_they_are()
    {
        byte[] text = [0x00, 0xFF, 0xC3, 0x28, (byte)'='];
        FormEncoding.TryDecodeInPlace(text, out var length).ShouldBeTrue();
        length.ShouldBe(text.Length);
        text.ShouldBe([0x00, 0xFF, 0xC3, 0x28, (byte)'=']);
    }

    [Fact]
    public void C42_Any_text_survives_encoding_and_decoding() => Properties.Hold(Properties.Text, text =>
    {
        var encoded = FormEncoding.Encode(text);
        encoded.ShouldAllBe(c => char.IsAsciiLetterOrDigit(c) || "-._*+%".Contains(c));
        Decode(encoded).ShouldBe(text);
    });

    private static string? Decode(string encoded)
    {
        var bytes = Encoding.UTF8.GetBytes(encoded);
        return FormEncoding.TryDecodeInPlace(bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }
}
