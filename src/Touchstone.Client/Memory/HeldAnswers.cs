using Touchstone.Client.Follow;
using Touchstone.Client.Shared;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Upstream;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Memory;

/// <summary>What a look into memory found.</summary>
internal enum Recall
{
    /// <summary>Nothing that may be used.</summary>
    Nothing,

    /// <summary>An answer.</summary>
    Found,

    /// <summary>An answer that may be used, and is to be asked for again beside it.</summary>
    FoundButDue,
}

/// <summary>What the server said of tokens, and the one judgement of whether it may be used: every use goes through it, also that of another process's answer.</summary>
internal sealed class HeldAnswers(TokenIntrospectionOptions options, FeedFollower follower, CallbackFaults faults, TimeProvider time)
{
    private readonly long _leeway = (long)options.Leeway.TotalSeconds;
    private readonly Lock _changing = new();
    private readonly InvalidatedKeys _invalidated = new(InvalidatedKeys.Most);
    private long _invalidations;

    /// <summary>Answers about active tokens.</summary>
    internal AnswerMemory Active { get; } = new(options.MaxEntries, options.MaxBytes);

    /// <summary>Answers about inactive ones, in a room of their own (L24).</summary>
    internal AnswerMemory Inactive { get; } = new(options.MaxNegativeEntries, long.MaxValue);

    /// <summary>How often somebody invalidated a token. An answer that was asked for before is not kept after (L30).</summary>
    internal long Invalidations => Volatile.Read(ref _invalidations);

    /// <summary>Looks for an answer that a check may use.</summary>
    internal Recall Find(Mac128 key, IntrospectionPolicy policy, ClockReading now, out IntrospectionResult result)
    {
        result = default;
        if (!Active.TryFind(key, out var held) && !Inactive.TryFind(key, out held)) return Recall.Nothing;
        var recall = held.IsDoubted ? Recall.Nothing : Use(held, policy, now, out result);
        if (recall is Recall.Nothing || policy.RecheckProbability == 0 || held.Token is null || !held.Doubt(policy.RecheckProbability * RiskOf(held.Token, policy))) return recall;
        result = default;
        return Recall.Nothing;
    }

    /// <summary>What <see cref="Find"/> would use, without throwing dice for it.</summary>
    internal HeldAnswer? Peek(Mac128 key, IntrospectionPolicy policy, ClockReading now) =>
        (Active.TryFind(key, out var held) || Inactive.TryFind(key, out held)) && Use(held, policy, now, out _) is Recall.Found ? held : null;

    /// <summary>Whether chance wanted it to be asked for again.</summary>
    internal bool IsDoubted(Mac128 key) => Active.TryFind(key, out var held) && held.IsDoubted;

    /// <summary>Whether an answer may be used, wherever it was kept.</summary>
    internal Recall Use(HeldAnswer held, IntrospectionPolicy policy, ClockReading now, out IntrospectionResult result)
    {
        result = default;
        var age = now.AtMostSince(held.Asked);
        if (held.Token is null)
        {
            if (age >= policy.NegativeTtl) return Recall.Nothing;
            result = new IntrospectionResult(IntrospectionOutcome.Inactive, IntrospectionSource.Memory, Age: age);
            return Recall.Found;
        }
        // First the lease, then the view: what gave the lease is in it.
        var (ttl, more) = TtlOf(held, policy, now);
        if (age >= ttl + more || !IsTrue(held, now)) return Recall.Nothing;
        result = new IntrospectionResult(IntrospectionOutcome.Active, IntrospectionSource.Memory, held.Token, Age: age);
        return age >= ttl && held.IsFirstRefreshIn(now) ? Recall.FoundButDue : Recall.Found;
    }

    /// <summary>What is kept of an answer of the server. Active but not in its time, it is kept as an inactive one.</summary>
    internal HeldAnswer Hold(UpstreamAnswer answer, ClockReading asked)
    {
        var isActive = IsActive(answer, time.Read());
        var ttl = isActive ? TtlOf(answer.Token!) : null;
        return new HeldAnswer(isActive ? answer.Token : null, answer.Mark, asked, HeldAnswer.SizeOf(answer), ttl ?? TimeSpan.MaxValue);
    }

    /// <summary>Keeps it in its room, and what was there in the other goes; unless somebody invalidated a token since that number was read, for then it may be this one (L30). Says whether it is kept.</summary>
    internal bool Keep(Mac128 key, HeldAnswer held, long invalidations)
    {
        var (room, other) = held.Token is null ? (Inactive, Active) : (Active, Inactive);
        lock (_changing)
        {
            if (_invalidations != invalidations) return false;
            other.Remove(key);
            room.Keep(key, held);
            return true;
        }
    }

    internal bool Invalidate(Mac128 key)
    {
        lock (_changing)
        {
            Volatile.Write(ref _invalidations, _invalidations + 1);
            _invalidated.Add(key, time.Read());
            return Active.Remove(key) | Inactive.Remove(key);
        }
    }

    /// <summary>Whether this process was told later that the token is inactive. What another was told before is not used then, however fresh it may be.</summary>
    internal bool WasEndedAfter(Mac128 key, ClockReading asked) => Inactive.TryFind(key, out var known) && known.Asked.Monotonic >= asked.Monotonic - AnswerCodec.MostAhead;

    /// <summary>Whether the server says that it is active, and it is in its time.</summary>
    internal bool IsActive(UpstreamAnswer answer, ClockReading now) => answer.Outcome is IntrospectionOutcome.Active && answer.Token!.IsInTime(now.UnixSeconds(), _leeway);

