using System.Security.Cryptography;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.TokenIssue;

/// <summary>Makes the random parts of tokens.</summary>
internal sealed class TokenIssuer(TokenFormat format)
{
    /// <summary>A new token of this kind: 256 random bits in our format.</summary>
    internal string CreateToken(TokenKind kind)
    {
        Span<byte> entropy = stackalloc byte[TokenFormat.EntropySize];
        RandomNumberGenerator.Fill(entropy);
        return format.Create(kind, entropy);
    }

    /// <summary>A new token identifier (<c>jti</c>): 22 letters and digits, 131 random bits.</summary>
    internal static string CreateJti() => RandomNumberGenerator.GetString("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 22);
}
