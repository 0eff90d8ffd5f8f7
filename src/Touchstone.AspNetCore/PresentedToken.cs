using Microsoft.Extensions.Primitives;

namespace Touchstone.AspNetCore;

/// <summary>What an <c>Authorization</c> header presents.</summary>
internal enum Presented
{
    /// <summary>Nothing, or something of another scheme (RFC 6750 §3.1: no error is told).</summary>
    Nothing,

    /// <summary>A token.</summary>
    Token,

    /// <summary>Something that is no token: two headers, an empty one, characters that none has. Nobody is asked about it.</summary>
    Malformed,
}

/// <summary>Reads the <c>Authorization</c> header (RFC 6750 §2.1).</summary>
internal static class PresentedToken
{
    private const string Scheme = "Bearer";

    // b64token: these, and = only at the end.
    private static readonly System.Buffers.SearchValues<char> TokenCharacters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");

    internal static Presented Read(StringValues header, out ReadOnlySpan<char> token)
    {
        token = default;
        if (header.Count == 0) return Presented.Nothing;
        if (header.Count > 1) return Presented.Malformed;
        var text = header.ToString().AsSpan().Trim(' ');
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return Presented.Nothing;
        var rest = text[Scheme.Length..];
        if (rest.IsEmpty) return Presented.Malformed;
        if (rest[0] != ' ') return Presented.Nothing; // Another scheme whose name begins like this one.
        var value = rest.TrimStart(' ');
        if (!IsToken(value)) return Presented.Malformed;
        token = value;
        return Presented.Token;
    }

    internal static bool IsToken(ReadOnlySpan<char> value)
    {
        var body = value.TrimEnd('=');
        return !body.IsEmpty && !body.ContainsAnyExcept(TokenCharacters);
    }
}
