using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>The family (<c>grant</c>) that a refresh token belongs to.</summary>
internal static class RefreshFamily
{
    /// <summary>
    /// The family of a refresh token's successors: its own, or for one that was stored without any the one that its first use begins. That has a name that follows from the token's hash:
    /// so whoever ends such a token ends what came of it, and what is coming of it in the same moment, without looking for it.
    /// </summary>
    internal static string Of(TokenRecord record) => record.Grant ?? Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes("touchstone grant " + record.Hash)))[..32];

    /// <summary>A new name: 22 letters and digits, 131 random bits.</summary>
    internal static string Create() => TokenIssuer.CreateJti();

    /// <summary>What ends a token: one row for the whole family of a refresh token (RFC 7009 §2.1), one for any other. A refresh token of ours that was stored without a family is named beside the one that it begins; others' begin none here.</summary>
    internal static IReadOnlyList<Selector> Ends(TokenRecord record, string issuer) => record switch
    {
        { Kind: TokenKind.RefreshToken, Grant: { } grant } => [Selector.Grant(grant)],
        { Kind: TokenKind.RefreshToken } when record.Issuer == issuer => [Selector.Token(record.Hash), Selector.Grant(Of(record))],
        _ => [Selector.Token(record.Hash)],
    };
}
