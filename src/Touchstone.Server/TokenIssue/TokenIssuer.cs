using System.Security.Cryptography;
using Touchstone.Protocol;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Signing;

namespace Touchstone.Server.TokenIssue;

/// <summary>Makes tokens: their random parts, and the facts that are the same whatever the grant.</summary>
internal sealed class TokenIssuer(TokenFormat format, AccessTokenFormats formats, SigningKeys keys, ServerOptions options, TimeProvider time)
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

    /// <summary>The token in the form that its client or its resource servers want, once its record says all: as it was made, or a JWT in its place. Last before it is stored.</summary>
    internal ValueTask<GrantResult> FinishAsync(TokenRequest request, string token, TokenRecord record)
    {
        // A grant that forgot it would let a proof be used for ever.
        if (request.UnusedProof is not null) throw new InvalidOperationException("a token was to be issued for a proof that was not used up");
        return FinishAsync(request.Client, request.Epoch, token, record);
    }

    /// <inheritdoc cref="FinishAsync(TokenRequest, string, TokenRecord)"/>
    /// <param name="client">Whose token it is.</param>
    /// <param name="epoch">The epoch that the record's <see cref="TokenRecord.Born"/> is of.</param>
    /// <param name="token">The opaque token.</param>
    /// <param name="record">Its record.</param>
    internal async ValueTask<GrantResult> FinishAsync(Client client, Guid epoch, string token, TokenRecord record)
    {
        if (formats.AlgorithmFor(client, record) is not { } algorithm) return new IssuedTokens(token, record);
        // What resource servers wish is no reason to refuse: a refresh that went well yesterday goes well after they changed their mind.
        var opaque = AccessTokenFormats.IsWishOf(client) ? null : new IssuedTokens(token, record);
        if (record is not { Subject: not null, Jti: not null, Audience.Count: > 0 }) return opaque ?? (GrantResult)OAuthError.InvalidRequest.With("A JWT access token names its subject and its audience (RFC 9068 section 2.2).");
        var key = await keys.EnsureAsync(algorithm);
        var claims = AccessTokenClaims.Write(record, epoch);
        // A longer one could not be introspected, nor revoked by its value.
        if (JwtWriter.SizeOf(key, JwtRules.AccessTokenType, claims.Length) > TokenFormat.MaxLength) return opaque ?? (GrantResult)OAuthError.InvalidRequest.With($"The access token would have more than {TokenFormat.MaxLength} characters as a JWT: ask for less, or for an opaque token.");
        var jwt = JwtWriter.Write(key, JwtRules.AccessTokenType, claims);
        return new IssuedTokens(jwt, record with { Hash = TokenHash.Of(jwt) });
    }
}
