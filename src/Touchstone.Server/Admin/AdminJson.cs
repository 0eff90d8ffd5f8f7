using System.Text.Json;
using System.Text.Json.Serialization;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Clients;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Admin;

/// <summary><c>POST /admin/clients</c>. What is left out gets the default of the kind.</summary>
internal sealed record NewClient(
    string ClientId, string Kind, bool Public = false, IReadOnlyList<string>? AuthMethods = null, IReadOnlyList<string>? Audience = null,
    string? Scope = null, bool? MayIntrospect = null, string? Tenant = null)
{
    /// <summary>A secret that somebody chose, in place of a generated one.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>What tokens it may be issued, and how.</summary>
    public GrantRegistration? Grants { get; init; }

    public ClientLimits? Limits { get; init; }
    public JsonElement? Jwks { get; init; }
    public string? JwksUri { get; init; }
    public bool TokenEndpointAudience { get; init; }

    /// <summary>How its signed answers are made (RFC 9701 §6).</summary>
    public string? IntrospectionSignedResponseAlg { get; init; }
    public string? IntrospectionEncryptedResponseAlg { get; init; }
    public string? IntrospectionEncryptedResponseEnc { get; init; }

    /// <summary>A resource server is given the key of its tags in the feed.</summary>
    public bool TagKey { get; init; }

    /// <summary>What a resource server may see; everything where it is left out.</summary>
    public ViewRegistration? View { get; init; }

    public string? TlsClientAuthSubjectDn { get; init; }
    public string? TlsClientAuthSanDns { get; init; }
    public string? TlsClientAuthSanUri { get; init; }
    public string? TlsClientAuthSanIp { get; init; }
    public string? TlsClientAuthSanEmail { get; init; }
}

/// <summary>A client as the admin API shows it; the secret only when it was just made.</summary>
internal sealed record ClientView(
    string ClientId, string Kind, bool Public, IReadOnlyList<string> AuthMethods, IReadOnlyList<string> Audience, string Scope, bool MayIntrospect, string? Tenant,
    bool Enabled, long CreatedAt, IReadOnlyList<SecretView> Secrets, string? ClientSecret = null)
{
    public GrantRegistration? Grants { get; init; }
    public LimitsView? Limits { get; init; }
    public string? JwksUri { get; init; }
    public IReadOnlyList<KeyView>? Keys { get; init; }
    public string? IntrospectionSignedResponseAlg { get; init; }
    public string? IntrospectionEncryptedResponseAlg { get; init; }
    public string? IntrospectionEncryptedResponseEnc { get; init; }
    public bool? TokenEndpointAudience { get; init; }
    public bool? TagKey { get; init; }
    public ViewRegistration? View { get; init; }
    public string? TlsClientAuthSubjectDn { get; init; }
    public string? TlsClientAuthSanDns { get; init; }
    public string? TlsClientAuthSanUri { get; init; }
    public string? TlsClientAuthSanIp { get; init; }
    public string? TlsClientAuthSanEmail { get; init; }

    internal static ClientView Of(Client current, string? secret = null)
    {
        var client = current.Registration;
        return new ClientView(
            client.ClientId, client.Kind, client.Public, client.AuthMethods, client.Audience, client.Scope, client.MayIntrospect, client.Tenant,
            client.Enabled, client.CreatedAt, [.. client.Secrets.Zip(current.Slots, SecretView.Of)], secret)
        {
            Grants = client.Grants,
            Limits = LimitsView.Of(current),
            JwksUri = client.JwksUri,
            Keys = client.Jwks is null ? null : KeyView.All(client.Jwks),
            IntrospectionSignedResponseAlg = client.IntrospectionSignedResponseAlg,
            IntrospectionEncryptedResponseAlg = client.IntrospectionEncryptedResponseAlg,
            IntrospectionEncryptedResponseEnc = client.IntrospectionEncryptedResponseEnc,
            TokenEndpointAudience = client.TokenEndpointAudience ? true : null,
            TagKey = client.TagKey ? true : null,
            View = client.View,
            TlsClientAuthSubjectDn = client.TlsClientAuthSubjectDn,
            TlsClientAuthSanDns = client.TlsClientAuthSanDns,
            TlsClientAuthSanUri = client.TlsClientAuthSanUri,
            TlsClientAuthSanIp = client.TlsClientAuthSanIp,
            TlsClientAuthSanEmail = client.TlsClientAuthSanEmail,
        };
    }
}

/// <summary>The limits that hold for a client, registered or by default; a rate of 0 is none.</summary>
internal sealed record LimitsView(int Rate, int? Burst, IReadOnlyList<string>? AllowAddresses)
{
    internal static LimitsView Of(Client client) =>
        new(client.Gate.Rate, client.Gate.Burst, client.Registration.Limits?.AllowAddresses is { Count: > 0 } ranges ? ranges : null);
}

