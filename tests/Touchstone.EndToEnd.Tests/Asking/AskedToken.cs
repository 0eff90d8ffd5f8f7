namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>A token that is presented again and again, and what became of it. Times are timestamps of this process, which also sends the requests.</summary>
internal sealed class AskedToken(string value)
{
    private long _acknowledged = long.MaxValue;
    private long _lastAccepted = long.MinValue;
    private int _isAsked;

    internal string Value { get; } = value;

    /// <summary>Whether anybody has asked for its revocation. Until then it lives.</summary>
    internal bool IsAsked => Volatile.Read(ref _isAsked) == 1;

    internal bool IsRevoked => Volatile.Read(ref _acknowledged) != long.MaxValue;

    /// <summary>How long after the 200 of its revocation the last request began that was accepted; zero where none was.</summary>
    internal TimeSpan AcceptedAfter => Volatile.Read(ref _lastAccepted) > Volatile.Read(ref _acknowledged) ? TimeProvider.System.GetElapsedTime(_acknowledged, _lastAccepted) : TimeSpan.Zero;

    /// <summary>Its revocation is asked for: from now on it may be accepted or not.</summary>
    internal void Ask() => Volatile.Write(ref _isAsked, 1);

    /// <summary>The 200 was read.</summary>
    internal void Acknowledge() => Volatile.Write(ref _acknowledged, TimeProvider.System.GetTimestamp());

    /// <summary>A request that began then was accepted.</summary>
    internal void Accept(long begun)
    {
        var last = Volatile.Read(ref _lastAccepted);
        while (begun > last)
        {
            var there = Interlocked.CompareExchange(ref _lastAccepted, begun, last);
            if (there == last) return;
            last = there;
        }
    }
}
