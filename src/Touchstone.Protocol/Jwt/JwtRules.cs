namespace Touchstone.Protocol.Jwt;

/// <summary>What the claims of a JWT have to be for a resource server: pure. Each kind has a type of its own, so that none passes for another (RFC 8725 §3.12). The signature is judged beside it.</summary>
public static class JwtRules
{
    /// <summary><c>typ</c> of an access token (RFC 9068 §2.1).</summary>
    public const string AccessTokenType = "at+jwt";

    /// <summary><c>typ</c> of an introspection answer, and its media type (RFC 9701 §5).</summary>
    public const string AnswerType = "token-introspection+jwt";

    /// <summary>How long ago a signed answer may have been made, in seconds: 60.</summary>
    public const int MaxAnswerAge = 60;

    /// <summary>The algorithms that are understood; none has a shared secret.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = ["ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

    /// <summary>Judges an access token (RFC 9068 §4).</summary>
    /// <param name="jwt">The token.</param>
    /// <param name="issuer">Its issuer, to the letter.</param>
    /// <param name="audiences">The names of the resource server; <c>aud</c> must have one of them.</param>
    /// <param name="algorithms">Those allowed for this issuer, of <see cref="Algorithms"/>.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="leeway">By how many seconds <c>nbf</c> and <c>iat</c> may lie ahead. An <c>exp</c> that is over is over.</param>
    public static JwtFault JudgeAccessToken(SignedJwt jwt, string issuer, ICollection<string> audiences, ICollection<string> algorithms, long now, long leeway)
    {
        if (JudgeHead(jwt, AccessTokenType, algorithms) is var fault and not JwtFault.None) return fault;
        if (jwt.HasClaimsOfOtherKinds || jwt.Has("active"u8)) return JwtFault.OtherKind;
        if (JudgeParties(jwt, issuer, audiences) is var stranger and not JwtFault.None) return stranger;
        if (!jwt.Has("exp"u8)) return JwtFault.NoExpiry;
        if (JudgeTimes(jwt, now, leeway, out _) is var time and not JwtFault.None) return time;
        return jwt.Text("sub"u8) is { Length: > 0 } && jwt.Text("client_id"u8) is { Length: > 0 } && jwt.Text("jti"u8) is { Length: > 0 } ? JwtFault.None : JwtFault.Incomplete;
    }

    /// <summary>Judges an introspection answer (RFC 9701 §5).</summary>
    /// <param name="jwt">The answer.</param>
    /// <param name="issuer">The server that was asked.</param>
    /// <param name="clientId">Who asked; <c>aud</c> must have it.</param>
    /// <param name="algorithms">Those allowed, of <see cref="Algorithms"/>.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="leeway">By how many seconds <c>iat</c> may lie ahead.</param>
    public static JwtFault JudgeAnswer(SignedJwt jwt, string issuer, string clientId, ICollection<string> algorithms, long now, long leeway)
    {
        if (JudgeHead(jwt, AnswerType, algorithms) is var fault and not JwtFault.None) return fault;
        if (JudgeParties(jwt, issuer, [clientId]) is var stranger and not JwtFault.None) return stranger;
        if (JudgeTimes(jwt, now, leeway, out var issued) is var time and not JwtFault.None) return time;
        if (now - issued > MaxAnswerAge) return JwtFault.TooOld;
        return jwt.Claims.TryGetProperty("token_introspection"u8, out var answer) && answer.ValueKind is System.Text.Json.JsonValueKind.Object ? JwtFault.None : JwtFault.Incomplete;
    }

    // Compared with regard to case: "nOnE" is no algorithm either (RFC 8725 §3.1).
    private static JwtFault JudgeHead(SignedJwt jwt, string type, ICollection<string> algorithms)
    {
        if (jwt.IsExtended) return JwtFault.Extended;
        if (!jwt.IsOfType(type)) return JwtFault.OtherKind;
        return jwt.Algorithm is { } algorithm && Algorithms.Contains(algorithm) && algorithms.Contains(algorithm) ? JwtFault.None : JwtFault.Algorithm;
    }

    private static JwtFault JudgeParties(SignedJwt jwt, string issuer, ICollection<string> audiences)
    {
        if (jwt.Text("iss"u8) != issuer) return JwtFault.Issuer;
        return jwt.TryReadAudience(out var audience) && audience.Any(audiences.Contains) ? JwtFault.None : JwtFault.Audience;
    }

    private static JwtFault JudgeTimes(SignedJwt jwt, long now, long leeway, out long issued)
    {
        issued = 0;
        if (!jwt.TryReadTime("exp"u8, out var expires) || !jwt.TryReadTime("nbf"u8, out var notBefore) || !jwt.TryReadTime("iat"u8, out var issuedAt)) return JwtFault.Malformed;
        if (issuedAt is not { } at) return JwtFault.NoIssueTime;
        issued = at;
        if (now >= expires) return JwtFault.Expired;
        return notBefore > now + leeway || at > now + leeway ? JwtFault.NotYetValid : JwtFault.None;
    }
}
