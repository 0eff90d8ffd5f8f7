using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol;
using Touchstone.Server.Http;

namespace Touchstone.Server.Limits;

/// <summary>
/// Addresses from which requests failed before anybody was recognised. Only these are kept, at most <see cref="MaxAddresses"/>, so an address that does nothing wrong costs one comparison,
/// or one look-up while others fail.
/// </summary>
internal sealed class AddressLimits(ServerOptions options, TimeProvider time)
{
    internal const int MaxAddresses = 16_384;

    /// <summary>Why a request was refused, in metrics and audit.</summary>
    internal const string Failures = "address_failures", Delayed = "authentication_delayed";

    internal static readonly OAuthError TooManyFailures = OAuthError.RateLimitExceeded.With("Too many requests from this address failed.");

    private readonly LimitOptions _limits = options.Limits;
    private readonly ConcurrentDictionary<AddressKey, AddressRecord> _records = new();
    private readonly Lock _adding = new();
    private int _count;

    /// <summary>How many addresses something is held against.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Answers 429 when the address has to wait; else notes what is held against it, for whoever judges the client.</summary>
    internal bool Refuses(FormExchange exchange)
    {
        if (Count == 0) return false;
        exchange.Address = Find(exchange.Http.Connection.RemoteIpAddress);
        if (exchange.Address?.Delay(exchange.Started) is not { } delay || delay == TimeSpan.Zero) return false;
        exchange.RefuseForNow(TooManyFailures, Failures, delay);
        return true;
    }

    /// <summary>How long requests from this address have to wait.</summary>
    internal TimeSpan Delay(HttpContext http, long now) => Count == 0 ? TimeSpan.Zero : Find(http.Connection.RemoteIpAddress)?.Delay(now) ?? TimeSpan.Zero;

    /// <summary>Counts a request that failed before its caller was known; a wrong proof also for the client that it named.</summary>
    internal void Failed(HttpContext http, long now, string? guessed = null)
    {
        if (_limits.AddressFailures == 0 || http.Connection.RemoteIpAddress is not { } address) return;
        var record = Find(address) ?? Add(AddressKey.Of(address), now);
        record.Fail(now);
        if (guessed is not null) record.FailFor(guessed, now);
    }

    /// <summary>Forgets what is long ago. Called by the clock.</summary>
    internal void Sweep()
    {
        lock (_adding) RemoveForgotten(time.GetTimestamp());
    }

    private AddressRecord? Find(IPAddress? address) => address is not null && _records.TryGetValue(AddressKey.Of(address), out var record) ? record : null;

    private AddressRecord Add(AddressKey address, long now)
    {
        lock (_adding)
        {
            if (_count >= MaxAddresses) MakeRoom(now);
            var record = _records.GetOrAdd(address, _ => new AddressRecord(new TokenBucket(_limits.AddressFailures, _limits.AddressFailureBurst, time), _limits.MaxFailureDelay, time));
            Volatile.Write(ref _count, _records.Count);
            return record;
        }
    }

    // An eighth at once, so that a flood of addresses pays for one pass in two thousand.
    private void MakeRoom(long now)
    {
        RemoveForgotten(now);
        if (_count < MaxAddresses) return;
        foreach (var (address, _) in _records.ToArray().OrderBy(entry => entry.Value.Last).Take(MaxAddresses / 8)) _records.TryRemove(address, out _);
        Volatile.Write(ref _count, _records.Count);
    }

    private void RemoveForgotten(long now)
    {
        foreach (var (address, record) in _records)
        {
            if (record.IsForgotten(now)) _records.TryRemove(address, out _);
        }
        Volatile.Write(ref _count, _records.Count);
    }
}
