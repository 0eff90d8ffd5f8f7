namespace Touchstone.Protocol.Tokens;

/// <summary>What whoever sent a request proved to hold. A default one proves nothing.</summary>
/// <param name="Key">The thumbprint of the key of a DPoP proof that was found good (RFC 7638): 32 bytes, or empty.</param>
/// <param name="Certificate">The SHA-256 of the client certificate that TLS proved: 32 bytes, or empty.</param>
public readonly record struct PresentedKeys(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Certificate);
