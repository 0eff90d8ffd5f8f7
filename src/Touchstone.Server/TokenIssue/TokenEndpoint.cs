using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Http;
using Touchstone.Server.Limits;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.TokenIssue;

/// <summary><c>POST /oauth/token</c> (RFC 6749 §4.4): the <c>client_credentials</c> grant, with <c>scope</c> and <c>resource</c> (RFC 8707).</summary>
internal sealed class TokenEndpoint(
    ClientAuthenticator clients, ITokenStore store, ISubjectStore subjects, RevocationLog log, TokenIssuer issuer, CallerLimits limits, ServerOptions options, ILogger<TokenEndpoint> logger, TimeProvider time)
{
    internal async ValueTask HandleAsync(FormExchange exchange)
    {
        // 1. The state of the log before anything is judged: a row that comes between judging and writing ends this token (design.md §3, 2).
        var born = log.Seq;

        // 2. Who asks, and may it use this grant? Only a confidential client may (RFC 6749 §4.4).
        var caller = await clients.AuthenticateAsync(exchange);
        if (caller.Client is not { } client)
        {
            if (caller.IsOfCaller) logger.AuthenticationFailed("token", caller.Reason, RequestIds.Of(exchange.Http));
            exchange.Refuse(caller);
            return;
        }
        exchange.Caller = client;
        Audit.AuditOrigin.Begin(exchange.Http, client.Id);
        if (!limits.Admit(exchange)) return;
        if (JudgeGrant(exchange, client) is { } refused)
        {
            exchange.Refuse(refused);
            return;
        }

        // 3. What for?
        if (GrantedScope(exchange, client) is not { } scope)
        {
            exchange.Refuse(OAuthError.InvalidScope);
            return;
        }
        if (Audience(exchange, client) is not { } audience)
        {
            exchange.Refuse(client.Registration.Audience.Count == 0 ? OAuthError.InvalidTarget.With("No audience is registered for this client.") : OAuthError.InvalidTarget);
            return;
        }

        // 4. For whom? The client is its own subject, and a disabled subject gets no token, whoever asks (L12).
        if (await subjects.FindDisabledAsync(options.EffectiveIssuer, client.Id, CancellationToken.None) is not null)
        {
            exchange.Refuse(OAuthError.UnauthorizedClient.With("The subject of this client is disabled."));
            return;
        }

        // 5. Written first, told then: a token that the client holds is on the disk.
        var token = issuer.CreateToken(TokenKind.AccessToken);
        var record = Record(token, client, scope, audience, born);
        if (await store.AddTokensAsync([record]) >= 0) throw new InvalidOperationException("a new random token was there already");
        exchange.Answer(Answer(token, scope), "issued", "client_credentials");
    }

    private static OAuthError? JudgeGrant(FormExchange exchange, Client client)
    {
        var grant = exchange.Form["grant_type"u8];
        if (grant.IsEmpty) return OAuthError.InvalidRequest.With("The parameter grant_type is missing.");
        if (!grant.SequenceEqual("client_credentials"u8)) return OAuthError.UnsupportedGrantType;
        return client.Registration is { Public: false, Kind: ClientRegistration.ClientKind } || IsForIntrospection(exchange, client) ? null : OAuthError.UnauthorizedClient;
    }

    // A resource server that signs assertions can't send one to the feed, which has no body: it gets a token to do here what it may do anyhow, and no other.
    private static bool IsForIntrospection(FormExchange exchange, Client client) =>
        client.Registration is { Kind: ClientRegistration.ResourceServerKind, MayIntrospect: true } && Ascii.Equals(exchange.Form["scope"u8], BearerMethod.Scope);

    // Omitted: all that is registered, except what rules this server (it is given only when asked for).
    private static ScopeSet? GrantedScope(FormExchange exchange, Client client)
    {
        var asked = exchange.Form["scope"u8];
        if (asked.IsEmpty) return client.Scope.Where(name => !name.StartsWith("touchstone:", StringComparison.Ordinal));
        return ScopeSet.TryParse(Encoding.Latin1.GetString(asked), out var scope) && (scope.IsSubsetOf(client.Scope) || IsForIntrospection(exchange, client)) ? scope : null;
    }

    private List<string>? Audience(FormExchange exchange, Client client)
    {
        IReadOnlyList<string> registered = IsForIntrospection(exchange, client) ? [options.EffectiveIssuer] : client.Registration.Audience;
        var audience = new List<string>();
        for (var position = 0; exchange.Form.Next("resource"u8, ref position, out var value);)
        {
            var resource = Encoding.Latin1.GetString(value);
            if (!registered.Contains(resource, StringComparer.Ordinal)) return null;
            if (!audience.Contains(resource)) audience.Add(resource);
        }
        if (audience.Count == 0) audience.AddRange(registered.Take(1));
        return audience.Count == 0 ? null : audience;
    }

    private TokenRecord Record(string token, Client client, ScopeSet scope, List<string> audience, long born)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        return new TokenRecord
        {
            Hash = TokenHash.Of(token),
            Kind = TokenKind.AccessToken,
            ClientId = client.Id,
            Issuer = options.EffectiveIssuer,
            Subject = client.Id, // RFC 9068 §2.2: without a resource owner the subject is the client.
            Scope = scope,
            Audience = audience,
            Jti = TokenIssuer.CreateJti(),
            Tenant = client.Registration.Tenant,
            Born = born,
            IssuedAt = now,
            ExpiresAt = now + (long)options.AccessTokenLifetime.TotalSeconds,
        };
    }

    // scope is always named: RFC 6749 §5.1 asks for it where it differs from the request.
    private ReadOnlySpan<byte> Answer(string token, ScopeSet scope)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("access_token"u8, token);
        json.WriteString("token_type"u8, "Bearer"u8);
        json.WriteNumber("expires_in"u8, (long)options.AccessTokenLifetime.TotalSeconds);
        if (!scope.IsEmpty) json.WriteString("scope"u8, scope.Text);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }
}
