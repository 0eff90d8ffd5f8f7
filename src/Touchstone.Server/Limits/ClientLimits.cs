namespace Touchstone.Server.Limits;

/// <summary>The limits of one client as they are registered.</summary>
/// <param name="Rate">Requests a second, 1 to 1,000,000; 0 for no limit; null for the server's default.</param>
/// <param name="Burst">How many may come at once, 1 to 10,000,000; null for twice the rate, or the server's default where the rate is the default too.</param>
/// <param name="AllowAddresses">Addresses and CIDR ranges from which it may call; empty or null for any.</param>
internal sealed record ClientLimits(int? Rate = null, int? Burst = null, IReadOnlyList<string>? AllowAddresses = null)
{
    internal const int MaxRate = 1_000_000;
    internal const int MaxBurst = 10_000_000;
    internal const int MaxAddresses = 64;

    /// <summary>No limit at all.</summary>
    internal static ClientLimits None { get; } = new(0);

    /// <summary>Every error, as member and detail.</summary>
    internal IEnumerable<(string Member, string Detail)> Errors()
    {
        if (Rate is < 0 or > MaxRate) yield return ("limits.rate", $"must be 0 (no limit) to {MaxRate}");
        if (Burst is < 1 or > MaxBurst) yield return ("limits.burst", $"must be 1 to {MaxBurst}");
        if (AllowAddresses is not { } ranges) yield break;
        if (ranges.Count > MaxAddresses) yield return ("limits.allow_addresses", $"at most {MaxAddresses}");
        foreach (var range in ranges)
        {
            if (range is null || AddressRange.Parse(range) is null) yield return ("limits.allow_addresses", $"'{range}' is not an address or a range such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48");
        }
    }

    /// <summary>The rate that holds, 0 for none, and its burst.</summary>
    internal (int Rate, int Burst) Effective(LimitOptions defaults)
    {
        var rate = Rate ?? defaults.ClientRate;
        return (rate, Burst ?? (Rate is null ? defaults.ClientBurst : Math.Clamp(2 * rate, 1, MaxBurst)));
    }
}
