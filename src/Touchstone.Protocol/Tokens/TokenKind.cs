namespace Touchstone.Protocol.Tokens;

/// <summary>What a token may be used for (RFC 7662 §2.1). Kinds never cross: one is never accepted in another's place.</summary>
public enum TokenKind : byte
{
    /// <summary>Presented to a resource server.</summary>
    AccessToken = 1,

    /// <summary>Presented to the token endpoint by its client, and to nobody else.</summary>
    RefreshToken = 2,
}

/// <summary>The wire names of token kinds (RFC 7009 §4.1.2).</summary>
public static class TokenKinds
{
    /// <summary><c>access_token</c> or <c>refresh_token</c>.</summary>
    public static string Name(this TokenKind kind) => kind is TokenKind.RefreshToken ? "refresh_token" : "access_token";

    /// <summary>The kind of that name, or false.</summary>
    public static bool TryParse(string? name, out TokenKind kind)
    {
        kind = name switch { "access_token" => TokenKind.AccessToken, "refresh_token" => TokenKind.RefreshToken, _ => default };
        return kind != default;
    }
}
