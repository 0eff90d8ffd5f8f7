using System.Buffers.Text;
using System.Security.Cryptography;

namespace Touchstone.Protocol.Jwt;

/// <summary>A SHA-256 as confirmations and proofs write it: 43 characters of base64url, and one text for one hash.</summary>
internal static class Sha256Text
{
    private const int Length = 43;

    internal static bool TryRead(string text, out byte[]? hash)
    {
        hash = null;
        if (text.Length != Length || !Base64Url.IsValid(text, out var size) || size != SHA256.HashSizeInBytes) return false;
        var bytes = Base64Url.DecodeFromChars(text);
        if (Base64Url.EncodeToString(bytes) != text) return false;
        hash = bytes;
        return true;
    }
}
