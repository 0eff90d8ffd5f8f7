using System.Text.Json;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Protocol.Tokens;

/// <summary>
/// The immutable facts of an issued token. It never holds the token, only its hash. Times are whole seconds since 1970-01-01T00:00:00Z (RFC 7662 §2.2).
/// JSON members are kept as the UTF-8 they came in, so that numbers stay numbers and arrays stay arrays.
/// </summary>
public sealed record TokenRecord
{
    /// <summary>The most ancestors a record may list: 16.</summary>
    public const int MaxAncestors = 16;

    /// <summary>The most selectors that <see cref="Lineage"/> may list: 32.</summary>
    public const int MaxLineage = 32;

    // What decides nothing stands apart, so that 100,000 cached records don't carry it (160 bytes each).
    private Told? _told;

    /// <summary>SHA-256 of the token: the key.</summary>
    public required TokenHash Hash { get; init; }

    /// <summary>Access or refresh token.</summary>
    public required TokenKind Kind { get; init; }

    /// <summary>The client that the token was issued to.</summary>
    public required string ClientId { get; init; }

    /// <summary>The authorization server that issued it: ours, or the one that registered it.</summary>
    public required string Issuer { get; init; }

    /// <summary>When it was issued.</summary>
    public required long IssuedAt { get; init; }

    /// <summary>When the first refresh token was issued from which this one came by refreshing; null for one that came otherwise.</summary>
    public long? BasisIssuedAt { get; init; }

    /// <summary>The first second at which it is no longer valid.</summary>
    public required long ExpiresAt { get; init; }

    /// <summary>The first second at which it is valid; null when that is from its issue.</summary>
    public long? NotBefore { get; init; }

    /// <summary>
    /// The sequence number of the revocation log against whose state the token's basis (credentials, refresh or subject token) was judged, taken before judging.
    /// A row above it that names the subject, client or tenant, or all, ends the token.
    /// </summary>
    public required long Born { get; init; }

    /// <summary>The resource owner's identifier at the issuer; null when there is none.</summary>
    public string? Subject { get; init; }

    /// <summary>The scopes granted.</summary>
    public ScopeSet Scope { get; init; } = ScopeSet.Empty;

    /// <summary>The resource servers that it is meant for.</summary>
    public IReadOnlyList<string> Audience { get; init; } = [];

    /// <summary>The refresh family: ended as a whole.</summary>
    public string? Grant { get; init; }

    /// <summary>The session at the issuer (<c>sid</c>): ended as a whole.</summary>
    public string? Session { get; init; }

    /// <summary>The tenant: all its tokens can be ended in one stroke.</summary>
    public string? Tenant { get; init; }

    /// <summary>The tokens that this one descends from by exchange: when one of them is revoked, this one ends too.</summary>
    public IReadOnlyList<TokenHash> Ancestors { get; init; } = [];

    /// <summary>
    /// What else could end the tokens that this one descends from: their subjects, clients, sessions, families and tenants, as far as they are not its own.
    /// What ends an ancestor ends this one too.
    /// </summary>
    public IReadOnlyList<Selector> Lineage { get; init; } = [];

    /// <summary>
    /// The time that a row narrowed to earlier issues is compared with: of a token that was refreshed, when the first of its family was issued; else whoever had that could keep it by refreshing. A descendant ends with tokens that were issued before it, and when those were issued is not kept: it counts as issued before any time.
    /// </summary>
    public long JudgedIssuedAt => Ancestors.Count > 0 ? long.MinValue : BasisIssuedAt ?? IssuedAt;

    /// <summary>A name for people to read.</summary>
    public string? Username { get => _told?.Username; init { if (value != Username) _told = (_told ?? Told.Nothing) with { Username = value }; } }

    /// <summary>The token's identifier, unique for the issuer.</summary>
    public string? Jti { get => _told?.Jti; init { if (value != Jti) _told = (_told ?? Told.Nothing) with { Jti = value }; } }

    /// <summary>The first second at which the refresh family issues nothing any more, however lately it was used; null for a token that belongs to none, or to one without such an end.</summary>
    public long? GrantExpiresAt { get => _told?.GrantExpiresAt; init { if (value != GrantExpiresAt) _told = (_told ?? Told.Nothing) with { GrantExpiresAt = value }; } }

    /// <summary><c>cnf</c> as a JSON object (RFC 7800); empty when the token is not bound to a key.</summary>
    public ReadOnlyMemory<byte> Confirmation { get => _told?.Confirmation ?? default; init { if (!(value.IsEmpty && Confirmation.IsEmpty)) _told = (_told ?? Told.Nothing) with { Confirmation = value }; } }

    /// <summary><c>act</c> as a JSON object (RFC 8693 §4.1); empty when nobody acts for the subject.</summary>
    public ReadOnlyMemory<byte> Actor { get => _told?.Actor ?? default; init { if (!(value.IsEmpty && Actor.IsEmpty)) _told = (_told ?? Told.Nothing) with { Actor = value }; } }

    /// <summary><c>authorization_details</c> as a JSON array (RFC 9396); empty when there are none.</summary>
    public ReadOnlyMemory<byte> AuthorizationDetails { get => _told?.AuthorizationDetails ?? default; init { if (!(value.IsEmpty && AuthorizationDetails.IsEmpty)) _told = (_told ?? Told.Nothing) with { AuthorizationDetails = value }; } }

    /// <summary>Further members as one JSON object whose names <see cref="Introspection.IntrospectionMembers.IsReserved"/> does not claim; empty when there are none.</summary>
    public ReadOnlyMemory<byte> Claims { get => _told?.Claims ?? default; init { if (!(value.IsEmpty && Claims.IsEmpty)) _told = (_told ?? Told.Nothing) with { Claims = value }; } }

    /// <summary><c>token_type</c> as in RFC 6749 §5.1: <c>DPoP</c> when bound by <c>jkt</c> (RFC 9449 §6.2), else <c>Bearer</c>.</summary>
    public string TokenType => IsBoundByDPoP(Confirmation.Span) ? "DPoP" : "Bearer";

    /// <summary>The same record without what is only told to callers and decides nothing. A cache that has the answer in the form of the wire needs no more.</summary>
    /// <param name="keepsJti">Whether <see cref="Jti"/> stays: rows name tokens of other issuers by it.</param>
    public TokenRecord WithoutTold(bool keepsJti = false) => this with { _told = keepsJti && Jti is { } jti ? Told.Nothing with { Jti = jti } : null };

    private static bool IsBoundByDPoP(ReadOnlySpan<byte> confirmation)
    {
        if (confirmation.IsEmpty) return false;
        var reader = new Utf8JsonReader(confirmation);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("jkt"u8)) return true;
        }
        return false;
    }

    // Copied, never changed: a record made by "with" shares it.
    private sealed record Told
    {
        public static Told Nothing { get; } = new();
        public string? Username { get; init; }
        public string? Jti { get; init; }
        public long? GrantExpiresAt { get; init; }
        public ReadOnlyMemory<byte> Confirmation { get; init; }
        public ReadOnlyMemory<byte> Actor { get; init; }
        public ReadOnlyMemory<byte> AuthorizationDetails { get; init; }
        public ReadOnlyMemory<byte> Claims { get; init; }
    }
}
