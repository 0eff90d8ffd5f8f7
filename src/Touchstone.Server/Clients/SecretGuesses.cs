using Touchstone.Protocol.Hashing;

namespace Touchstone.Server.Clients;

/// <summary>
/// The brought secrets of one client that are being verified, each once however many requests carry it, and the last that were wrong.
/// So a burst of requests after a start costs one slow hash, and a caller that repeats a wrong secret costs one too.
/// </summary>
internal sealed class SecretGuesses
{
    /// <summary>How many different secrets of one client may wait at once: more are guesses.</summary>
    internal const int MaxPending = 4;

    private const int MaxWrong = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<Mac128, Task<bool>> _pending = [];
    private readonly Queue<(Mac128 Mac, string Slots)> _wrong = new();

    /// <summary>Whether this was found wrong for the very secrets that are valid now.</summary>
    internal bool IsKnownWrong(Mac128 mac, IReadOnlyList<SecretSlot> slots)
    {
        lock (_lock) return _wrong.Count > 0 && _wrong.Contains((mac, Name(slots)));
    }

    /// <summary>Joins the verification of this secret, or begins one; null when too many others wait.</summary>
    internal Task<bool>? Join(Mac128 mac, IReadOnlyList<SecretSlot> slots, Func<Task<bool>?> begin)
    {
        lock (_lock)
        {
            if (_pending.TryGetValue(mac, out var running)) return running;
            if (_pending.Count >= MaxPending || begin() is not { } begun) return null;
            var name = Name(slots);
            return _pending[mac] = FinishAsync(begun, mac, name);
        }
    }

    private async Task<bool> FinishAsync(Task<bool> begun, Mac128 mac, string slots)
    {
        var isRight = false;
        try
        {
            // Never at once: it must not end before Join has noted it.
            await Task.Yield();
            return isRight = await begun;
        }
        finally
        {
            lock (_lock)
            {
                _pending.Remove(mac);
                if (!isRight && begun.IsCompletedSuccessfully) _wrong.Enqueue((mac, slots));
                if (_wrong.Count > MaxWrong) _wrong.Dequeue();
            }
        }
    }

    private static string Name(IReadOnlyList<SecretSlot> slots) => string.Join(' ', slots.Select(slot => slot.Identity));
}
