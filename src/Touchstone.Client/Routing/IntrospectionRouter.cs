using Touchstone.Client.Routing;

namespace Touchstone.Client;

/// <summary>
/// Asks one of several servers about a token: that whose tokens begin so, or that which a JWT names as its issuer; about any other token those that claim none of both, in order, until one says that it is active.
/// Each has its own client, and they share nothing: what one said is never another's answer. Safe for all threads. The clients are not disposed with it.
/// </summary>
public sealed class IntrospectionRouter
{
    private readonly IntrospectionRoute[] _byPrefix, _byIssuer, _others;

    /// <summary>Takes the routes.</summary>
    /// <exception cref="ArgumentException">There is none, one is empty, or two claim the same tokens.</exception>
    public IntrospectionRouter(IReadOnlyList<IntrospectionRoute> routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        if (routes.Count == 0) throw new ArgumentException("Give one route at least.", nameof(routes));
        if (routes.Any(route => route.TokenPrefix is "" || route.JwtIssuer is "")) throw new ArgumentException("TokenPrefix and JwtIssuer must not be empty: leave out what does not apply.", nameof(routes));
        // The longest first: it is the one that was meant.
        _byPrefix = [.. routes.Where(route => route.TokenPrefix is not null).OrderByDescending(route => route.TokenPrefix!.Length)];
        _byIssuer = [.. routes.Where(route => route.JwtIssuer is not null)];
        _others = [.. routes.Where(route => route.IsForAny)];
        if (_byPrefix.DistinctBy(route => route.TokenPrefix).Count() < _byPrefix.Length || _byIssuer.DistinctBy(route => route.JwtIssuer).Count() < _byIssuer.Length) throw new ArgumentException("Two routes claim the same tokens.", nameof(routes));
    }

    /// <summary>Finds out about a token from what is kept, if that is enough. It asks nobody; where it is false, <see cref="IntrospectAsync"/> asks.</summary>
    /// <param name="token">As it came. It is kept nowhere.</param>
    /// <param name="policy">For this check; null: that of the client that answers.</param>
    /// <param name="result">What is known.</param>
    public bool TryIntrospect(ReadOnlySpan<char> token, IntrospectionPolicy? policy, out IntrospectionResult result)
    {
        if (ClientOf(token) is { } client) return client.TryIntrospect(token, policy, out result);
        result = new IntrospectionResult(IntrospectionOutcome.Inactive, IntrospectionSource.Shape);
        var isKnown = true;
        foreach (var route in _others)
        {
            if (!route.Client.TryIntrospect(token, policy, out var known)) isKnown = false;
            else if (known.IsActive)
            {
                result = known;
                return true;
            }
            else result = known;
        }
        return isKnown;
    }

    /// <summary>Finds out about a token. Where one server can't be asked and no other says that it is active, it can't be told: never that it is inactive.</summary>
    /// <param name="token">As it came. It is kept nowhere.</param>
    /// <param name="policy">For this check; null: that of the client that answers.</param>
    /// <param name="cancellationToken">Ends this check.</param>
    public ValueTask<IntrospectionResult> IntrospectAsync(string token, IntrospectionPolicy? policy = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (TryIntrospect(token, policy, out var known)) return new(known);
        return ClientOf(token) is { } client ? client.IntrospectAsync(token, policy, cancellationToken) : AskInOrderAsync(token, policy, cancellationToken);
    }

    private async ValueTask<IntrospectionResult> AskInOrderAsync(string token, IntrospectionPolicy? policy, CancellationToken cancellationToken)
    {
        var result = new IntrospectionResult(IntrospectionOutcome.Inactive, IntrospectionSource.Shape);
        foreach (var route in _others)
        {
            var one = await route.Client.IntrospectAsync(token, policy, cancellationToken);
            // Who lets pass without having been asked does not speak for the others.
            if (one.IsActive && one.Source is not IntrospectionSource.Open) return one;
            if (result.Outcome is not IntrospectionOutcome.CannotTell && !result.IsActive) result = one;
        }
        return result;
    }

    private IntrospectionClient? ClientOf(ReadOnlySpan<char> token)
    {
        foreach (var route in _byPrefix)
        {
            if (token.StartsWith(route.TokenPrefix, StringComparison.Ordinal)) return route.Client;
        }
        return _byIssuer.Length > 0 && UnverifiedIssuer.Find(token, _byIssuer) is { } named ? named.Client : null;
    }
}
