using System.Net;
using Touchstone.Server.Detection;

namespace Touchstone.Server.Limits;

/// <summary>What a client that is known has still to pass: from where it may call, and how often. It hangs on the client itself, so that finding it costs nothing.</summary>
internal sealed class ClientGate
{
    private readonly IPNetwork[] _allowed;
    private readonly TokenBucket? _bucket;

    private ClientGate(TokenBucket? bucket, IPNetwork[] allowed, CallerActivity activity)
    {
        _bucket = bucket;
        _allowed = allowed;
        Activity = activity;
    }

    /// <summary>For what is no registered client.</summary>
    internal static ClientGate Open { get; } = new(null, [], new CallerActivity());

    /// <summary>Requests a second; 0 for no limit.</summary>
    internal int Rate => _bucket?.Rate ?? 0;

    /// <summary>How many may come at once; null for no limit.</summary>
    internal int? Burst => _bucket?.Burst;

    /// <summary>What the client did lately.</summary>
    internal CallerActivity Activity { get; }

    /// <summary>Makes the gate of a registration. What was counted before goes on: a change of something else must not fill a bucket.</summary>
    internal static ClientGate Of(ClientLimits? registered, LimitOptions defaults, ClientGate? previous, TimeProvider time)
    {
        var limits = registered ?? new ClientLimits();
        var (rate, burst) = limits.Effective(defaults);
        var bucket = rate == 0 ? null : previous?._bucket is { } old && old.Rate == rate && old.Burst == burst ? old : new TokenBucket(rate, burst, time);
        return new ClientGate(bucket, [.. (limits.AllowAddresses ?? []).Select(range => AddressRange.Parse(range)!.Value)], previous?.Activity ?? new CallerActivity());
    }

    internal bool Allows(Microsoft.AspNetCore.Http.ConnectionInfo connection) => _allowed.Length == 0 || AddressRange.Holds(_allowed, connection.RemoteIpAddress);

    /// <summary>Takes from the bucket; else says how long it takes until there is enough in it.</summary>
    internal bool TryTake(int tokens, long now, out TimeSpan wait)
    {
        wait = default;
        return _bucket is null || _bucket.TryTake(tokens, now, out wait);
    }
}
