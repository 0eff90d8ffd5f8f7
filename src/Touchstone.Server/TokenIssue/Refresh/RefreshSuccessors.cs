using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>
/// The refresh token that comes in the place of another: random, and told once. With a grace period it can be told again, and is stored no more for that: it follows from the old token and its family under a secret of the installation.
/// Who has the secret and not the old token can make none, and who has the store has hashes of both only.
/// </summary>
internal sealed class RefreshSuccessors(TokenIssuer issuer, TokenFormat format, ServerOptions options)
{
    internal const string Setting = "refresh_grace_secret";
    internal const int SecretSize = 32;

    private const string Purpose = "touchstone refresh successor";

    /// <summary>The secret; null until it is known, and where there is no grace period.</summary>
    internal byte[]? Secret { get; set; }

    /// <summary>Whether the same successor is made again of the same token.</summary>
    internal bool AreDerived => options.RefreshTokens.ReuseGrace > TimeSpan.Zero;

    internal string Of(string token, string grant) => AreDerived ? Derive(Secret ?? throw new InvalidOperationException("the secret comes first"), token, grant) : issuer.CreateToken(TokenKind.RefreshToken);

    // Each part is preceded by its length, so that no two pairs are the same bytes.
    private string Derive(byte[] secret, string token, string grant)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in (ReadOnlySpan<string>)[Purpose, token, grant])
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            mac.AppendData(length);
            mac.AppendData(bytes);
        }
        return format.Create(TokenKind.RefreshToken, mac.GetHashAndReset());
    }
}
