using Microsoft.Extensions.Logging;
using Touchstone.Client;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Overrides;

/// <summary>The overrides in force, one of a rule at most. They live in this process and end with it, by their time, or with their rule. Safe for all threads.</summary>
internal sealed class PolicyOverrides : IDisposable
{
    private readonly RulesInForce _rules;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _changing = new();
    private volatile Active[] _active = [];

    private sealed class Active(PolicyOverride policy, DateTimeOffset until, long begun)
    {
        internal PolicyOverride Override => policy;

        internal DateTimeOffset Until => until;

        internal long Begun => begun;

        internal ITimer? End { get; set; }
    }

    internal PolicyOverrides(RulesInForce rules, ILogger<PolicyOverrides> logger, TimeProvider time)
    {
        (_rules, _logger, _time) = (rules, logger, time);
        rules.Taken = EndOrphans;
    }

    /// <summary>Those in force, with the time at which each ends.</summary>
    internal IReadOnlyList<(PolicyOverride Override, DateTimeOffset Until)> List() => [.. _active.Where(one => !IsOver(one)).Select(static one => (one.Override, one.Until))];

    /// <summary>Sets one, from the next request on; one of the same rule is replaced.</summary>
    /// <returns>All that is wrong with it; null: it is set.</returns>
    internal string? Set(PolicyOverride policy)
    {
        lock (_changing)
        {
            // Within the lock, so that no rule goes in between.
            var faults = string.Join(' ', policy.Faults(_rules.Now.Rules.All));
            if (faults.Length > 0) return faults;
            var set = new Active(policy, _time.GetUtcNow() + policy.For, _time.GetTimestamp());
            foreach (var before in _active.Where(one => one.Override.Rule == policy.Rule)) before.End?.Dispose();
            _active = [.. _active.Where(one => one.Override.Rule != policy.Rule), set];
            set.End = _time.CreateTimer(_ => End(set, "its time is over"), null, policy.For, Timeout.InfiniteTimeSpan);
            _logger.Overridden(policy.Rule, set.Until, OverrideJson.NameOf(policy.FailMode) ?? "unchanged", policy.MaxTtl?.ToString() ?? "unchanged", policy.Reason ?? "none given");
            return null;
        }
    }

    /// <summary>Ends that of a rule before its time. Says whether there was one.</summary>
    internal bool End(string rule) => _active.FirstOrDefault(one => one.Override.Rule == rule) is { } active && End(active, "an operator ended it");

    /// <summary>The policy of a rule now. Without overrides it is a read of one field.</summary>
    internal IntrospectionPolicy PolicyOf(Rule rule)
    {
        foreach (var one in _active)
        {
            if (one.Override.Rule == rule.Name && !IsOver(one)) return one.Override.Apply(rule.Policy);
        }
        return rule.Policy;
    }

    /// <summary>The policies of all rules now.</summary>
    internal IEnumerable<IntrospectionPolicy> PoliciesInUse() => _rules.Now.Rules.All.Select(PolicyOf);

    public void Dispose()
    {
        foreach (var one in _active) one.End?.Dispose();
    }

    private void EndOrphans()
    {
        lock (_changing)
        {
            foreach (var orphan in _active.Where(one => _rules.Now.Rules.All.All(rule => rule.Name != one.Override.Rule))) End(orphan, "its rule is gone");
        }
    }

    private bool End(Active one, string why)
    {
        lock (_changing)
        {
            if (!_active.Contains(one)) return false;
            _active = [.. _active.Where(other => other != one)];
            one.End?.Dispose();
            _logger.OverrideEnded(one.Override.Rule, why);
            return true;
        }
    }

    // By the clock that nobody sets; a timer may come late.
    private bool IsOver(Active one) => _time.GetElapsedTime(one.Begun) >= one.Override.For;
}
