using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Touchstone.Server.Audit;

/// <summary>A SHA-256, by value.</summary>
[InlineArray(SHA256.HashSizeInBytes)]
internal struct AuditHash : IEquatable<AuditHash>
{
    private byte _first;

    /// <summary>The hash of a record's bytes.</summary>
    internal static AuditHash Of(ReadOnlySpan<byte> record)
    {
        AuditHash hash = default;
        SHA256.HashData(record, hash);
        return hash;
    }

    /// <summary>A hash that the database made.</summary>
    internal static AuditHash Read(ReadOnlySpan<byte> sha256)
    {
        AuditHash hash = default;
        sha256.CopyTo(hash);
        return hash;
    }

    internal static bool TryParse(string? text, out AuditHash hash)
    {
        hash = default;
        return text is { Length: SHA256.HashSizeInBytes * 2 } && Convert.FromHexString(text, hash, out _, out _) is System.Buffers.OperationStatus.Done;
    }

    public readonly bool Equals(AuditHash other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is AuditHash other && Equals(other);

    public override readonly int GetHashCode() => BitConverter.ToInt32(this);

    public override readonly string ToString() => Convert.ToHexStringLower(this);
}

/// <summary>Where a chain stands: its newest record and how many there are since it was last signed.</summary>
internal readonly record struct AuditHead(long N, AuditHash Hash, int Unsigned);

/// <summary>What one chain knows of another: that record, with that hash.</summary>
internal readonly record struct AuditAnchor(string Chain, long N, AuditHash Hash);

/// <summary>What a checkpoint says of another chain: which record of which chain remembers what.</summary>
internal readonly record struct AuditRemembered(string By, long At, AuditAnchor Anchor);
