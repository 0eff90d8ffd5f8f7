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
    internal static string Of(TokenRecord record) => record.Grant ?? Of(record.Hash);

    /// <summary>The family that the first use of a token begins where it was stored without any; also of one that is not stored yet.</summary>
    internal static string Of(in TokenHash hash) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes("touchstone grant " + hash)))[..32];

    /// <summary>A new name: 22 letters and digits, 131 random bits.</summary>
    internal static string Create() => TokenIssuer.CreateJti();

    /// <summary>
    /// What ends a token, the farthest last: itself, and of a refresh token the whole family (RFC 7009 §2.1). Itself also then: what was registered as made from it may name it alone.
    /// A refresh token of ours that was stored without a family ends the one that it begins; others' begin none here.
    /// </summary>
    internal static IReadOnlyList<Selector> Ends(TokenRecord record, string issuer) =>
        record.Kind is TokenKind.RefreshToken && (record.Grant is not null || record.Issuer == issuer) ? [Selector.Token(record.Hash), Selector.Grant(Of(record))] : [Selector.Token(record.Hash)];
}