/// <summary>A secret as the admin API shows it: never the secret, but when it ends and whether somebody still uses it.</summary>
internal sealed record SecretView(long CreatedAt, long? ExpiresAt, long? LastUsedAt = null)
{
    internal static SecretView Of(ClientSecret secret, SecretSlot slot) => new(secret.CreatedAt, secret.ExpiresAt, slot.LastUsed == 0 ? null : slot.LastUsed);
}

/// <summary>A registered key; <c>usable</c> says whether it can verify signatures here, or be encrypted for.</summary>
internal sealed record KeyView(string? Kid, string? Kty, string? Alg, bool Usable, bool Certificate)
{
    internal static IReadOnlyList<KeyView> All(string jwks)
    {
        using var document = JsonDocument.Parse(jwks);
        return [.. document.RootElement.GetProperty("keys").EnumerateArray().Select(key => new KeyView(Text(key, "kid"), Text(key, "kty"), Text(key, "alg"), VerificationKey.TryRead(key) is not null || EncryptionKey.TryRead(key) is not null, key.TryGetProperty("x5c", out _)))];
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

/// <summary><c>POST /admin/clients/{id}/keys</c>: one of the two, in place of what is registered.</summary>
internal sealed record NewKeys(JsonElement? Jwks = null, string? JwksUri = null);

/// <summary><c>POST /admin/clients/{id}/response</c>: how its signed answers are made, in place of how they are made now; with keys, these too.</summary>
internal sealed record NewResponse(
    string? IntrospectionSignedResponseAlg = null, string? IntrospectionEncryptedResponseAlg = null, string? IntrospectionEncryptedResponseEnc = null, JsonElement? Jwks = null, string? JwksUri = null);

/// <summary><c>GET /admin/clients/{id}/failures</c>, the newest first.</summary>
internal sealed record FailureList(IReadOnlyList<ClientAuth.CallerFailure> Items);

/// <summary>A page of clients; <c>next</c> is the <c>after</c> of the next page, null on the last.</summary>
internal sealed record ClientPage(IReadOnlyList<ClientView> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next);

/// <summary><c>POST /admin/clients/{id}/rotate-secret</c>.</summary>
internal sealed record Rotation(long OverlapSeconds = 86400, string? ClientSecret = null);

/// <summary><c>POST /admin/tokens</c>: the members of an introspection answer by their names, and what else a record has.</summary>
internal sealed record NewToken
{
    public string? ClientId { get; init; }
    public string? Kind { get; init; }
    public string? Token { get; init; }
    [JsonPropertyName("token_sha256")]
    public string? TokenSha256 { get; init; }
    public string? Sub { get; init; }
    public string? Username { get; init; }
    public string? Scope { get; init; }
    public JsonElement? Aud { get; init; }
    public string? Iss { get; init; }
    public string? Jti { get; init; }
    public long? Iat { get; init; }
    public long? Nbf { get; init; }
    public long? Exp { get; init; }
    public long? ExpiresIn { get; init; }
    public string? Grant { get; init; }

    /// <summary>Whether a refresh token of the same grant is issued beside an access token of ours.</summary>
    public bool Refresh { get; init; }

    public string? Session { get; init; }
    public string? Tenant { get; init; }
    public JsonElement? Cnf { get; init; }
    public JsonElement? Act { get; init; }
    public JsonElement? AuthorizationDetails { get; init; }
    public JsonElement? Claims { get; init; }

    /// <summary>The SHA-256 of the tokens that this one was made from: its parents; theirs are added where they are known here.</summary>
    public IReadOnlyList<string>? Ancestors { get; init; }

    /// <summary>A cursor that was taken before the token's basis was judged; the state when the request began where it is left out.</summary>
    public string? Born { get; init; }
}

/// <summary>What was made of one <see cref="NewToken"/>; the token itself only when this server made it or was given it.</summary>
internal sealed record IssuedToken(string? Token, string TokenType, [property: JsonPropertyName("token_sha256")] string TokenSha256, string? Jti, long Exp)
{
    public string? Grant { get; init; }

    /// <summary>The refresh token that was asked for beside it.</summary>
    public string? RefreshToken { get; init; }
}

/// <summary><c>POST /admin/subjects/disable</c> and <c>enable</c>; the issuer is this server's where none is named.</summary>
internal sealed record SubjectReference(string Sub, string? Iss = null, string? Reason = null);

/// <summary>A subject as the admin API shows it; since when, by whom and why only while it is disabled.</summary>
internal sealed record SubjectView(string Sub, string Iss, bool Enabled, long? DisabledAt = null, string? Actor = null, string? Reason = null)
{
    internal static SubjectView Of(Storage.DisabledSubject subject) => new(subject.Subject, subject.Issuer, Enabled: false, subject.At, subject.Actor, subject.Reason);
}

/// <summary>A page of disabled subjects; <c>next</c> is the <c>after</c> of the next page, null on the last.</summary>
internal sealed record SubjectPage(IReadOnlyList<SubjectView> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next);

/// <summary>A token by value or by hash; for a look-up, as which caller.</summary>
internal sealed record TokenReference(string? Token = null, [property: JsonPropertyName("token_sha256")] string? TokenSha256 = null, string? As = null);

/// <summary><c>POST /admin/revocations</c>: what to end, named in exactly one way.</summary>
internal sealed record NewRevocation(
    string? Token = null, [property: JsonPropertyName("token_sha256")] string? TokenSha256 = null, string? Jti = null, string? Grant = null, string? Session = null, string? Sub = null,
    string? ClientId = null, string? Tenant = null, bool All = false, string? Iss = null, long? IssuedBefore = null, string? Reason = null);

/// <summary>
/// What became of it: <c>status</c> is <c>revoked</c>, <c>already_revoked</c>, <c>unknown</c> (a hash and a subject are written all the same), <c>recorded</c> (nothing of another issuer is known here by that name, and the row is in force), <c>malformed</c> (it can't be a token, and nothing is written)
/// or <c>dry_run</c> (with the number of unexpired tokens).
/// </summary>
internal sealed record RevocationView(
    string Status, string Selector, Guid? Id = null, long? Seq = null, long? Tokens = null, [property: JsonPropertyName("token_sha256")] string? TokenSha256 = null, string? Warning = null);

/// <summary>What became of revocations that were waited for; no receipt where nothing was written.</summary>
internal sealed record WaitedRevocations(IReadOnlyList<RevocationView> Revocations, Feed.ReceiptView? Receipt);

/// <summary><c>GET /admin/cursor</c>.</summary>
internal sealed record CursorView(string Cursor);

/// <summary><c>POST /admin/keys/rotate</c>: which kind of key, and whether the new one signs at once.</summary>
internal sealed record KeyRotation(string Alg = Signing.SigningKey.Es256, bool Now = false);

/// <summary>A signing key as the admin API shows it: <c>state</c> is <c>next</c>, <c>current</c> or <c>retired</c>; <c>locked</c> where this node can't open it.</summary>
internal sealed record SigningKeyView(string Kid, string Alg, string State, bool Published, long CreatedAt, long SignsFrom, long? SignsUntil, long? PublishedUntil, long? RetiredAt)
{
    public bool? Locked { get; init; }
}

/// <summary><c>GET /admin/keys</c>.</summary>
internal sealed record SigningKeyList(IReadOnlyList<SigningKeyView> Items);

/// <summary>RFC 9457 problem details.</summary>
internal sealed record Problem(string Type, string Title, int Status, string Detail, IReadOnlyList<ProblemError>? Errors = null);

/// <summary>One thing that is wrong with a body: which item of an array, which member, and what to do.</summary>
internal sealed record ProblemError(string Detail, string? Member = null, int? Index = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(NewClient))]
[JsonSerializable(typeof(ClientView))]
[JsonSerializable(typeof(ClientPage))]
[JsonSerializable(typeof(Rotation))]
[JsonSerializable(typeof(NewKeys))]
[JsonSerializable(typeof(NewResponse))]
[JsonSerializable(typeof(ViewRegistration))]
[JsonSerializable(typeof(ClientLimits))]
[JsonSerializable(typeof(GrantRegistration))]
[JsonSerializable(typeof(FailureList))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(IssuedToken))]
[JsonSerializable(typeof(IReadOnlyList<IssuedToken>))]
[JsonSerializable(typeof(TokenReference))]
[JsonSerializable(typeof(SubjectReference))]
[JsonSerializable(typeof(SubjectView))]
[JsonSerializable(typeof(SubjectPage))]
[JsonSerializable(typeof(NewRevocation))]
[JsonSerializable(typeof(RevocationView))]
[JsonSerializable(typeof(IReadOnlyList<RevocationView>))]
[JsonSerializable(typeof(WaitedRevocations))]
[JsonSerializable(typeof(Feed.ReceiptView))]
[JsonSerializable(typeof(Feed.FollowerPage))]
[JsonSerializable(typeof(CursorView))]
[JsonSerializable(typeof(KeyRotation))]
[JsonSerializable(typeof(SigningKeyView))]
[JsonSerializable(typeof(SigningKeyList))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class AdminJson : JsonSerializerContext;
