namespace Touchstone.EndToEnd.Tests.Cluster;

/// <summary>A token that all nodes are asked about, and what was heard of its revocation. Times are timestamps of this process, which also sends the introspections.</summary>
internal sealed class WatchedToken(string value)
{
    private long _acknowledged = long.MaxValue;
    private int _isAsked;

    internal string Value { get; } = value;

    internal byte[] Form { get; } = System.Text.Encoding.ASCII.GetBytes("token=" + value);

    /// <summary>Whether anybody has asked for its revocation. Until then it lives.</summary>
    internal bool IsAsked => Volatile.Read(ref _isAsked) == 1;

    internal bool IsRevoked => Volatile.Read(ref _acknowledged) != long.MaxValue;

    /// <summary>Its revocation is asked for: from now on it may be active or not.</summary>
    internal void Ask() => Volatile.Write(ref _isAsked, 1);

    /// <summary>The 200 was read.</summary>
    internal void Acknowledge() => Volatile.Write(ref _acknowledged, TimeProvider.System.GetTimestamp());

    /// <summary>Whether an introspection that began then may not say active.</summary>
    internal bool WasRevokedBefore(long begun) => begun > Volatile.Read(ref _acknowledged);
}
