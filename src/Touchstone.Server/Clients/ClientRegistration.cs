using System.Text.Json.Serialization;

namespace Touchstone.Server.Clients;

/// <summary>A client as it is stored: facts and secrets' hashes, never a secret.</summary>
internal sealed record ClientRegistration
{
    public const string ResourceServerKind = "resource-server";
    public const string ClientKind = "client";

    public required string ClientId { get; init; }
    public required string Kind { get; init; }
    public bool Public { get; init; }
    public IReadOnlyList<string> AuthMethods { get; init; } = [];
    public IReadOnlyList<string> Audience { get; init; } = [];
    public string Scope { get; init; } = "";
    public bool MayIntrospect { get; init; }
    public string? Tenant { get; init; }
    public bool Enabled { get; init; } = true;
    public long CreatedAt { get; init; }
    public IReadOnlyList<ClientSecret> Secrets { get; init; } = [];
}

/// <summary>One of up to two secrets: two are valid at once while a rotation overlaps.</summary>
/// <param name="Sha256">SHA-256 of the secret, base64.</param>
/// <param name="CreatedAt">Seconds since 1970.</param>
/// <param name="ExpiresAt">The first second at which it is no longer accepted; null for never.</param>
internal sealed record ClientSecret(string Sha256, long CreatedAt, long? ExpiresAt);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClientRegistration))]
internal sealed partial class ClientRegistrationJson : JsonSerializerContext;
