using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Touchstone.Sidecar.Rules;

/// <summary>
/// A header that tells the service behind the proxy a claim. It is in every answer that lets a request pass, and never empty, so that a header of this name that the client sent never survives (L44).
/// </summary>
/// <param name="Name">The header.</param>
/// <param name="Claim">The claim, or a JSON Pointer to it.</param>
internal sealed record IdentityHeader(string Name, string Claim)
{
    /// <summary>What stands there when the token has no such claim.</summary>
    internal const string Nothing = "-";

    private const int MaxLength = 4096;

    // Visible ASCII without the percent sign; a comma is none of it where it would part two texts.
    private static readonly SearchValues<char> Plain = VisibleBut("%"), PlainInList = VisibleBut("%,");

    /// <summary>
    /// The claim as visible ASCII (L49): everything else, and the percent sign, is percent-encoded as UTF-8 (RFC 3986 §2.1). The texts of an array are separated by commas, and a comma within a text is encoded: no text looks like a list. An object is its JSON.
    /// A claim that would be longer than 4,096 characters is not told at all.
    /// </summary>
    internal string ValueOf(JsonElement claims)
    {
        if (!ClaimPointer.TryFind(claims, Claim, out var claim)) return Nothing;
        var value = claim.ValueKind is JsonValueKind.Array ? string.Join(',', claim.EnumerateArray().Select(static one => Encode(TextOf(one), ','))) : Encode(TextOf(claim), claim.ValueKind is JsonValueKind.String ? ',' : null);
        return value.Length is 0 or > MaxLength ? Nothing : value;
    }

    /// <summary>The same of a text that is no claim.</summary>
    internal static string ValueOfText(string text) => Encode(text, ',') is { Length: > 0 and <= MaxLength } value ? value : Nothing;

    private static string TextOf(JsonElement claim) => claim.ValueKind switch
    {
        JsonValueKind.String => claim.GetString()!,
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        _ => claim.GetRawText(),
    };

    private static SearchValues<char> VisibleBut(string these) => SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(static code => (char)code).Where(c => !these.Contains(c, StringComparison.Ordinal))]);

    private static string Encode(string text, char? except)
    {
        // So that nobody takes the name of a user for its absence.
        if (text == Nothing) return "%2D";
        if (text.Length == 0) return text;
        if (!text.AsSpan().ContainsAnyExcept(except is null ? Plain : PlainInList)) return text;
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            // A space within a list of scopes stays one: it can't end a header. At the edges it would be lost.
            if (octet is > (byte)' ' and <= (byte)'~' and not (byte)'%' && octet != except) encoded.Append((char)octet);
            else if (octet == ' ' && encoded.Length > 0 && encoded[^1] != ' ') encoded.Append(' ');
            else encoded.Append('%').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        if (encoded[^1] == ' ') encoded.Remove(encoded.Length - 1, 1).Append("%20");
        return encoded.ToString();
    }
}
