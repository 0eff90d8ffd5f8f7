using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Revocation;
using Touchstone.Server.TokenIssue;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server.Admin;

/// <summary>Makes a record from what an administrator asks for: a token of ours, or a foreign one by value or hash. All that is wrong is said at once.</summary>
internal sealed class TokenRegistration(TokenIssuer issuer, DetailTypes types, TokenFormat format, ClientDirectory clients, RevocationLog log, ServerOptions options, TimeProvider time)
{
    internal const string CursorTooOld = "must be a cursor of GET /admin/cursor of this log; the log began anew since, or rows after it are forgotten, or it is no cursor: authenticate the user again";

    private const int MaxJson = 16 << 10;

    internal bool TryMake(NewToken asked, long born, [NotNullWhen(true)] out TokenRecord? record, out string? token, out List<ProblemError> errors)
    {
        record = null;
        token = asked.Token;
        var wrong = errors = [];
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var isForeign = asked.Token is not null || asked.TokenSha256 is not null;

        var kind = TokenKind.AccessToken;
        Check(asked.Kind is null || TokenKinds.TryParse(asked.Kind, out kind), "kind", "must be access_token or refresh_token");
        Check(!asked.Refresh || (!isForeign && kind is TokenKind.AccessToken), "refresh", "goes with an access token of this server");
        CheckClient(asked, isForeign, Check);
        Check(isForeign ? IsIssuer(asked.Iss) : asked.Iss is null || asked.Iss == options.EffectiveIssuer, "iss", isForeign ? "name the issuer of a foreign token: an absolute URL" : "a token of this server has this server's issuer; leave it out");
        Check(ScopeSet.TryParse(asked.Scope, out var scope), "scope", "must be scope names of visible ASCII without \" and \\, separated by single spaces");
        Check(TryReadAudience(asked.Aud, out var audience), "aud", $"must be a string, or an array of at most {ClientRules.MaxAudience} strings, without control characters");
        // As at the token endpoint: a token of ours that names no audience is for its client's default one.
        if (asked.Aud is null && !isForeign && clients.Find(asked.ClientId ?? "")?.Registration.Audience is [var first, ..]) audience = [first];
        var isRefreshed = !isForeign && (asked.Refresh || kind is TokenKind.RefreshToken);
        if (isRefreshed) CheckRefresh(asked, Check);
        var grants = clients.Find(asked.ClientId ?? "")?.Registration.Grants;
        var grantEnd = GrantEnd(grants, asked.Iat ?? now, now);
        Check(!isRefreshed || grantEnd > now || (!asked.Refresh && (asked.Exp ?? asked.ExpiresIn) is not null), "iat", "the grant would be over already: its tokens end a time after its first one was issued, and that is this one");
        var expires = ExpiresAt(asked, isForeign, now, isRefreshed && kind is TokenKind.RefreshToken ? RefreshLifetimes.TokenEnd(options, grants, now, grantEnd) - now : (long)options.AccessTokenLifetime.TotalSeconds, Check);
        var issued = asked.Iat ?? now;
        // An end that is refused itself is no fault of what begins before it.
        var end = expires > now ? expires : long.MaxValue;
        Check(issued > 0 && issued < end, "iat", "must lie before exp");
        Check(asked.Nbf is not { } nbf || (nbf > 0 && nbf < end), "nbf", "must lie before exp");
        foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("sub", asked.Sub), ("username", asked.Username), ("jti", asked.Jti), ("grant", asked.Grant), ("session", asked.Session), ("tenant", asked.Tenant)])
            Check(value is null || ClientRules.IsName(value), name, "must be 1 to 200 characters without control characters");
        var confirmation = Json(asked.Cnf, "cnf", JsonValueKind.Object, Check);
        Check(asked.Cnf is not { ValueKind: JsonValueKind.Object } cnf || IsConfirmation(cnf), "cnf", "must name what the token is bound to; jkt and x5t#S256 are 43 characters of base64url, a SHA-256");
        var actor = Json(asked.Act, "act", JsonValueKind.Object, Check);
        var details = Json(asked.AuthorizationDetails, "authorization_details", JsonValueKind.Array, Check);
        // What this server issues it has types for, where it has any; what another issued is that one's to judge.
        if (!isForeign && types.Names.Count > 0 && asked.AuthorizationDetails is { ValueKind: JsonValueKind.Array } && types.Fault(details) is { } fault) Check(false, "authorization_details", fault);
        var claims = Json(asked.Claims, "claims", JsonValueKind.Object, Check);
        if (asked.Claims is { ValueKind: JsonValueKind.Object } all)
        {
            foreach (var claim in all.EnumerateObject()) Check(!IntrospectionMembers.IsReserved(claim.Name), "claims", $"'{claim.Name}' is a member of the answer itself: give it beside claims, by its name");
        }
        var ancestors = new List<TokenHash>();
        foreach (var text in asked.Ancestors ?? [])
        {
            Check(TokenHash.TryParse(text, out var ancestor), "ancestors", "each must be 64 lower-case hexadecimal digits, the SHA-256 of a token");
            ancestors.Add(ancestor);
        }
        Check(ancestors.Count <= TokenRecord.MaxAncestors, "ancestors", $"must be at most {TokenRecord.MaxAncestors}");
        if (asked.Born is not null) Check(log.TryReadCursor(asked.Born, out born), "born", CursorTooOld);
        var hash = Hash(asked, Check);
        if (errors.Count > 0) return false;

        if (!isForeign)
        {
            token = issuer.CreateToken(kind);
            hash = TokenHash.Of(token);
        }
        record = new TokenRecord
        {
            Hash = hash, Kind = kind, ClientId = asked.ClientId!, Issuer = asked.Iss ?? options.EffectiveIssuer, Born = born,
            IssuedAt = issued, NotBefore = asked.Nbf, ExpiresAt = expires, Subject = asked.Sub, Username = asked.Username, Scope = scope!, Audience = audience,
            Jti = asked.Jti ?? (isForeign ? JtiOf(asked) : TokenIssuer.CreateJti()), Grant = asked.Grant ?? (isRefreshed ? RefreshFamily.Create() : null), Session = asked.Session, Tenant = asked.Tenant ?? clients.Find(asked.ClientId!)?.Registration.Tenant,
            GrantExpiresAt = isRefreshed && kind is TokenKind.RefreshToken ? Math.Max(grantEnd, expires) : null,
            Ancestors = [.. ancestors.Distinct()], Confirmation = confirmation, Actor = actor, AuthorizationDetails = details, Claims = claims,
        };
        return true;

        void Check(bool holds, string member, string detail)
        {
            if (!holds) wrong.Add(new ProblemError(detail, member));
        }
    }

    /// <summary>A refresh token of the same grant, beside an access token that was just made. That of a client that authenticates is bound to no key (RFC 9449 §5).</summary>
    internal (TokenRecord Record, string Token) Beside(TokenRecord access)
    {
        var client = clients.Find(access.ClientId)?.Registration;
        var (token, now) = (issuer.CreateToken(TokenKind.RefreshToken), time.GetUtcNow().ToUnixTimeSeconds());
        // What began with the access token: who ends what was issued before a time ends both, and what comes of them by refreshing.
        var basis = access.BasisIssuedAt ?? access.IssuedAt;
        var grantEnd = GrantEnd(client?.Grants, basis, now);
        return (access with
        {
            Hash = TokenHash.Of(token), Kind = TokenKind.RefreshToken, Jti = TokenIssuer.CreateJti(), IssuedAt = now, BasisIssuedAt = basis, NotBefore = null, GrantExpiresAt = grantEnd,
            ExpiresAt = RefreshLifetimes.TokenEnd(options, client?.Grants, now, grantEnd), Confirmation = client is { Public: true } ? access.Confirmation : default,
        }, token);
    }

    /// <summary>The hash of a token given by value or by hash, exactly one of them; says so otherwise.</summary>
    internal static bool TryReadHash(AdminExchange exchange, TokenReference asked, out TokenHash hash)
    {
        hash = default;
        if (asked.Token is { Length: > 0 and <= TokenFormat.MaxLength } token && asked.TokenSha256 is null)
        {
            hash = TokenHash.Of(token);
            return true;
        }
        if (asked.Token is null && TokenHash.TryParse(asked.TokenSha256, out hash)) return true;
        exchange.Refuse(400, $"Give token (1 to {TokenFormat.MaxLength} bytes) or token_sha256 (64 lower-case hexadecimal digits), not both.");
        return false;
    }

    // A grant lasts from the issue of its first token, whenever that was registered here; one that is to be issued yet lengthens nothing.
    private long GrantEnd(GrantRegistration? client, long begun, long now) => RefreshLifetimes.GrantEnd(options, client, Math.Min(begun, now));

    private void CheckClient(NewToken asked, bool isForeign, Action<bool, string, string> check)
    {
        check(asked.ClientId is not null && (isForeign ? ClientRules.IsName(asked.ClientId) : ClientRules.IsId(asked.ClientId)), "client_id", "name the client that the token is for");
        var client = asked.ClientId is null ? null : clients.Find(asked.ClientId);
        check(isForeign || client is not null, "client_id", "no client of this name; add it first");
        check(client is null or { Registration.Enabled: true }, "client_id", "this client is disabled");
    }

    // Nobody could use it: the token endpoint would refuse the client.
    private void CheckRefresh(NewToken asked, Action<bool, string, string> check)
    {
        if (clients.Find(asked.ClientId ?? "")?.Registration is not { } client) return;
        var member = asked.Refresh ? "refresh" : "kind";
        if (client.Kind == ClientRegistration.ResourceServerKind) check(false, member, "a resource server is issued no refresh tokens: name a client");
        else check(client.Grants?.Allows(GrantTypes.RefreshToken) is true, member, "this client may not use the grant refresh_token: add it to its grants.grant_types first");
    }

    // Who judges a JWT without asking knows it by this, and not by its bytes.
    private static string? JtiOf(NewToken asked) => asked.Token is { } token && RevocationSelector.IsJwt(token, out var issuer, out var jti) && issuer == asked.Iss ? jti : null;

    private TokenHash Hash(NewToken asked, Action<bool, string, string> check)
    {
        TokenHash hash = default;
        check(asked.Token is null || asked.TokenSha256 is null, "token", "give token or token_sha256, not both");
        if (asked.TokenSha256 is not null) check(TokenHash.TryParse(asked.TokenSha256, out hash), "token_sha256", "must be 64 lower-case hexadecimal digits");
        if (asked.Token is not null)
        {
            var bytes = Encoding.UTF8.GetBytes(asked.Token);
            // One with our prefix but a wrong checksum would be refused unseen at every introspection.
            check(format.Inspect(bytes) is TokenShape.Foreign or TokenShape.Ours, "token", $"must be 1 to {TokenFormat.MaxLength} printable ASCII characters, and not look like a mistyped token of this server");
            hash = TokenHash.Of(bytes);
        }
        return hash;
    }

    private long ExpiresAt(NewToken asked, bool isForeign, long now, long byDefault, Action<bool, string, string> check)
    {
        var most = (long)options.MaxTokenLifetime.TotalSeconds;
        check(asked.Exp is null || asked.ExpiresIn is null, "exp", "give exp or expires_in, not both");
        check(!isForeign || asked.Exp is not null || asked.ExpiresIn is not null, "exp", "a foreign token names its exp or expires_in");
        check(asked.ExpiresIn is null or > 0, "expires_in", "must be above 0");
        var expires = asked.Exp ?? now + Math.Min(asked.ExpiresIn ?? byDefault, most + 1);
        check(expires > now || asked.ExpiresIn <= 0, asked.ExpiresIn is null ? "exp" : "expires_in", "the token would be expired already");
        check(expires <= now || expires - now <= most, asked.ExpiresIn is null ? "exp" : "expires_in", string.Create(CultureInfo.InvariantCulture, $"no token may live longer than MaxTokenLifetime, {most} seconds"));
        return expires;
    }

    internal static bool IsIssuer(string? issuer) => issuer is { Length: <= ClientRules.MaxUriLength } && Uri.TryCreate(issuer, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http";

    // What is bound to something else than these is another server's to judge; of these, whoever checks the binding refuses what is malformed.
    private static bool IsConfirmation(JsonElement cnf)
    {
        var any = false;
        foreach (var member in cnf.EnumerateObject())
        {
            any = true;
            if (!member.NameEquals("jkt"u8) && !member.NameEquals("x5t#S256"u8)) continue;
            if (member.Value.ValueKind is not JsonValueKind.String || member.Value.GetString() is not { Length: 43 } text || !Base64Url.IsValid(text, out var size) || size != SHA256.HashSizeInBytes) return false;
        }
        return any;
    }

    private static bool TryReadAudience(JsonElement? aud, out IReadOnlyList<string> audience)
    {
        audience = [];
        if (aud is not { } element) return true;
        if (element.ValueKind is JsonValueKind.String) audience = [element.GetString()!];
        else if (element.ValueKind is not JsonValueKind.Array || element.GetArrayLength() > ClientRules.MaxAudience || element.EnumerateArray().Any(item => item.ValueKind is not JsonValueKind.String)) return false;
        else audience = [.. element.EnumerateArray().Select(item => item.GetString()!).Distinct()];
        return audience.All(item => item.Length is > 0 and <= ClientRules.MaxUriLength && !item.Any(char.IsControl));
    }

    // Kept as text, so that every number and escape stays what it was; white space goes.
    private static ReadOnlyMemory<byte> Json(JsonElement? value, string member, JsonValueKind kind, Action<bool, string, string> check)
    {
        if (value is not { } element) return default;
        check(element.ValueKind == kind, member, $"must be a JSON {kind.ToString().ToLowerInvariant()}");
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer)) element.WriteTo(json);
        check(buffer.Length <= MaxJson, member, $"must be at most {MaxJson} bytes");
        return buffer.ToArray();
    }
}
