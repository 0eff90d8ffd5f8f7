using Touchstone.Protocol.Following;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Jwt;

/// <summary>What was found out about a token without asking anybody about it.</summary>
internal enum LocalVerdict
{
    /// <summary>Nothing: it is no JWT, or none of an issuer that is known.</summary>
    NotMine,

    /// <summary>It names an issuer that is known, and something is wrong with it.</summary>
    Refused,

    /// <summary>The key that it names can't be had: it may be good or not.</summary>
    CannotTell,

    /// <summary>It is good as far as can be seen here; whether it was revoked only the feed can tell, which is not followed.</summary>
    Unfollowed,

    /// <summary>It is good, and that is enough.</summary>
    Accepted,

    /// <summary>It is good as far as can be seen here; the server has to be asked as well.</summary>
    AlsoAsk,
}

/// <summary>The judgement of a JWT. Starts from knowing nothing.</summary>
/// <param name="Verdict">What was found out.</param>
/// <param name="Fault">Why it was refused.</param>
/// <param name="Token">What it says, where it was accepted.</param>
/// <param name="Proof">What it was accepted by.</param>
/// <param name="Mark">By what the feed ends it; null where nothing does.</param>
/// <param name="IsEnded">Whether a row is known that ends it, or may: where nobody can be asked it does not pass.</param>
/// <param name="Unknown">Why that can't be told.</param>
internal readonly record struct LocalJudgement(LocalVerdict Verdict, JwtFault Fault = JwtFault.None, IntrospectedToken? Token = null, LocalProof? Proof = null, FollowedMark? Mark = null, bool IsEnded = false, IntrospectionFault Unknown = IntrospectionFault.None);

/// <summary>The keys that vouched for a JWT.</summary>
internal sealed class LocalProof(IssuerKeys issuer, KeySet keys)
{
    /// <summary>Whether its issuer is not known to have others. Where it is, the JWT may have ended.</summary>
    internal bool Holds => issuer.Current == keys;

    /// <summary>Whether they are young enough to vouch for it without a new look at them.</summary>
    internal bool Serves(ClockReading now) => issuer.Serve(keys, now);
}
