using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.Revocation;

/// <summary>One row of the revocation log. However many tokens it ends, it is one row.</summary>
public sealed record RevocationRow
{
    /// <summary>The name of who revokes when the server does so itself.</summary>
    public const string Server = "touchstone";

    /// <summary>Its place in the log: 1 for the first; commit order is this order.</summary>
    public required long Seq { get; init; }

    /// <summary>Random, so that a row can be told from another one that a restored database put in its place.</summary>
    public required Guid Id { get; init; }

    /// <summary>When it was written, in seconds since 1970. For people; and for who judges JWTs that don't say when they were born, with a margin.</summary>
    public required long At { get; init; }

    /// <summary>What it ends.</summary>
    public required Selector Selector { get; init; }

    /// <summary>The second after which no token that it could end is still valid.</summary>
    public required long ForgetAfter { get; init; }

    /// <summary>Narrows a born-before row to tokens issued before this second, what was refreshed from these, and what descends from any; null for all of them.</summary>
    public long? IssuedBefore { get; init; }

    /// <summary>The client that revoked.</summary>
    public required string Actor { get; init; }

    /// <summary>Why, in the operator's words.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether this row ends a token whose record matches its selector.</summary>
    public bool Ends(TokenRecord record) => Matches(record) && (Selector.EndsForEver || EndsBorn(record.Born, record.JudgedIssuedAt));

    /// <summary>Whether a born-before row reaches a token of this birth and issue.</summary>
    public bool EndsBorn(long born, long issuedAt) => born < Seq && (IssuedBefore is not { } before || issuedAt < before);

    private bool Matches(TokenRecord record) => IsOf(record) || record.Lineage.Contains(Selector);

    private bool IsOf(TokenRecord record) => Selector.Kind switch
    {
        SelectorKind.Token => record.Hash == Selector.Hash || record.Ancestors.Contains(Selector.Hash),
        SelectorKind.Grant => record.Grant is not null && record.Grant == Selector.Id,
        SelectorKind.Session => record.Session is not null && record.Session == Selector.Id && record.Issuer == Selector.Issuer,
        SelectorKind.Subject => record.Subject is not null && record.Subject == Selector.Id && record.Issuer == Selector.Issuer,
        SelectorKind.Member => record.Subject is not null && record.Subject == Selector.Id && record.Issuer == Selector.Issuer && record.Tenant is not null && record.Tenant == Selector.Group,
        SelectorKind.Jwt => record.Jti is not null && record.Jti == Selector.Id && record.Issuer == Selector.Issuer,
        SelectorKind.Client => record.ClientId == Selector.Id,
        SelectorKind.Tenant => record.Tenant is not null && record.Tenant == Selector.Id,
        SelectorKind.All => true,
        _ => false,
    };
}
