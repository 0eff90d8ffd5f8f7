using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Touchstone.Server.Signing;

/// <summary>Writes signed JWTs in the compact form (RFC 7515 §7.1).</summary>
internal static class JwtWriter
{
    /// <summary>How many characters a JWT with so many bytes of claims has.</summary>
    internal static int SizeOf(SigningKey key, string type, int claims) => key.Head(type).Length + 1 + Base64Url.GetEncodedLength(claims) + 1 + Base64Url.GetEncodedLength(key.SignatureSize);

    /// <summary>A JWT of this type (<c>typ</c>) with these claims.</summary>
    /// <param name="key">Who signs.</param>
    /// <param name="type">One of the few kinds that we make: each has a type of its own, so that none passes for another (RFC 8725 §3.12).</param>
    /// <param name="claims">A JSON object in UTF-8.</param>
    internal static string Write(SigningKey key, string type, ReadOnlySpan<byte> claims)
    {
        var size = SizeOf(key, type, claims.Length);
        var rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var jwt = rented.AsSpan(0, size);
            Write(key, type, claims, jwt);
            return Encoding.ASCII.GetString(jwt);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true); // A token is left nowhere.
        }
    }

    /// <summary>The same into a span of <see cref="SizeOf"/>.</summary>
    internal static void Write(SigningKey key, string type, ReadOnlySpan<byte> claims, Span<byte> jwt)
    {
        var head = key.Head(type);
        head.CopyTo(jwt);
        var end = head.Length;
        jwt[end++] = (byte)'.';
        end += Base64Url.EncodeToUtf8(claims, jwt[end..]);
        Span<byte> signature = stackalloc byte[key.SignatureSize];
        var size = key.Sign(jwt[..end], signature);
        jwt[end++] = (byte)'.';
        Base64Url.EncodeToUtf8(signature[..size], jwt[end..]);
    }
}
