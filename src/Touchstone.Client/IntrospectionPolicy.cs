namespace Touchstone.Client;

/// <summary>What becomes of a check when the server can't be asked.</summary>
public enum FailMode
{
    /// <summary>It can't tell: an API answers 503. The default.</summary>
    FailClosed,

    /// <summary>The answer of before is used, if it is not older than <see cref="IntrospectionPolicy.MaxStale"/>; never past its <c>exp</c>, and never where a revocation of the token is known.</summary>
    StaleIfError,

    /// <summary>As <see cref="StaleIfError"/> where there is an answer; otherwise the token passes, without any claims. For what is worse refused than wrongly let in; never where a revocation of the token is known, nor where whoever brings tokens may have brought it about: the server answered something else than about tokens (<see cref="IntrospectionFault.Malformed"/>), 429 (<see cref="IntrospectionFault.Throttled"/>), or too many calls are under way here (<see cref="IntrospectionFault.Overloaded"/>).</summary>
    FailOpen,
}

/// <summary>How long answers are used, and what happens when the server can't be asked. A client has one for all calls; a call may bring its own, made from that one: <c>client.Policy with { MaxTtl = … }</c>.</summary>
public sealed record IntrospectionPolicy
{
    /// <summary>The longest that an answer about an active token is used without asking again, as long as the feed is followed. Zero: always ask. From 0 to 1 day; default 10 minutes.</summary>
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The same where the server has no feed. From 0 to 1 day; default 10 seconds.</summary>
    public TimeSpan PlainTtl { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How old an answer may be that is used while the feed is out of reach. It is part of the grace: a revocation is enforced so much later then. From 0 to 1 hour; default 0.</summary>
    public TimeSpan UnfollowedTtl { get; init; }

    /// <summary>The longest that an answer about an inactive token is used: it may become valid later. From 0 to 1 hour; default 5 seconds.</summary>
    public TimeSpan NegativeTtl { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For how long past <see cref="MaxTtl"/> or <see cref="PlainTtl"/> an answer is still used while another is fetched beside it, so that checks of popular tokens never wait. While the feed is followed that makes no revocation later; while it is out of reach it does not apply, nor where those are zero, nor for longer than <see cref="TokenIntrospectionOptions.TtlOf"/> says. From 0 to 1 hour; default 0.</summary>
    public TimeSpan StaleWhileRevalidate { get; init; }

    /// <summary>How often a check asks the server although it need not, to find out what memory can't know. If the server can't be asked, the answer from memory counts. From 0 (never) to 1 (always); default 0.</summary>
    public double RecheckProbability { get; init; }

    /// <summary>Multiplies <see cref="RecheckProbability"/> for a token: more for what may do more harm, 0 for what may not. Called at every check, so it has to be quick; where it throws, the server is asked. Null: 1 for all.</summary>
    public Func<IntrospectedToken, double>? RecheckRisk { get; init; }

    /// <summary>Whether a JWT that is good as far as can be seen here (<see cref="JwtMode.JwtFirst"/>) is introspected as well: for endpoints where a revocation must count at once. Default false.</summary>
    public bool AlsoIntrospectJwts { get; init; }

    /// <summary>What becomes of a check when the server can't be asked. Default <see cref="Client.FailMode.FailClosed"/>.</summary>
    public FailMode FailMode { get; init; }

    /// <summary>How old an answer may be that is used because the server can't be asked. From 0 to 1 day; default 5 minutes.</summary>
    public TimeSpan MaxStale { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For how long at most something is used when the lease is over. The server is told, and its receipts count with it.</summary>
    internal TimeSpan Grace => FailMode switch
    {
        FailMode.FailOpen => TimeSpan.MaxValue,
        FailMode.StaleIfError => MaxStale > UnfollowedTtl ? MaxStale : UnfollowedTtl,
        _ => UnfollowedTtl,
    };

    /// <summary>Says whether it is what it has to be.</summary>
    /// <exception cref="ArgumentException">It is not; the message says all that is wrong.</exception>
    public void Validate()
    {
        var faults = string.Join(' ', Faults());
        if (faults.Length > 0) throw new ArgumentException(faults);
    }

    /// <summary>What is wrong with it, all at once.</summary>
    internal IEnumerable<string> Faults()
    {
        if (!IsWithin(MaxTtl, TimeSpan.FromDays(1))) yield return "Policy.MaxTtl must be from 0 to 1 day.";
        if (!IsWithin(PlainTtl, TimeSpan.FromDays(1))) yield return "Policy.PlainTtl must be from 0 to 1 day.";
        if (!IsWithin(UnfollowedTtl, TimeSpan.FromHours(1))) yield return "Policy.UnfollowedTtl must be from 0 to 1 hour.";
        if (!IsWithin(NegativeTtl, TimeSpan.FromHours(1))) yield return "Policy.NegativeTtl must be from 0 to 1 hour.";
        if (!IsWithin(StaleWhileRevalidate, TimeSpan.FromHours(1))) yield return "Policy.StaleWhileRevalidate must be from 0 to 1 hour.";
        if (RecheckProbability is not (>= 0 and <= 1)) yield return "Policy.RecheckProbability must be from 0 to 1.";
        if (!IsWithin(MaxStale, TimeSpan.FromDays(1))) yield return "Policy.MaxStale must be from 0 to 1 day.";
        if (!Enum.IsDefined(FailMode)) yield return "Policy.FailMode is none of FailClosed, StaleIfError and FailOpen.";
    }

    private static bool IsWithin(TimeSpan time, TimeSpan most) => time >= TimeSpan.Zero && time <= most;
}
