namespace Touchstone.Client;

/// <summary>How client assertions are made (RFC 7523 §3).</summary>
public sealed record AssertionOptions
{
    /// <summary><c>aud</c>. Null: the issuer as the metadata has it, which is what servers have to take (RFC 7523bis §4). Some older ones want their token endpoint here. Required where there is no metadata.</summary>
    public string? Audience { get; init; }

    /// <summary>From <c>iat</c> to <c>exp</c>. From 10 seconds to 5 minutes; default 1 minute.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// For how long an assertion is sent again. 0, the default: each request has a new one, and most servers, Touchstone among them, take each only once. Where a server is known to allow it, this saves a signature;
    /// one that is refused all the same is made anew, at the price of a refused request. Less than <see cref="Lifetime"/>.
    /// </summary>
    public TimeSpan ReuseFor { get; init; }

    internal IEnumerable<string> Faults()
    {
        if (Audience is { Length: 0 }) yield return "Audience of an assertion must not be empty.";
        if (Lifetime < TimeSpan.FromSeconds(10) || Lifetime > TimeSpan.FromMinutes(5)) yield return "Lifetime of an assertion must be from 10 seconds to 5 minutes.";
        if (ReuseFor < TimeSpan.Zero || ReuseFor >= Lifetime) yield return "ReuseFor of an assertion must be from 0 to less than Lifetime.";
    }
}
