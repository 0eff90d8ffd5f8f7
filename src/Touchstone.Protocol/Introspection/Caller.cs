namespace Touchstone.Protocol.Introspection;

/// <summary>Who asks.</summary>
public enum CallerKind
{
    /// <summary>An API that protects resources: it sees the access tokens meant for it.</summary>
    ResourceServer,

    /// <summary>An application that tokens are issued to: it sees its own.</summary>
    Client,
}

/// <summary>The authenticated party that introspects, as far as the answer depends on it.</summary>
public sealed record Caller
{
    /// <summary>Its client identifier.</summary>
    public required string ClientId { get; init; }

    /// <summary>Which tokens it can see.</summary>
    public required CallerKind Kind { get; init; }

    /// <summary>A resource server's identifiers: a token is for it when its audience contains one of them.</summary>
    public IReadOnlyList<string> Audience { get; init; } = [];

    /// <summary>Whether it may introspect at all.</summary>
    public bool MayIntrospect { get; init; }

    /// <summary>What it may see of an answer about a token that is active for it.</summary>
    public IntrospectionView View { get; init; } = IntrospectionView.Whole;
}
