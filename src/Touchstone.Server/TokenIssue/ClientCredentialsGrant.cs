using Touchstone.Protocol;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;

namespace Touchstone.Server.TokenIssue;

/// <summary><c>client_credentials</c> (RFC 6749 §4.4), with <c>scope</c>, <c>resource</c> (RFC 8707) and <c>authorization_details</c> (RFC 9396): a client gets a token for itself.</summary>
internal sealed class ClientCredentialsGrant(ITokenStore store, ISubjectStore subjects, TokenIssuer issuer, DetailTypes types, TokenBinding binding, ServerOptions options) : IGrant
{
    public string Type => GrantTypes.ClientCredentials;

    // Only a confidential client may (RFC 6749 §4.4).
    public bool IsByDefault(TokenRequest request) => request.Client.Registration is { Public: false, Kind: ClientRegistration.ClientKind } || IsForIntrospection(request);

    public async ValueTask<GrantResult> IssueAsync(TokenRequest request)
    {
        var client = request.Client;

        if (await binding.UseProofAsync(request) is { } replayed) return replayed;

        // 1. What for?
        if (GrantedScope(request) is not { } scope) return OAuthError.InvalidScope;
        IReadOnlyList<string> registered = IsForIntrospection(request) ? [options.EffectiveIssuer] : client.Registration.Audience;
        var details = types.Read(request, ResourceIndicators.Reach(request, registered));
        if (details.Error is not null) return details.Error;
        if (ResourceIndicators.Choose(request, registered, details.Locations) is not { } audience) return ResourceIndicators.Refusal(registered);

        // 2. For whom? The client is its own subject, and a disabled subject gets no token, whoever asks (L12).
        if (await subjects.FindDisabledAsync(options.EffectiveIssuer, client.Id, CancellationToken.None) is not null) return OAuthError.UnauthorizedClient.With("The subject of this client is disabled.");

        // 3. Written first, told then: a token that the client holds is on the disk. RFC 9068 §2.2: without a resource owner the subject is the client.
        var (token, facts) = issuer.CreateAccessToken(client, request.Born);
        var finished = await issuer.FinishAsync(request, token, facts with { Subject = client.Id, Scope = scope, Audience = audience, AuthorizationDetails = details.Json, Confirmation = request.Confirmation });
        if (finished.Tokens is { } issued && await store.AddTokensAsync([issued.Record], epoch: request.Epoch) >= 0) throw new InvalidOperationException("a new random token was there already");
        return finished;
    }

    // A resource server that signs assertions can't send one to the feed, which has no body: it gets a token to do here what it may do anyhow, and no other.
    private static bool IsForIntrospection(TokenRequest request) =>
        request.Client.Registration is { Kind: ClientRegistration.ResourceServerKind, MayIntrospect: true } && request["scope"u8] == BearerMethod.Scope;

    // Omitted: all that is registered, except what rules this server (it is given only when asked for).
    private static ScopeSet? GrantedScope(TokenRequest request)
    {
        if (request.Scope is not { } asked) return request.Client.Scope.Where(name => !name.StartsWith("touchstone:", StringComparison.Ordinal));
        return !asked.IsEmpty && (asked.IsSubsetOf(request.Client.Scope) || IsForIntrospection(request)) ? asked : null;
    }
}
