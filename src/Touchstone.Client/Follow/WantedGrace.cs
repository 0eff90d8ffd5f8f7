using Touchstone.Client.Telemetry;

namespace Touchstone.Client.Follow;

/// <summary>
/// For how long at most any check goes on without the feed: what the server is told. The policy of the client counts always; of others either those that are in use, where somebody says which (<see cref="TokenIntrospectionOptions.PoliciesInUse"/>),
/// or those that checks brought, until nobody brought one for as long as <see cref="Remembered"/>, or twice that.
/// </summary>
/// <param name="options">The policy of the client, and who says which others are in use.</param>
/// <param name="faults">Where it is told that this was not said.</param>
internal sealed class WantedGrace(TokenIntrospectionOptions options, CallbackFaults faults)
{
    /// <summary>For how long a policy counts as in use that a check brought, at least.</summary>
    internal static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    private readonly Lock _changing = new();
    private long _wanted, _wantedBefore; // Ticks: the most in this period, and in the one before.
    private TimeSpan? _turned;

    /// <summary>A check comes that would go on for so long.</summary>
    internal void Want(TimeSpan grace)
    {
        if (grace.Ticks <= Volatile.Read(ref _wanted)) return;
        lock (_changing) _wanted = Math.Max(_wanted, grace.Ticks);
    }

    /// <summary>The most that is wanted now. Asked by one at a time.</summary>
    /// <param name="now">By the clock that nobody sets.</param>
    internal TimeSpan Longest(TimeSpan now)
    {
        lock (_changing)
        {
            _turned ??= now;
            if (now - _turned >= Remembered) (_wantedBefore, _wanted, _turned) = (_wanted, 0, now);
        }
        var others = InUse() ?? TimeSpan.FromTicks(Math.Max(Volatile.Read(ref _wanted), _wantedBefore));
        return others > options.Policy.Grace ? others : options.Policy.Grace;
    }

    // Where it can't be found out, what checks brought counts.
    private TimeSpan? InUse()
    {
        if (options.PoliciesInUse is null) return null;
        try
        {
            return options.PoliciesInUse().Select(static policy => policy.Grace).DefaultIfEmpty().Max();
        }
        catch (Exception thrown)
        {
            faults.Tell(nameof(TokenIntrospectionOptions.PoliciesInUse), thrown);
            return null;
        }
    }
}
