using System.Text;

namespace Touchstone.Protocol.Forms;

/// <summary>The value encoding of <c>application/x-www-form-urlencoded</c> (RFC 6749 Appendix B).</summary>
public static class FormEncoding
{
    /// <summary>Decodes <c>+</c> and <c>%XX</c> within the span: the text can only become shorter. Fails on <c>%</c> without two hexadecimal digits.</summary>
    public static bool TryDecodeInPlace(Span<byte> text, out int length)
    {
        length = text.Length;
        var first = text.IndexOfAny((byte)'%', (byte)'+');
        if (first < 0) return true;

        var to = first;
        for (var from = first; from < text.Length; from++, to++)
        {
            var value = text[from];
            if (value == '+')
            {
                value = (byte)' ';
            }
            else if (value == '%')
            {
                if (from + 2 >= text.Length || !char.IsAsciiHexDigit((char)text[from + 1]) || !char.IsAsciiHexDigit((char)text[from + 2])) return false;
                value = (byte)((Digit(text[from + 1]) << 4) | Digit(text[from + 2]));
                from += 2;
            }
            text[to] = value;
        }
        length = to;
        return true;
    }

    /// <summary>Encodes a text: UTF-8, then everything but letters, digits and <c>- . _ *</c> as <c>%XX</c>, space as <c>+</c>.</summary>
    public static string Encode(string text)
    {
        var result = new StringBuilder(text.Length + 8);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'*') result.Append((char)b);
            else if (b == ' ') result.Append('+');
            else result.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return result.ToString();
    }

    private static int Digit(byte hex) => hex <= '9' ? hex - '0' : (hex | 0x20) - 'a' + 10;
}
