using Microsoft.Extensions.Logging;
using Touchstone.Client.Upstream;

namespace Touchstone.Client.Jwt;

/// <summary>The keys of the issuers of a client, each fetched for itself, so that one that is dead or slow delays nobody else.</summary>
internal sealed class IssuerKeyRing(TokenIntrospectionOptions options, Discovery discovery, HttpClient http, ILogger logger, TimeProvider time) : IDisposable
{
    private readonly Dictionary<string, IssuerKeys> _keys = new(StringComparer.Ordinal);
    private readonly List<Discovery> _others = [];

    /// <summary>The keys of an issuer. Called while the client is made, and not after.</summary>
    internal IssuerKeys Of(string issuer, Uri? jwksUri = null)
    {
        if (_keys.TryGetValue(issuer, out var known)) return known;
        return _keys[issuer] = new IssuerKeys(issuer, jwksUri is null ? Find(issuer) : _ => new(jwksUri), http, options.TryTimeout, logger, time);
    }

    public void Dispose()
    {
        foreach (var other in _others) other.Dispose();
    }

    private Func<CancellationToken, ValueTask<Uri?>> Find(string issuer)
    {
        var metadata = discovery;
        if (options.Issuer?.OriginalString != issuer)
        {
            metadata = new Discovery(new TokenIntrospectionOptions { Issuer = new Uri(issuer), AllowInsecureHttp = options.AllowInsecureHttp }, http, time, forKeys: true);
            _others.Add(metadata);
        }
        return async cancellationToken => (await metadata.FindAsync(cancellationToken))?.Keys;
    }
}
