using System.Buffers;

namespace Touchstone.Sidecar.Decisions;

/// <summary>Reads an <c>Authorization</c> header (RFC 6750 §2.1).</summary>
internal static class BearerToken
{
    private const string Scheme = "Bearer";

    // b64token: these, and = only at the end.
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");

    internal enum Presented
    {
        /// <summary>Something of another scheme.</summary>
        OtherScheme,

        /// <summary>Nothing that a token can be.</summary>
        Malformed,

        /// <summary>A token.</summary>
        Token,
    }

    internal static Presented Read(string header, out ReadOnlySpan<char> token)
    {
        token = default;
        var text = header.AsSpan().Trim(' ');
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || (text.Length > Scheme.Length && text[Scheme.Length] != ' ')) return Presented.OtherScheme;
        token = text[Scheme.Length..].TrimStart(' ');
        var body = token.TrimEnd('=');
        return !body.IsEmpty && !body.ContainsAnyExcept(TokenCharacters) ? Presented.Token : Presented.Malformed;
    }
}
