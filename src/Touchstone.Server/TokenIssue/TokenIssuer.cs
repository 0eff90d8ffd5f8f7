using System.Security.Cryptography;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;

namespace Touchstone.Server.TokenIssue;

/// <summary>Makes tokens: their random parts, and the facts that are the same whatever the grant.</summary>
internal sealed class TokenIssuer(TokenFormat format, ServerOptions options, TimeProvider time)
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

    /// <summary>A new access token for a client, for the time that access tokens last. A grant adds what it knows with <c>with</c>: whose it is, what for, and an earlier end.</summary>
    internal (string Token, TokenRecord Record) CreateAccessToken(Client client, long born)
    {
        var token = CreateToken(TokenKind.AccessToken);
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        return (token, new TokenRecord
        {
            Hash = TokenHash.Of(token),
            Kind = TokenKind.AccessToken,
            ClientId = client.Id,
            Issuer = options.EffectiveIssuer,
            Jti = CreateJti(),
            Tenant = client.Registration.Tenant,
            Born = born,
            IssuedAt = now,
            ExpiresAt = now + (long)options.AccessTokenLifetime.TotalSeconds,
        });
    }
}
