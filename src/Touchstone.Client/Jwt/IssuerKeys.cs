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

    private readonly Lock _changing = new();
    private KeySet? _current;
    private ReadOnlyMemory<byte> _body;
    private ClockReading _fetched;
    private ClockReading? _attempted;
    private bool _isFailing;
    private Task<KeySet?>? _running;
    private long _checks;

    /// <summary>What became of a JWT.</summary>
    /// <param name="Verdict">About its signature.</param>
    /// <param name="Keys">By these keys; null where there is no verdict.</param>
    /// <param name="Fault">Why there is none.</param>
    internal readonly record struct Vouched(SignatureVerdict Verdict, KeySet? Keys, IntrospectionFault Fault = IntrospectionFault.None);

    /// <summary>The keys that were read last. As long as this is the same object, nothing changed.</summary>
    internal KeySet? Current => Volatile.Read(ref _current);

    /// <summary>How many signatures were checked.</summary>
    internal long Checks => Volatile.Read(ref _checks);

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
            if (age < Fresh / 2) return new(_current);
            var fetching = Begin();
            // Nobody waits for an issuer that failed a moment ago while its keys may still be used.
            return age < Fresh || fetching is null || (_isFailing && age < MostStale) ? new(Usable()) : WaitAsync(fetching, cancellationToken);
        }
    }

    private ValueTask<KeySet?> RefreshAsync(KeySet seen, CancellationToken cancellationToken)
    {
        lock (_changing)
        {
            if (_current != seen) return new(_current);
            return Begin() is { } fetching ? new(fetching.WaitAsync(cancellationToken)) : new(_isFailing ? null : _current);
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
        if (_attempted is { } attempted && now.AtLeastSince(attempted) < (_isFailing ? BetweenFailures : BetweenFetches)) return null;
        _attempted = now;
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
            if (keys is null) return null;
            // The same keys are the same object: nothing that they vouched for ends.
            if (_current is null || !_body.Span.SequenceEqual(body.Span)) Volatile.Write(ref _current, keys);
            (_body, _fetched) = (body, began);
            return _current;
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

    private TimeSpan Age() => _current is null ? TimeSpan.MaxValue : time.Read().AtMostSince(_fetched);

    private KeySet? Usable() => Age() < MostStale ? _current : null;
}
