using System.Text;
using Microsoft.Extensions.Logging;
using Touchstone.Client.Memory;
using Touchstone.Client.Telemetry;
using Touchstone.Protocol.Following;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Client.Jwt;

/// <summary>
/// Judges JWT access tokens of issuers that are known (RFC 9068 §4, RFC 8725). What names such an issuer is refused unless all is right with it: asking the server instead would tell whoever made it up what the server knows.
/// </summary>
internal sealed class LocalJwts
{
    /// <summary>The most characters of a JWT. A longer one is refused unread.</summary>
    internal const int MaxLength = 16 << 10;

    private readonly Dictionary<string, Known> _issuers;
    private readonly JwtFeed _feed;
    private readonly SharedTexts _texts = new();
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly long _leeway;

    private LocalJwts(TokenIntrospectionOptions options, IssuerKeyRing keys, JwtFeed feed, ILogger logger, TimeProvider time)
    {
        (_feed, _logger, _time, _leeway) = (feed, logger, time, (long)options.Leeway.TotalSeconds);
        _issuers = options.Jwt.Issuers.ToDictionary(issuer => issuer.Issuer, issuer => new Known(issuer.Issuer, [.. issuer.Audiences], AlgorithmsOf(issuer.Algorithms), keys.Of(issuer.Issuer, issuer.JwksUri), RevocationOf(issuer, options), MayTellOfItself(issuer, options)), StringComparer.Ordinal);
        foreach (var issuer in options.Jwt.Issuers.Where(issuer => issuer.Revocation is JwtRevocation.Automatic && RevocationOf(issuer, options) is JwtRevocation.None)) logger.JwtsNotRevocable(issuer.Issuer);
    }

    private sealed record Known(string Issuer, HashSet<string> Audiences, HashSet<string> Algorithms, IssuerKeys Keys, JwtRevocation Revocation, bool MayTellOfItself)
    {
        // Of its own the server knows more than they say.
        internal bool IsOfServer => Revocation is not JwtRevocation.ByFeed;
    }

    /// <summary>Null where JWTs are introspected as all others are.</summary>
    /// <param name="options">Which issuers are known.</param>
    /// <param name="keys">Their keys.</param>
    /// <param name="feed">What the feed says of them.</param>
    /// <param name="logger">Where it is told why one was refused.</param>
    /// <param name="time">The clock.</param>
    internal static LocalJwts? Of(TokenIntrospectionOptions options, IssuerKeyRing keys, JwtFeed feed, ILogger logger, TimeProvider time) =>
        options.Jwt.Mode is JwtMode.JwtFirst ? new LocalJwts(options, keys, feed, logger, time) : null;

    /// <summary>Whether the feed is to tell of JWTs: who judges them needs to know all of its rows.</summary>
    internal static bool NeedRows(TokenIntrospectionOptions options) => options.Jwt.Mode is JwtMode.JwtFirst && options.Jwt.Issuers.Any(issuer => RevocationOf(issuer, options) is not JwtRevocation.None);

    /// <summary>Whether nothing but the feed tells of some.</summary>
    internal static bool NeedAllRows(TokenIntrospectionOptions options) => options.Jwt.Mode is JwtMode.JwtFirst && options.Jwt.Issuers.Any(issuer => issuer.Revocation is JwtRevocation.ByFeed);

    /// <summary>The algorithms that are allowed where this list is given: all, if it is empty.</summary>
    internal static HashSet<string> AlgorithmsOf(IList<string> allowed) => [.. allowed.Count > 0 ? allowed : (IEnumerable<string>)JwtRules.Algorithms];