    /// <summary>The server can't be asked. What a policy lets pass is never what is known to have ended.</summary>
    internal IntrospectionResult InFault(Mac128 key, IntrospectionPolicy policy, IntrospectionFault fault)
    {
        var cannotTell = new IntrospectionResult(IntrospectionOutcome.CannotTell, IntrospectionSource.Server, Fault: fault);
        // A refusal is the caller's own fault, or its end at the server: nothing that was kept is its business any more.
        if (fault is IntrospectionFault.Refused) return cannotTell;
        var now = time.Read();
        if (Active.TryFind(key, out var held) && !IsTrue(held, now)) return cannotTell;
        // What was judged here is no answer of the server, and has grace only where the feed is what ends it, and its keys are not too old.
        if (held is not null && (held.Proof is null || (held.IsFollowed && !policy.AlsoIntrospectJwts && held.Proof.Serves(now))))
        {
            var age = now.AtMostSince(held.Asked);
            // It was to be asked again only to be sure, and may be used as if that had not been.
            if (held.IsDoubted && age < TtlOf(held, policy, now).Ttl) return new IntrospectionResult(IntrospectionOutcome.Active, IntrospectionSource.Memory, held.Token, fault, age);
            if (policy.FailMode is not FailMode.FailClosed && age < Least(policy.MaxStale, held.MaxTtl) && (!held.IsFollowed || follower.IsInGrace(now, policy.Grace))) return new IntrospectionResult(IntrospectionOutcome.Active, IntrospectionSource.Stale, held.Token, fault, age);
        }
        // What whoever brings tokens can bring about is no server out of reach: one that has no answer to just this, a key that nobody knows, or more tokens than it or this process takes (L47). And what is outdated is known to have ended.
        if (fault is IntrospectionFault.Malformed or IntrospectionFault.Throttled or IntrospectionFault.Overloaded or IntrospectionFault.Outdated or IntrospectionFault.UnknownKey) return cannotTell;
        if (fault is IntrospectionFault.Unfollowed && !follower.IsOutOfReach) return cannotTell;
        if (policy.FailMode is not FailMode.FailOpen || Inactive.TryFind(key, out _) || _invalidated.Contains(key)) return cannotTell;
        return new IntrospectionResult(IntrospectionOutcome.Active, IntrospectionSource.Open, Fault: fault);
    }

    // The answer is good; how long it will be is not known, so it serves this check alone.
    private TimeSpan? TtlOf(IntrospectedToken token)
    {
        try
        {
            return options.TtlOf?.Invoke(token);
        }
        catch (Exception thrown)
        {
            faults.Tell(nameof(TokenIntrospectionOptions.TtlOf), thrown);
            return TimeSpan.Zero;
        }
    }

    // A risk that is not known is the highest.
    private double RiskOf(IntrospectedToken token, IntrospectionPolicy policy)
    {
        try
        {
            return policy.RecheckRisk?.Invoke(token) ?? 1;
        }
        catch (Exception thrown)
        {
            faults.Tell(nameof(IntrospectionPolicy.RecheckRisk), thrown);
            return double.PositiveInfinity;
        }
    }

    private bool IsTrue(HeldAnswer held, ClockReading now) => held.Token!.IsInTime(now.UnixSeconds(), _leeway) && held.IsAllowed(follower.View);

    // A JWT that was judged here is judged again when its keys are old, and is never enough where the server has to be asked as well. Nobody can be asked for it beside its use.
    private TimeSpan LocalTtlOf(HeldAnswer held, IntrospectionPolicy policy, ClockReading now)
    {
        if (policy.AlsoIntrospectJwts || !held.Proof!.Serves(now)) return TimeSpan.Zero;
        if (!held.IsFollowed || follower.At(now) is Freshness.Followed) return Least(policy.MaxTtl, held.MaxTtl);
        return follower.IsInGrace(now, policy.UnfollowedTtl) ? Least(policy.UnfollowedTtl, held.MaxTtl) : TimeSpan.Zero;
    }

    // How old it may be; and how much older while another is fetched, which is no grace: with the lease it is as current as before, and without a feed nobody was promised more.
    private (TimeSpan Ttl, TimeSpan More) TtlOf(HeldAnswer held, IntrospectionPolicy policy, ClockReading now) => held.Proof is not null ? (LocalTtlOf(held, policy, now), default) : follower.At(now) switch
    {
        Freshness.Plain => WithMore(PlainTtlOf(held, policy), held, policy),
        Freshness.Followed when held.IsFollowed => WithMore(policy.MaxTtl, held, policy),
        _ when !held.IsFollowed || follower.IsInGrace(now, policy.UnfollowedTtl) => (Least(policy.UnfollowedTtl, held.MaxTtl), default),
        _ => default,
    };

    // What is always to be asked for is not used while another is fetched either; and nothing is used for longer than its own content says.
    private static (TimeSpan Ttl, TimeSpan More) WithMore(TimeSpan most, HeldAnswer held, IntrospectionPolicy policy)
    {
        var ttl = Least(most, held.MaxTtl);
        return (ttl, ttl <= TimeSpan.Zero ? default : Least(policy.StaleWhileRevalidate, held.MaxTtl - ttl));
    }

    // In the shared cache it may be older than here; together they make it no older than it may be there. A check that wants less than the client as a whole gets what it wants (L22).
    private TimeSpan PlainTtlOf(HeldAnswer held, IntrospectionPolicy policy) =>
        held.AgeWhenShared == default || policy.PlainTtl == default || policy.PlainTtl < options.Policy.PlainTtl ? policy.PlainTtl : Least(held.AgeWhenShared + policy.PlainTtl, options.SharedCache!.PlainTtl);

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
