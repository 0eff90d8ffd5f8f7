using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Memory;

/// <summary>The keys that left lately without being met again: whatever comes back soon is no chance visitor. Keys only, as many as there may be answers.</summary>
internal sealed class GhostKeys(int most)
{
    private readonly HashSet<Mac128> _keys = [];
    private readonly Queue<Mac128> _order = new();

    internal void Add(Mac128 key)
    {
        if (!_keys.Add(key)) return;
        _order.Enqueue(key);
        // What came back is in the order still, and leaves it here.
        while (_order.Count > most) _keys.Remove(_order.Dequeue());
    }

    internal bool Remove(Mac128 key) => _keys.Remove(key);
}
