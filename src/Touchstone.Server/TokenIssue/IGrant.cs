using Touchstone.Protocol;
using Touchstone.Server.Clients;

namespace Touchstone.Server.TokenIssue;

/// <summary>One grant type of the token endpoint (RFC 6749 §4, §6; RFC 8693). <see cref="TokenEndpoint"/> has found out by then who asks and that it may use this grant.</summary>
internal interface IGrant
{
    /// <summary>The value of <c>grant_type</c>.</summary>
    string Type { get; }

    /// <summary>Whether a client without a word about grants in its registration may use it.</summary>
    bool IsByDefault(TokenRequest request) => false;

    /// <summary>Judges the request and issues: what is told is on the disk.</summary>
    ValueTask<GrantResult> IssueAsync(TokenRequest request);
}

/// <summary>What became of a request for tokens: an error of the table, with the reason that only log and metrics are told where there is one; or the tokens.</summary>
internal readonly record struct GrantResult(OAuthError? Error, IssuedTokens? Tokens, string? Reason = null)
{
    public static implicit operator GrantResult(OAuthError error) => new(error, null);

    public static implicit operator GrantResult(IssuedTokens tokens) => new(null, tokens);
}
