using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Touchstone.Client.Telemetry;
using Touchstone.Client.Upstream;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Leases;

namespace Touchstone.Client.Jwt;

/// <summary>
/// The keys of one issuer: fetched when they are first needed, again before they are old, and when a JWT names a key that is not among them. Whatever JWTs come, the issuer is asked at most once in <see cref="BetweenFetches"/>.
/// Where it can't be reached, the keys of before serve up to <see cref="MostStale"/>.
/// </summary>
internal sealed class IssuerKeys(string issuer, Func<CancellationToken, ValueTask<Uri?>> find, HttpClient http, TimeSpan patience, ILogger logger, TimeProvider time)
{
    internal static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10), MostStale = TimeSpan.FromHours(1), BetweenFetches = TimeSpan.FromSeconds(5), BetweenFailures = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FetchedAgain = Fresh / 2;

    private readonly Lock _changing = new();
    private Fetched? _last;
    private long _mayBegin = long.MinValue; // Ticks of the monotonic clock; none while a fetch runs.
    private volatile bool _isFailing;
    private Task<KeySet?>? _running;
    private long _checks;

    /// <summary>What became of a JWT.</summary>
    /// <param name="Verdict">About its signature.</param>
    /// <param name="Keys">By these keys; null where there is no verdict.</param>
    /// <param name="Fault">Why there is none.</param>
    internal readonly record struct Vouched(SignatureVerdict Verdict, KeySet? Keys, IntrospectionFault Fault = IntrospectionFault.None);

    // One object, so that who looks without the lock sees what belongs together.
    private sealed record Fetched(KeySet Keys, ReadOnlyMemory<byte> Body, ClockReading At);

    /// <summary>The keys that were read last. As long as this is the same object, nothing changed.</summary>
    internal KeySet? Current => Volatile.Read(ref _last)?.Keys;

    /// <summary>How many signatures were checked.</summary>
    internal long Checks => Volatile.Read(ref _checks);

    /// <summary>Whether what these keys vouched for may be used now without a word of the issuer: for as long as they would vouch for it again. Those in use are fetched again beside it, and nobody waits.</summary>
    internal bool Serve(KeySet keys, ClockReading now)
    {
        if (Volatile.Read(ref _last) is not { } last || last.Keys != keys) return false;
        var age = now.AtMostSince(last.At);
        if (age < FetchedAgain) return true;
        if (now.Monotonic.Ticks >= Volatile.Read(ref _mayBegin))
        {
            lock (_changing) Begin();
        }
        return age < Fresh || (_isFailing && age < MostStale);
    }

    /// <summary>Judges the signature of a JWT, whose algorithm was found allowed before.</summary>
    internal async ValueTask<Vouched> VerifyAsync(SignedJwt jwt, CancellationToken cancellationToken)
    {
        if (await GetAsync(cancellationToken) is not { } keys) return new Vouched(default, null, IntrospectionFault.KeysUnavailable);
        var verdict = Verify(jwt, keys);
        if (verdict is not SignatureVerdict.UnknownKey) return new Vouched(verdict, keys);
        // A key that was added since, perhaps. Where that can't be found out the JWT may be good; where it was found out a moment ago it is not. Anybody can make up the name of a key: that it is not known is no outage (L47).
        if (await RefreshAsync(keys, cancellationToken) is not { } newer) return new Vouched(default, null, IntrospectionFault.UnknownKey);
        return new Vouched(newer == keys ? verdict : Verify(jwt, newer), newer);
    }

    private SignatureVerdict Verify(SignedJwt jwt, KeySet keys)
    {
        Interlocked.Increment(ref _checks);
        return keys.Verify(jwt.Algorithm!, jwt.KeyId, jwt.Signed.Span, jwt.Signature.Span);
    }

    private ValueTask<KeySet?> GetAsync(CancellationToken cancellationToken)
    {
        lock (_changing)
        {
            var age = Age();
            if (age < FetchedAgain) return new(Current);
            var fetching = Begin();
            // Nobody waits for an issuer that failed a moment ago while its keys may still be used.
            return age < Fresh || fetching is null || (_isFailing && age < MostStale) ? new(Usable()) : WaitAsync(fetching, cancellationToken);
        }
    }

    private ValueTask<KeySet?> RefreshAsync(KeySet seen, CancellationToken cancellationToken)
    {
        lock (_changing)
        {
            if (Current != seen) return new(Current);
            return Begin() is { } fetching ? new(fetching.WaitAsync(cancellationToken)) : new(_isFailing ? null : Current);
        }
    }

    private async ValueTask<KeySet?> WaitAsync(Task<KeySet?> fetching, CancellationToken cancellationToken)
    {
        var fetched = await fetching.WaitAsync(cancellationToken);
        lock (_changing) return fetched ?? Usable();
    }

    // Under the lock. The fetch that runs, or a new one if it may begin.
    private Task<KeySet?>? Begin()
    {
        if (_running is not null) return _running;
        var now = time.Read();
        if (now.Monotonic.Ticks < _mayBegin) return null;
        Volatile.Write(ref _mayBegin, long.MaxValue);
        return _running = FetchAsync(now);
    }

    private async Task<KeySet?> FetchAsync(ClockReading began)
    {
        await Task.Yield(); // Never within the lock.
        KeySet? keys = null;
        ReadOnlyMemory<byte> body = default;
        try
        {
            body = await ReadAsync();
            if (!KeySet.TryParse(body, out keys, out _)) keys = null;
        }
        catch (Exception)
        {
            // Whatever it was: there are no new keys now, which is told below, and the next try may bring them.
        }
        lock (_changing)
        {
            _running = null;
            if (keys is null && !_isFailing) logger.KeysMissing(issuer);
            _isFailing = keys is null;
            Volatile.Write(ref _mayBegin, (began.Monotonic + (keys is null ? BetweenFailures : BetweenFetches)).Ticks);
            if (keys is null) return null;
            // The same keys are the same object: nothing that they vouched for ends.
            if (_last is { } before && before.Body.Span.SequenceEqual(body.Span)) keys = before.Keys;
            Volatile.Write(ref _last, new Fetched(keys, body, began));
            return keys;
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadAsync()
    {
        using var ending = new CancellationTokenSource(patience, time);
        if (await find(ending.Token) is not { } uri) return default;
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/jwk-set+json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ending.Token);
        if (!response.IsSuccessStatusCode) return default;
        return await BoundedReading.ReadAsync(response.Content, KeySet.MaxBytes, ending.Token) ?? default;
    }

    private TimeSpan Age() => _last is { } last ? time.Read().AtMostSince(last.At) : TimeSpan.MaxValue;

    private KeySet? Usable() => Age() < MostStale ? Current : null;
}
