using System.Runtime.CompilerServices;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Server.Clients;

/// <summary>What this process knows of one stored secret: whether and how it was proven, and when it was last used. It outlives changes of the registration.</summary>
internal sealed class SecretSlot(string identity)
{
    private StrongBox<Mac128>? _proven;
    private long _lastUsed;

    /// <summary>Which stored secret this is.</summary>
    internal string Identity => identity;

    internal bool IsProven => Volatile.Read(ref _proven) is not null;

    /// <summary>The second of the last use; 0 for never.</summary>
    internal long LastUsed => Volatile.Read(ref _lastUsed);

    /// <summary>The last use that is on the disk. Only whoever saves uses it.</summary>
    internal long SavedUse { get; set; }

    internal bool Knows(in Mac128 mac) => Volatile.Read(ref _proven) is { } proven && proven.Value == mac;

    internal void Prove(in Mac128 mac) => Volatile.Write(ref _proven, new StrongBox<Mac128>(mac));

    // Read first: a line of memory that every request writes would travel between cores.
    internal void Use(long now)
    {
        if (LastUsed < now) Volatile.Write(ref _lastUsed, now);
    }
}
