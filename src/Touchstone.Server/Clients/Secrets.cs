using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Server.Clients;

/// <summary>The secrets that we generate: 256 random bits, so that one SHA-256 protects them at rest as well as a slow hash would.</summary>
internal static class Secrets
{
    /// <summary>The random bytes of a secret for <c>client_secret_jwt</c>: HS512 asks for as many as it has output (RFC 7518 §3.2).</summary>
    internal const int BytesForMac = 64;

    /// <summary>A new secret: <c>tst_cs_</c> and, of 32 bytes, 43 characters of base64url.</summary>
    internal static string Create(int bytes = 32) => "tst_cs_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(bytes));

    internal static ClientSecret Hash(string secret, long now) => new(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(secret))), now, null);
}
