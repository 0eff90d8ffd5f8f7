using Touchstone.Protocol.Jwt;

namespace Touchstone.Protocol.ClientAuth;

/// <summary>What the claims of a client assertion have to be (RFC 7523 §3, and its revision for <c>aud</c>): pure. Signature and single use are judged elsewhere.</summary>
public static class ClientAssertionRules
{
    /// <summary>The longest that an assertion may live, in seconds: 300.</summary>
    public const int MaxLifetime = 300;

    /// <summary>How far two clocks may differ, in seconds: 30.</summary>
    public const int Leeway = 30;

    /// <summary>The algorithms of <c>private_key_jwt</c>, in the order they are advertised.</summary>
    public static IReadOnlyList<string> Asymmetric => JwtRules.Algorithms;

    /// <summary>The algorithms of <c>client_secret_jwt</c>.</summary>
    public static IReadOnlyList<string> Symmetric { get; } = ["HS256", "HS384", "HS512"];

    /// <summary>Judges the claims at a time.</summary>
    /// <param name="assertion">The assertion.</param>
    /// <param name="clientId">The <c>client_id</c> beside it, or nothing.</param>
    /// <param name="issuer">This server's issuer identifier: the sole audience.</param>
    /// <param name="tokenEndpoint">The token endpoint, for a client that may name it instead; else null.</param>
    /// <param name="now">Seconds since 1970.</param>
    public static ClientAssertionFault Judge(ClientAssertion assertion, ReadOnlySpan<byte> clientId, string issuer, string? tokenEndpoint, long now)
    {
        if (!clientId.IsEmpty && !System.Text.Ascii.Equals(clientId, assertion.ClientId)) return ClientAssertionFault.ClientId;
        if (!IsForUs(assertion.Audience, issuer, tokenEndpoint)) return ClientAssertionFault.Audience;
        if (now - Leeway >= assertion.ExpiresAt) return ClientAssertionFault.Expired;
        if (assertion.ExpiresAt > now + MaxLifetime + Leeway || assertion.ExpiresAt - assertion.IssuedAt > MaxLifetime) return ClientAssertionFault.Lifetime;
        if (assertion.NotBefore > now + Leeway || assertion.IssuedAt > now + Leeway) return ClientAssertionFault.NotYetValid;
        return ClientAssertionFault.None;
    }

    /// <summary>The second from which an assertion of this expiry is refused as expired, so that its <c>jti</c> can be forgotten.</summary>
    public static long ForgetAfter(long expiresAt) => expiresAt + Leeway;

    // One value: an assertion made for several servers could be used at one of them by another (RFC 7523bis §4). With the switch, the two names of this one server may stand together.
    private static bool IsForUs(IReadOnlyList<string> audience, string issuer, string? tokenEndpoint) =>
        audience.Count > 0 && (audience.Count == 1 || tokenEndpoint is not null) && audience.All(value => value == issuer || (tokenEndpoint is not null && value == tokenEndpoint));
}
