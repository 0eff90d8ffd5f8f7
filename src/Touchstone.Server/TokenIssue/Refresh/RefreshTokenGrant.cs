using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.TokenIssue.Refresh;

/// <summary>
/// <c>refresh_token</c> (RFC 6749 §6) with rotation (RFC 9700 §4.14.2): each use gives an access token and a new refresh token of the same family, and a second use of the same one ends the family.
/// Whether a token is good is asked of the store, and so is whether it was used: of uses at once the store lets one win.
/// </summary>
internal sealed class RefreshTokenGrant(
    ITokenStore store, ISubjectStore subjects, RefreshSuccessors successors, RefreshGrace grace, RefreshReuse reuse, TokenIssuer issuer, DetailTypes types, TokenBinding bindings, TokenFormat format, ServerOptions options, ILogger<RefreshTokenGrant> logger, TimeProvider time) : IGrant
{
    public string Type => GrantTypes.RefreshToken;

    public async ValueTask<GrantResult> IssueAsync(TokenRequest request)
    {
        // 1. Which token? One that was never issued needs no look-up.
        if (request["refresh_token"u8] is not { } token) return OAuthError.InvalidRequest.With("The parameter refresh_token is missing.");
        if (format.Inspect(request.Exchange.Form["refresh_token"u8]) is not TokenShape.Ours) return OAuthError.InvalidGrant;
        var hash = TokenHash.Of(token);
        var (record, match, _) = await store.FindAsync(hash, judge: true, CancellationToken.None);
        if (record is not { Kind: TokenKind.RefreshToken } || record.Issuer != options.EffectiveIssuer) return OAuthError.InvalidGrant;

        // 2. Whose? Another client's proves nothing against its owner: the family stays as it is. Nor does one without the key that it is bound to, which nobody can use who stole it.
        var client = request.Client;
        if (record.ClientId != client.Id)
        {
            logger.ForeignRefresh(client.Id, record.ClientId, RequestIds.Of(request.Exchange.Http));
            return OAuthError.InvalidGrant;
        }
        var binding = BindingRules.JudgeRefresh(record.Confirmation, client.Registration.Public, request.Presented, request.Confirmation);
        if (!binding.IsAccepted) return OAuthError.InvalidGrant;
        // Now only: a public client is whoever says so, and what it sends fills no store.
        if (await bindings.UseProofAsync(request) is { } replayed) return replayed;

        // 3. Used before? Asked before anything else can refuse it: a used one is told of whatever else is wrong.
        var use = await store.FindRefreshUseAsync(hash, CancellationToken.None);
        if (use is not null && !await grace.CoversAsync(use, token, request.Proof)) return await ReusedAsync(request, record, use);

        // 4. Still good, and its family, and its subject?
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (IntrospectionRules.WhyInvalid(record, match, now) is not InactiveReason.None || now >= record.GrantExpiresAt) return OAuthError.InvalidGrant;
        if (record.Subject is { } subject && await subjects.FindDisabledAsync(record.Issuer, subject, CancellationToken.None) is not null) return OAuthError.InvalidGrant;

        // 5. What for? At most what was granted.
        if (ScopeOf(request, record) is not { } scope) return OAuthError.InvalidScope;
        var asked = request.All("resource"u8);
        if (asked.Any(resource => !record.Audience.Contains(resource, StringComparer.Ordinal))) return OAuthError.InvalidTarget;

        var audience = asked.Count == 0 ? record.Audience : asked;
        var details = types.Narrow(request, record.AuthorizationDetails, audience, record.Audience);
        if (details.Error is { } notGranted) return notGranted;

        // 6. One wins, and what it is told is on the disk.
        var made = await AccessTokenAsync(request, record, scope, audience, details.Json, binding.Issued);
        if (made.Tokens is not { Record: var access } issued) return made;
        var refreshToken = successors.Of(token, access.Grant!);
        if (use is null)
        {
            var refresh = RefreshToken(request, record, refreshToken, binding.Confirmation, now);
            use = await store.UseRefreshTokenAsync(
                new RefreshUse { Token = hash, UsedAt = now, Grant = access.Grant!, ProofKey = request.Proof, Successor = refresh.Hash, ForgetAfter = record.ExpiresAt + Revocation.RevocationLog.ForgetMargin }, [access, refresh], request.Epoch);
            if (use is null) return issued with { RefreshToken = refreshToken };
            if (!await grace.CoversAsync(use, token, request.Proof)) return await ReusedAsync(request, record, use);
        }

        // 7. Forgiven: the refresh token that was told before, and an access token of the same family.
        if (await store.AddTokensAsync([access], epoch: request.Epoch) >= 0) throw new InvalidOperationException("a new random token was there already");
        return issued with { RefreshToken = refreshToken };
    }

    // The revocation is committed and binds every node, then it is refused.
    private async ValueTask<GrantResult> ReusedAsync(TokenRequest request, TokenRecord record, RefreshUse use)
    {
        await reuse.EndAsync(request.Exchange, record, use.Grant);
        return OAuthError.InvalidGrant;
    }

    // Omitted: all that was granted (RFC 6749 §6). Either way no more than the client is registered for by now.
    private static ScopeSet? ScopeOf(TokenRequest request, TokenRecord record)
    {
        var asked = request.Scope ?? record.Scope;
        if (request.Scope is not null && (asked.IsEmpty || !asked.IsSubsetOf(record.Scope))) return null;
        var granted = asked.Where(request.Client.Scope.Contains);
        return granted.IsEmpty && !asked.IsEmpty ? null : granted;
    }

    private ValueTask<GrantResult> AccessTokenAsync(TokenRequest request, TokenRecord record, ScopeSet scope, IReadOnlyList<string> audience, ReadOnlyMemory<byte> details, ReadOnlyMemory<byte> confirmation)
    {
        var (token, facts) = issuer.CreateAccessToken(request.Client, request.Born);
        return issuer.FinishAsync(request, token, facts with
        {
            Subject = record.Subject, Username = record.Username, Scope = scope, Audience = audience, Grant = RefreshFamily.Of(record), Session = record.Session, Tenant = record.Tenant,
            Ancestors = record.Ancestors, Lineage = record.Lineage, Confirmation = confirmation, Actor = record.Actor, AuthorizationDetails = details, Claims = record.Claims,
            ExpiresAt = Math.Min(facts.ExpiresAt, GrantEnd(request, record)), BasisIssuedAt = record.BasisIssuedAt ?? record.IssuedAt,
        });
    }

    // It keeps the whole scope and audience, however little the access token has of them (RFC 6749 §6, RFC 8707 §2.2).
    private TokenRecord RefreshToken(TokenRequest request, TokenRecord record, string token, ReadOnlyMemory<byte> confirmation, long now) => record with
    {
        Hash = TokenHash.Of(token), Jti = TokenIssuer.CreateJti(), Grant = RefreshFamily.Of(record), Born = request.Born, IssuedAt = now, NotBefore = null,
        ExpiresAt = RefreshLifetimes.TokenEnd(options, request.Client.Registration.Grants, now, GrantEnd(request, record)), GrantExpiresAt = GrantEnd(request, record),
        BasisIssuedAt = record.BasisIssuedAt ?? record.IssuedAt, Confirmation = confirmation,
    };

    private long GrantEnd(TokenRequest request, TokenRecord record) => RefreshLifetimes.GrantEnd(options, request.Client.Registration.Grants, record);
}
