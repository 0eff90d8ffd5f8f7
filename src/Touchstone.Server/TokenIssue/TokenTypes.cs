namespace Touchstone.Server.TokenIssue;

/// <summary>What a token is, by the names of RFC 8693 §3. <c>access_token</c> says what it is for, <c>jwt</c> what it looks like.</summary>
internal static class TokenTypes
{
    internal const string AccessToken = Prefix + "access_token", Jwt = Prefix + "jwt";

    private const string Prefix = "urn:ietf:params:oauth:token-type:";

    /// <summary>Whether a token of this type can be brought: one that is registered here, by its use or by its form.</summary>
    internal static bool IsAccepted(string type) => type is AccessToken or Jwt;
}
