using System.Globalization;
using System.Security.Cryptography;

namespace Touchstone.Server.Clients;

/// <summary>PBKDF2-HMAC-SHA256 for secrets that somebody chose: they may be guessed, so each guess has to cost.</summary>
internal static class SlowHash
{
    private const int Iterations = 600_000;
    private const int SaltSize = 16;

    /// <summary><c>iterations:salt:hash</c>, the last two in base64.</summary>
    internal static string Of(ReadOnlySpan<byte> secret)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        return string.Create(CultureInfo.InvariantCulture, $"{Iterations}:{Convert.ToBase64String(salt)}:{Convert.ToBase64String(Hash(secret, salt, Iterations))}");
    }

    internal static bool Verify(string stored, ReadOnlySpan<byte> secret)
    {
        var parts = stored.Split(':');
        var hash = Hash(secret, Convert.FromBase64String(parts[1]), int.Parse(parts[0], CultureInfo.InvariantCulture));
        return CryptographicOperations.FixedTimeEquals(hash, Convert.FromBase64String(parts[2]));
    }

    private static byte[] Hash(ReadOnlySpan<byte> secret, byte[] salt, int iterations) => Rfc2898DeriveBytes.Pbkdf2(secret, salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
}
