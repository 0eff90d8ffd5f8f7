namespace Touchstone.Server.Limits;

/// <summary>
/// What is held against one address: failures of any kind (a bucket; each time it is found empty all requests from there wait, longer each time), and wrong proofs for single clients
/// (the fifth is free, then that client waits, from this address only).
/// </summary>
internal sealed class AddressRecord(TokenBucket failures, TimeSpan maxDelay, TimeProvider time)
{
    private const int FreeGuesses = 5;
    private const int MaxClients = 16;

    private readonly Lock _lock = new();
    private Dictionary<string, Backoff>? _clients;
    private Backoff _all;
    private long _last;

    /// <summary>The time stamp of the last failure.</summary>
    internal long Last => Volatile.Read(ref _last);

    /// <summary>How long everything from here has to wait.</summary>
    internal TimeSpan Delay(long now)
    {
        lock (_lock) return _all.Left(now, time);
    }

    /// <summary>How long this client has to wait here. From another address it need not.</summary>
    internal TimeSpan DelayOf(string client, long now)
    {
        lock (_lock) return _clients is not null && _clients.TryGetValue(client, out var backoff) ? backoff.Left(now, time) : TimeSpan.Zero;
    }

    internal void Fail(long now)
    {
        lock (_lock)
        {
            Volatile.Write(ref _last, now);
            if (!failures.TryTake(1, now, out _)) _all.Fail(free: 0, maxDelay, now, time);
        }
    }

    /// <summary>Counts a wrong proof for a client. What more clients than are kept were tried is held against the address alone.</summary>
    internal void FailFor(string client, long now)
    {
        lock (_lock)
        {
            _clients ??= new Dictionary<string, Backoff>(StringComparer.Ordinal);
            if (!_clients.ContainsKey(client) && _clients.Count >= MaxClients)
            {
                foreach (var (other, old) in _clients)
                {
                    if (old.IsForgotten(now, time)) _clients.Remove(other);
                }
                if (_clients.Count >= MaxClients) return;
            }
            var backoff = _clients.GetValueOrDefault(client);
            backoff.Fail(FreeGuesses, maxDelay, now, time);
            _clients[client] = backoff;
        }
    }

    /// <summary>The client proved itself from here.</summary>
    internal void Forgive(string client)
    {
        lock (_lock) _clients?.Remove(client);
    }

    internal bool IsForgotten(long now)
    {
        lock (_lock) return _all.IsForgotten(now, time) && failures.IdleDuration is not null && (_clients is null || _clients.Values.All(backoff => backoff.IsForgotten(now, time)));
    }
}
