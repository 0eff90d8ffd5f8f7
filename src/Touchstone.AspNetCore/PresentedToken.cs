using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Touchstone.AspNetCore;

/// <summary>What a request presents.</summary>
internal enum Presented
{
    /// <summary>Nothing, or something of another scheme (RFC 6750 §3.1: no error is told).</summary>
    Nothing,

    /// <summary>A token.</summary>
    Token,

    /// <summary>A token in the query.</summary>
    TokenInQuery,

    /// <summary>Something that is no token: two headers, an empty one, characters that none has. Nobody is asked about it.</summary>
    Malformed,

    /// <summary>A token in the header and one in the query (RFC 6750 §2).</summary>
    Ambiguous,
}

/// <summary>How a token is presented. The name is that of the scheme.</summary>
internal enum TokenScheme
{
    /// <summary>RFC 6750.</summary>
    Bearer,

    /// <summary>RFC 9449 §7.1, with a proof beside it.</summary>
    DPoP,
}

/// <summary>Reads where a token may be: the <c>Authorization</c> header (RFC 6750 §2.1, RFC 9449 §7.1), and the query where that is allowed. gRPC metadata is that header as well.</summary>
internal static class PresentedToken
{
    // b64token: these, and = only at the end.
    private static readonly System.Buffers.SearchValues<char> TokenCharacters = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");

    internal static Presented Read(HttpRequest request, TokenIntrospectionSchemeOptions options, out TokenScheme scheme, out ReadOnlySpan<char> token)
    {
        var presented = Read(request.Headers.Authorization, options.DPoP.Mode, out scheme, out token);
        if (options.TokenFromQuery is not { } query || presented is Presented.Malformed || !query.Applies(request.Path)) return presented;
        var values = request.Query[query.Parameter];
        if (values.Count == 0 || (values.Count == 1 && string.IsNullOrEmpty(values[0]))) return presented;
        if (presented is Presented.Token) return Presented.Ambiguous;
        if (values.Count > 1 || !IsToken(values[0])) return Presented.Malformed;
        scheme = TokenScheme.Bearer;
        token = values[0];
        return Presented.TokenInQuery;
    }

    internal static Presented Read(StringValues header, DPoPMode mode, out TokenScheme scheme, out ReadOnlySpan<char> token)
    {
        token = default;
        scheme = mode is DPoPMode.Required ? TokenScheme.DPoP : TokenScheme.Bearer;
        if (header.Count == 0) return Presented.Nothing;
        if (header.Count > 1) return Presented.Malformed;
        var text = header.ToString().AsSpan().Trim(' ');
        if (mode is DPoPMode.Required || !IsOf("Bearer", text, out var rest))
        {
            if (mode is DPoPMode.Off || !IsOf("DPoP", text, out rest)) return Presented.Nothing;
            scheme = TokenScheme.DPoP;
        }
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

    // Not another scheme whose name begins like this one.
    private static bool IsOf(ReadOnlySpan<char> scheme, ReadOnlySpan<char> text, out ReadOnlySpan<char> rest)
    {
        rest = default;
        if (!text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return false;
        rest = text[scheme.Length..];
        return rest.IsEmpty || rest[0] == ' ';
    }
}