    /// <summary>Judges a token that has the shape of a JWT.</summary>
    internal async ValueTask<LocalJudgement> JudgeAsync(string token, IntrospectionPolicy policy, CancellationToken cancellationToken)
    {
        if (token.Length > MaxLength) return new LocalJudgement(LocalVerdict.Refused, JwtFault.TooLong);
        if (JwtShape.IssuerOf(token) is not { } name || !_issuers.TryGetValue(name, out var issuer)) return default;

        // 1. What costs nothing first.
        var bytes = Encoding.UTF8.GetBytes(token);
        if (!SignedJwt.TryRead(bytes, out var jwt)) return Refuse(issuer, JwtFault.Malformed);
        if (JudgeClaims(jwt, issuer) is var fault and not JwtFault.None) return Refuse(issuer, fault);

        // 2. Is it the issuer's?
        var vouched = await issuer.Keys.VerifyAsync(jwt, cancellationToken);
        if (vouched.Keys is not { } keys) return new LocalJudgement(LocalVerdict.CannotTell, Unknown: vouched.Fault);
        if (vouched.Verdict is not SignatureVerdict.Good) return Refuse(issuer, vouched.Verdict is SignatureVerdict.Wrong ? JwtFault.Signature : JwtFault.UnknownKey);
        if (!IntrospectedToken.TryRead(jwt, _texts, out var read)) return Refuse(issuer, JwtFault.Malformed);
        // A server says by this claim that it knows more of what ends its JWTs than they tell. Where its feed alone is to judge them, they can't be judged: set ByServer.
        if (issuer.Revocation is JwtRevocation.ByFeed && jwt.Claims.TryGetProperty("touchstone"u8, out _)) return Refuse(issuer, JwtFault.OtherKind);

        // 3. Is there a feed to judge it by?
        var isFollowed = issuer.Revocation is JwtRevocation.ByFeed or JwtRevocation.ByServer || (issuer.Revocation is JwtRevocation.Automatic && await _feed.MayBeThereAsync(cancellationToken));
        if (isFollowed) await _feed.FollowAsync(policy.Grace, cancellationToken);

        // 4. After the last wait: its time, and the rows.
        fault = JudgeClaims(jwt, issuer);
        if (fault is not JwtFault.None) return Refuse(issuer, fault);
        var (standing, mark) = isFollowed ? _feed.Judge(jwt, bytes, issuer.IsOfServer, issuer.MayTellOfItself) : (JwtStanding.Good, (FollowedMark?)null);
        if (policy.AlsoIntrospectJwts) return new LocalJudgement(LocalVerdict.AlsoAsk, IsEnded: standing is JwtStanding.Ended);
        if (standing is JwtStanding.Good) return new LocalJudgement(LocalVerdict.Accepted, JwtFault.None, read, new LocalProof(issuer.Keys, keys), mark);
        // The server has the truth about its own, and nobody about the others.
        if (issuer.Revocation is not JwtRevocation.ByFeed) return new LocalJudgement(LocalVerdict.AlsoAsk, IsEnded: standing is JwtStanding.Ended);
        return standing is JwtStanding.Ended ? Refuse(issuer, JwtFault.Revoked) : new LocalJudgement(LocalVerdict.Unfollowed);
    }

    private JwtFault JudgeClaims(SignedJwt jwt, Known issuer) => JwtRules.JudgeAccessToken(jwt, issuer.Issuer, issuer.Audiences, issuer.Algorithms, _time.Read().UnixSeconds(), _leeway);

    private LocalJudgement Refuse(Known issuer, JwtFault fault)
    {
        _logger.JwtRefused(issuer.Issuer, fault);
        return new LocalJudgement(LocalVerdict.Refused, fault);
    }

    // Where only the endpoint of the server is known, any issuer may be it.
    private static JwtRevocation RevocationOf(JwtIssuer issuer, TokenIntrospectionOptions options) =>
        issuer.Revocation is JwtRevocation.Automatic && options.Issuer is not null && !IsTheServer(issuer, options) ? JwtRevocation.None : issuer.Revocation;

    // Whose word counts for what else could end its JWTs: that of the server, and of nobody who only may be it.
    private static bool MayTellOfItself(JwtIssuer issuer, TokenIntrospectionOptions options) => issuer.Revocation is JwtRevocation.ByServer || (issuer.Revocation is JwtRevocation.Automatic && IsTheServer(issuer, options));

    private static bool IsTheServer(JwtIssuer issuer, TokenIntrospectionOptions options) => options.Issuer?.OriginalString.TrimEnd('/') == issuer.Issuer.TrimEnd('/');
}
