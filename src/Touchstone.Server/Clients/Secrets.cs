using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.Server.Clients;

/// <summary>The secrets that we generate: 256 random bits, so that one SHA-256 protects them at rest as well as a slow hash would.</summary>
internal static class Secrets
{
    /// <summary>A new secret: <c>tst_cs_</c> and 43 characters of base64url.</summary>
    internal static string Create() => "tst_cs_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    internal static ClientSecret Hash(string secret, long now) => new(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(secret))), now, null);
}
