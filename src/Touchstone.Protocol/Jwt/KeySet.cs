using System.Security.Cryptography;
using System.Text.Json;

namespace Touchstone.Protocol.Jwt;

/// <summary>What became of a signature.</summary>
public enum SignatureVerdict
{
    /// <summary>No key of the set can have made it.</summary>
    UnknownKey,

    /// <summary>The keys that could have made it did not.</summary>
    Wrong,

    /// <summary>A key of the set made it.</summary>
    Good,
}

/// <summary>The public keys and certificates of a JSON Web Key Set (RFC 7517). Keys that are of no use here are left out.</summary>
public sealed class KeySet
{
    /// <summary>The most bytes of a set: 64 KiB.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>The most keys of a set: 32.</summary>
    public const int MaxKeys = 32;

    private KeySet(IReadOnlyList<VerificationKey> keys, IReadOnlyList<EncryptionKey> encryptionKeys, IReadOnlyList<byte[]> certificates)
    {
        Keys = keys;
        EncryptionKeys = encryptionKeys;
        Certificates = certificates;
    }

    /// <summary>No keys.</summary>
    public static KeySet Empty { get; } = new([], [], []);

    /// <summary>The keys that can verify signatures.</summary>
    public IReadOnlyList<VerificationKey> Keys { get; }

    /// <summary>The keys that something can be encrypted for.</summary>
    public IReadOnlyList<EncryptionKey> EncryptionKeys { get; }

    /// <summary>SHA-256 of the first certificate (<c>x5c</c>) of each key that has one.</summary>
    public IReadOnlyList<byte[]> Certificates { get; }

    /// <summary>Verifies a signature by the keys that its algorithm and, where there is one, its <c>kid</c> fit (RFC 8725 §3.1). Whatever else the header says of keys (<c>jwk</c>, <c>jku</c>, <c>x5u</c>) counts for nothing.</summary>
    public SignatureVerdict Verify(string algorithm, string? keyId, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        var verdict = SignatureVerdict.UnknownKey;
        foreach (var key in Keys)
        {
            if (!key.Fits(algorithm) || (keyId is not null && key.KeyId != keyId)) continue;
            if (key.Verify(algorithm, signed, signature)) return SignatureVerdict.Good;
            verdict = SignatureVerdict.Wrong;
        }
        return verdict;
    }

    /// <summary>Reads a set. The error is for whoever registered it; it repeats nothing of what was read.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> json, out KeySet keys, out string error)
    {
        keys = Empty;
        error = $"must be a JSON Web Key Set (RFC 7517): an object with an array keys of at most {MaxKeys}, in at most {MaxBytes} bytes";
        if (json.Length > MaxBytes) return false;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            if (document.RootElement.ValueKind is not JsonValueKind.Object || !document.RootElement.TryGetProperty("keys", out var array) || array.ValueKind is not JsonValueKind.Array || array.GetArrayLength() > MaxKeys) return false;
            var found = new List<VerificationKey>();
            var encryption = new List<EncryptionKey>();
            var certificates = new List<byte[]>();
            foreach (var key in array.EnumerateArray())
            {
                if (key.ValueKind is not JsonValueKind.Object) return false;
                if (key.TryGetProperty("d", out _) || key.TryGetProperty("k", out _))
                {
                    error = "holds a private or a symmetric key: register public keys only, and replace this one, which is no secret any more";
                    return false;
                }
                if (VerificationKey.TryRead(key) is { } usable) found.Add(usable);
                if (EncryptionKey.TryRead(key) is { } recipient) encryption.Add(recipient);
                if (key.TryGetProperty("x5c", out var chain) && chain.ValueKind is JsonValueKind.Array && chain.GetArrayLength() > 0 && chain[0].TryGetBytesFromBase64(out var der)) certificates.Add(SHA256.HashData(der));
            }
            keys = new KeySet(found, encryption, certificates);
            return true;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
