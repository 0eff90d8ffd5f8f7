namespace Touchstone.Client;

/// <summary>One of several servers, and which tokens are its.</summary>
/// <param name="Client">Who asks it.</param>
public sealed record IntrospectionRoute(IntrospectionClient Client)
{
    /// <summary>What its tokens begin with; null: its tokens are not known by their beginning.</summary>
    public string? TokenPrefix { get; init; }

    /// <summary>The <c>iss</c> of its tokens that are JWTs; null: they are not known by that. It is read unverified, and only to find out whom to ask.</summary>
    public string? JwtIssuer { get; init; }

    internal bool IsForAny => TokenPrefix is null && JwtIssuer is null;
}
