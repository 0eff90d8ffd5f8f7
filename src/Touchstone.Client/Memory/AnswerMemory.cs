using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Touchstone.Protocol.Hashing;

namespace Touchstone.Client.Memory;

/// <summary>
/// Answers by token, bounded by number and bytes. What is asked once and never again leaves soon and pushes out nothing that is asked often (S3-FIFO: a small queue for what is new, a main queue for what was met again,
/// and a memory of the keys that left the small one). A hit takes no lock and allocates nothing: it counts up a byte, and does not even that once the byte is full.
/// </summary>
internal sealed class AnswerMemory(int maxEntries, long maxBytes)
{
    private const int MostMet = 3;
    private const int LeastSwept = 64;

    // The share of the small queue, as its authors measured it.
    private const int SmallShare = 10;

    private readonly ConcurrentDictionary<Mac128, Slot> _slots = new();
    private readonly Lock _changing = new();
    private readonly Queue<Slot> _small = new(), _main = new();
    private readonly GhostKeys _left = new(maxEntries);
    private long _smallBytes, _bytes;
    private int _count;
    private long _evicted;

    private sealed class Slot(Mac128 key, HeldAnswer answer)
    {
        internal Mac128 Key { get; } = key;

        internal HeldAnswer Answer = answer;
        internal byte Met;
        internal bool IsRemoved;
        internal bool IsInMain;
    }

    internal int Count => Volatile.Read(ref _count);

    /// <summary>How many slots the queues hold, with those that were removed.</summary>
    internal int Queued => _small.Count + _main.Count;

    internal long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How many left to make room.</summary>
    internal long Evicted => Volatile.Read(ref _evicted);

    internal bool TryFind(Mac128 key, [NotNullWhen(true)] out HeldAnswer? answer)
    {
        answer = null;
        if (!_slots.TryGetValue(key, out var slot)) return false;
        if (slot.Met < MostMet) slot.Met++; // Two at once may count once: it is an estimate.
        answer = Volatile.Read(ref slot.Answer);
        return true;
    }

    /// <summary>Keeps an answer, in place of one that is there.</summary>
    internal void Keep(Mac128 key, HeldAnswer answer)
    {
        if (maxEntries == 0 || answer.Bytes > maxBytes) return;
        lock (_changing)
        {
            if (_slots.TryGetValue(key, out var there))
            {
                Grow(there, answer.Bytes - there.Answer.Bytes);
                Volatile.Write(ref there.Answer, answer);
            }
            else
            {
                var slot = new Slot(key, answer) { IsInMain = _left.Remove(key) };
                (slot.IsInMain ? _main : _small).Enqueue(slot);
                _slots[key] = slot;
                _count++;
                Grow(slot, answer.Bytes);
            }
            while (_count > maxEntries || _bytes > maxBytes) Evict();
        }
    }

    internal bool Remove(Mac128 key)
    {
        lock (_changing)
        {
            if (!_slots.TryRemove(key, out var slot)) return false;
            // It stays in its queue until its turn comes, or until there are more such than others.
            slot.IsRemoved = true;
            _count--;
            Grow(slot, -slot.Answer.Bytes);
            if (_small.Count + _main.Count > (2 * _count) + LeastSwept) Sweep();
            return true;
        }
    }

    private void Sweep()
    {
        foreach (var queue in (ReadOnlySpan<Queue<Slot>>)[_small, _main])
        {
            for (var left = queue.Count; left > 0; left--)
            {
                if (queue.Dequeue() is { IsRemoved: false } slot) queue.Enqueue(slot);
            }
        }
    }

    // At least one leaves, unless what comes to the front were only slots that were removed already.
    private void Evict()
    {
        if (_small.Count > 0 && (_main.Count == 0 || _smallBytes * SmallShare >= _bytes || _small.Count * SmallShare >= _count)) EvictSmall();
        else EvictMain();
    }

    private void EvictSmall()
    {
        while (_small.TryDequeue(out var slot))
        {
            if (slot.IsRemoved) continue;
            if (slot.Met > 0)
            {
                // Met again while it was new: it has earned its place.
                slot.Met = 0;
                _smallBytes -= slot.Answer.Bytes;
                slot.IsInMain = true;
                _main.Enqueue(slot);
                continue;
            }
            _left.Add(slot.Key);
            Leave(slot);
            return;
        }
    }

    private void EvictMain()
    {
        while (_main.TryDequeue(out var slot))
        {
            if (slot.IsRemoved) continue;
            if (slot.Met > 0)
            {
                slot.Met--;
                _main.Enqueue(slot);
                continue;
            }
            Leave(slot);
            return;
        }
    }

    private void Leave(Slot slot)
    {
        slot.IsRemoved = true;
        _slots.TryRemove(slot.Key, out _);
        _count--;
        _evicted++;
        Grow(slot, -slot.Answer.Bytes);
    }

    private void Grow(Slot slot, int bytes)
    {
        _bytes += bytes;
        if (!slot.IsInMain) _smallBytes += bytes;
    }
}
