using Touchstone.Protocol.Jwt;

namespace Touchstone.Protocol.ClientAuth;

/// <summary>A client assertion as it was sent (RFC 7523 §2.2): read and well formed, not yet believed.</summary>
public sealed class ClientAssertion
{
    /// <summary>The most bytes of an assertion: 8,192. A longer one is refused unread.</summary>
    public const int MaxLength = 8192;

    /// <summary>The most characters of a <c>jti</c> or a <c>kid</c>: 256.</summary>
    public const int MaxIdLength = SignedJwt.MaxKeyIdLength;

    private ClientAssertion(SignedJwt jwt, string algorithm, string clientId, IReadOnlyList<string> audience, string id)
    {
        Algorithm = algorithm;
        KeyId = jwt.KeyId;
        ClientId = clientId;
        Audience = audience;
        Id = id;
        Signed = jwt.Signed;
        Signature = jwt.Signature;
    }

    /// <summary><c>alg</c>, one of those offered.</summary>
    public string Algorithm { get; }

    /// <summary><c>kid</c>, which is a hint and nothing more; null when absent.</summary>
    public string? KeyId { get; }

    /// <summary><c>iss</c> and <c>sub</c>, which are equal.</summary>
    public string ClientId { get; }

    /// <summary><c>aud</c>.</summary>
    public IReadOnlyList<string> Audience { get; }

    /// <summary><c>jti</c>.</summary>
    public string Id { get; }

    /// <summary><c>exp</c>, in seconds since 1970.</summary>
    public long ExpiresAt { get; private init; }

    /// <summary><c>nbf</c>.</summary>
    public long? NotBefore { get; private init; }

    /// <summary><c>iat</c>.</summary>
    public long? IssuedAt { get; private init; }

    /// <summary>The bytes that the signature is over.</summary>
    public ReadOnlyMemory<byte> Signed { get; }

    /// <summary>The signature or MAC.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Reads an assertion; the result is null when there is a fault.</summary>
    public static ClientAssertionFault TryRead(ReadOnlySpan<byte> jwt, out ClientAssertion? assertion) => TryRead(jwt, out assertion, out _);

    /// <summary>Reads an assertion, and whom it names: <c>iss</c> and <c>sub</c> where they are equal, also when there is a fault elsewhere. Whoever sent it may have written anything there.</summary>
    public static ClientAssertionFault TryRead(ReadOnlySpan<byte> jwt, out ClientAssertion? assertion, out string? named)
    {
        assertion = null;
        named = null;
        if (jwt.Length > MaxLength) return ClientAssertionFault.TooLong;
        return SignedJwt.TryRead(jwt, out var read) ? Read(read, out assertion, out named) : ClientAssertionFault.Malformed;
    }

    private static ClientAssertionFault Read(SignedJwt jwt, out ClientAssertion? assertion, out string? named)
    {
        assertion = null;
        named = null;
        // Compared with regard to case: "nOnE" is no algorithm either (RFC 8725 §3.1).
        if (jwt.Algorithm is not { } algorithm || !(ClientAssertionRules.Asymmetric.Contains(algorithm) || ClientAssertionRules.Symmetric.Contains(algorithm))) return ClientAssertionFault.Algorithm;
        if (jwt.IsExtended) return ClientAssertionFault.Algorithm;
        if (jwt.Header.TryGetProperty("typ"u8, out _) && !jwt.IsOfType("JWT") && !jwt.IsOfType("client-authentication+jwt")) return ClientAssertionFault.OtherKind;
        if (jwt.HasClaimsOfOtherKinds) return ClientAssertionFault.OtherKind;
        if (jwt.Text("iss"u8) is not { Length: > 0 } issuer || jwt.Text("sub"u8) != issuer) return ClientAssertionFault.Subject;
        named = issuer;
        if (!jwt.TryReadAudience(out var audience)) return ClientAssertionFault.Audience;
        if (!jwt.Has("exp"u8)) return ClientAssertionFault.NoExpiry;
        if (!jwt.TryReadTime("exp"u8, out var expires) || !jwt.TryReadTime("nbf"u8, out var notBefore) || !jwt.TryReadTime("iat"u8, out var issued)) return ClientAssertionFault.Malformed;
        if (jwt.Text("jti"u8) is not { Length: > 0 and <= MaxIdLength } id) return ClientAssertionFault.Id;

        assertion = new ClientAssertion(jwt, algorithm, issuer, audience, id) { ExpiresAt = expires!.Value, NotBefore = notBefore, IssuedAt = issued };
        return ClientAssertionFault.None;
    }
}
