using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore.Decisions;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>The overrides of an application: resolve it, from behind whatever lets operators in. They live in this process and end with it. Safe for all threads.</summary>
public sealed class TokenPolicyOverrides
{
    private const int Most = 100;

    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Lock _changing = new();
    private volatile Active[] _active = [];

    private sealed record Active(TokenPolicyOverride Override, PathString Path, DateTimeOffset Until, long Begun);

    internal TokenPolicyOverrides(ILoggerFactory loggers, TimeProvider time) => (_logger, _time) = (loggers.CreateLogger(AccessDecisions.Category), time);

    /// <summary>Those in force, with the time at which each ends.</summary>
    public IReadOnlyList<(TokenPolicyOverride Override, DateTimeOffset Until)> List() => [.. Current().Select(one => (one.Override, one.Until))];

    /// <summary>Sets one, from the next request on; one for the same routes is replaced.</summary>
    /// <exception cref="ArgumentException">It is not what it has to be, or there are 100; the message says all that is wrong.</exception>
    public void Set(TokenPolicyOverride policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var faults = string.Join(' ', policy.Faults());
        if (faults.Length > 0) throw new ArgumentException(faults, nameof(policy));
        var until = _time.GetUtcNow() + policy.For;
        lock (_changing)
        {
            var others = Current().Where(one => one.Override.Routes != policy.Routes).ToArray();
            if (others.Length >= Most) throw new ArgumentException("There are 100 overrides: end one first.", nameof(policy));
            // The longest path first: the nearest counts.
            _active = [.. others.Append(new Active(policy, policy.Routes == "/" ? PathString.Empty : new PathString(policy.Routes.TrimEnd('/')), until, _time.GetTimestamp())).OrderByDescending(one => one.Path.Value?.Length ?? 0)];
        }
        _logger.Overridden(policy.Routes, until, policy.FailMode?.ToString() ?? "unchanged", policy.MaxTtl?.ToString() ?? "unchanged", policy.By, policy.Reason);
    }

    /// <summary>Ends one before its time. Says whether it was in force.</summary>
    /// <param name="routes">Its routes.</param>
    /// <param name="by">Who ends it.</param>
    public bool End(string routes, string by)
    {
        ArgumentException.ThrowIfNullOrEmpty(by);
        lock (_changing)
        {
            var current = Current();
            _active = [.. current.Where(one => one.Override.Routes != routes)];
            if (_active.Length == current.Length) return false;
        }
        _logger.OverrideEnded(routes, "told by " + by, by);
        return true;
    }

    /// <summary>The policy of a request. Without overrides it is a read of one field.</summary>
    internal IntrospectionPolicy? For(HttpRequest request, IntrospectionPolicy? policy, IntrospectionClient client)
    {
        if (_active.Length == 0) return policy;
        foreach (var one in Current())
        {
            if (request.PathBase.Add(request.Path).StartsWithSegments(one.Path)) return one.Override.Apply(policy ?? client.Policy);
        }
        return policy;
    }

    private Active[] Current()
    {
        var active = _active;
        if (!active.Any(IsOver)) return active;
        lock (_changing)
        {
            foreach (var over in _active.Where(IsOver)) _logger.OverrideEnded(over.Override.Routes, "its time was over", over.Override.By);
            return _active = [.. _active.Where(one => !IsOver(one))];
        }
    }

    // By the clock that nobody sets.
    private bool IsOver(Active one) => _time.GetElapsedTime(one.Begun) >= one.Override.For;
}
