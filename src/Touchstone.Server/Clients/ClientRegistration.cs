using System.Text.Json;
using System.Text.Json.Serialization;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Clients;

/// <summary>A client as it is stored: facts, public keys and secrets' hashes; a secret itself only sealed, for <c>client_secret_jwt</c>.</summary>
internal sealed record ClientRegistration
{
    public const string ResourceServerKind = "resource-server";
    public const string ClientKind = "client";

    public required string ClientId { get; init; }
    public required string Kind { get; init; }
    public bool Public { get; init; }
    public IReadOnlyList<string> AuthMethods { get; init; } = [];
    public IReadOnlyList<string> Audience { get; init; } = [];

    /// <summary>What tokens it may be issued, and how; null for the server's defaults.</summary>
    public GrantRegistration? Grants { get; init; }
    public string Scope { get; init; } = "";
    public bool MayIntrospect { get; init; }
    public string? Tenant { get; init; }
    public bool Enabled { get; init; } = true;
    public long CreatedAt { get; init; }
    public IReadOnlyList<ClientSecret> Secrets { get; init; } = [];

    /// <summary>Public keys and certificates (RFC 7517), as JSON text; not beside <see cref="JwksUri"/>.</summary>
    public string? Jwks { get; init; }
    public string? JwksUri { get; init; }

    /// <summary>How answers to it are signed where it asks for that; null for RS256 (RFC 9701 §6).</summary>
    public string? IntrospectionSignedResponseAlg { get; init; }

    /// <summary>How the key of its encrypted answers comes to it; null where they are signed only.</summary>
    public string? IntrospectionEncryptedResponseAlg { get; init; }

    /// <summary>How their content is encrypted; null for A128CBC-HS256.</summary>
    public string? IntrospectionEncryptedResponseEnc { get; init; }

    /// <summary>Assertions may name the token endpoint as their audience, as RFC 7523 had it before its revision.</summary>
    public bool TokenEndpointAudience { get; init; }

    /// <summary>What a resource server may see of an answer; null for everything.</summary>
    public ViewRegistration? View { get; init; }

    /// <summary>It is given the key of its tags in the feed (docs/feed.md): it can judge JWTs by the feed, and find out whether anything that it can name was revoked.</summary>
    public bool TagKey { get; init; }

    /// <summary>From where and how often it may call; null for the server's defaults.</summary>
    public ClientLimits? Limits { get; init; }

    public string? TlsClientAuthSubjectDn { get; init; }
    public string? TlsClientAuthSanDns { get; init; }
    public string? TlsClientAuthSanUri { get; init; }
    public string? TlsClientAuthSanIp { get; init; }
    public string? TlsClientAuthSanEmail { get; init; }

    /// <summary>The row that tells whoever follows the log of a new registration. It ends nothing, and is forgotten when everybody knows.</summary>
    internal RevocationRow Told(string? actor) => new()
    {
        Seq = 0,
        Id = Guid.NewGuid(),
        At = CreatedAt,
        Selector = Selector.Registration(ClientId),
        ForgetAfter = CreatedAt + (90 * 86400),
        Actor = actor ?? RevocationRow.Server,
    };
}

/// <summary>One of up to two secrets: two are valid at once while a rotation overlaps.</summary>
/// <param name="Sha256">SHA-256 of a secret that we generated, base64; null for one that was brought.</param>
/// <param name="CreatedAt">Seconds since 1970.</param>
/// <param name="ExpiresAt">The first second at which it is no longer accepted; null for never.</param>
/// <param name="Pbkdf2">The slow hash of a secret that was brought: iterations, salt and hash.</param>
/// <param name="Sealed">The secret itself, encrypted; only for <c>client_secret_jwt</c>.</param>
internal sealed record ClientSecret(string? Sha256, long CreatedAt, long? ExpiresAt, string? Pbkdf2 = null, string? Sealed = null)
{
    /// <summary>What tells it from other secrets of the client.</summary>
    internal string Identity => Sha256 ?? Pbkdf2!;
}

/// <summary>Registrations as text.</summary>
internal static class ClientRegistrationText
{
    internal static string Of(ClientRegistration registration) => JsonSerializer.Serialize(registration, ClientRegistrationJson.Default.ClientRegistration);

    /// <summary>Whether a stored text is this registration. Another version may have written the same with other members: so both are read, and compared as this one writes them.</summary>
    internal static bool Is(string stored, ClientRegistration registration) =>
        Of(JsonSerializer.Deserialize(stored, ClientRegistrationJson.Default.ClientRegistration)!) == Of(registration);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClientRegistration))]
internal sealed partial class ClientRegistrationJson : JsonSerializerContext;
