using Microsoft.Extensions.Logging;
using Touchstone.Protocol;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Http;
using Touchstone.Server.Limits;
using Touchstone.Server.Revocation;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.TokenIssue;

/// <summary><c>POST /oauth/token</c> (RFC 6749 §3.2): who asks, which grant, may it, to what are the tokens bound. What each grant judges and issues is its own (<see cref="IGrant"/>).</summary>
internal sealed class TokenEndpoint(ClientAuthenticator clients, RevocationLog log, IEnumerable<IGrant> grants, TokenBinding binding, CallerLimits limits, AddressLimits addresses, CallerFailures failures, ILogger<TokenEndpoint> logger)
{
    private readonly IGrant[] _grants = [.. grants];

    internal async ValueTask HandleAsync(FormExchange exchange)
    {
        // 1. The state of the log before anything is judged: a row that comes between judging and writing ends what is issued (design.md §3, 2).
        var epoch = log.Epoch; // First: RevocationLog.Restart.
        var born = log.Seq;

        // 2. Who asks, from here, and so often?
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

        // 3. Which grant, and may this client use it?
        var request = new TokenRequest(exchange, client, born, epoch);
        if (request["grant_type"u8] is not { } type)
        {
            exchange.Refuse(OAuthError.InvalidRequest.With("The parameter grant_type is missing."));
            return;
        }
        if (Array.Find(_grants, grant => grant.Type == type) is not { } grant)
        {
            exchange.Refuse(OAuthError.UnsupportedGrantType);
            return;
        }
        if (!(client.Registration.Grants?.Allows(type) ?? grant.IsByDefault(request)))
        {
            AddFailure(exchange, caller.Method, "grant_type_not_registered");
            exchange.Refuse(OAuthError.UnauthorizedClient);
            return;
        }

        // 4. To what are the tokens bound?
        if (binding.Judge(request) is { } unproven)
        {
            Refuse(exchange, caller.Method, unproven, null);
            return;
        }

        // 5. What the grant says.
        var result = await grant.IssueAsync(request);
        if (result.Tokens is { } issued) exchange.Answer(issued.Write(), "issued", type);
        else
        {
            if (type == GrantTypes.TokenExchange && result.Error!.Status < 500) AddFailure(exchange, caller.Method, result.Reason ?? result.Error.Code);
            Refuse(exchange, caller.Method, result.Error!, result.Reason);
        }
    }

    // Of a public client everybody knows the name: what fails is held against the address, as a wrong secret would be, or one address could use up what the client may do in a second.
    private void Refuse(FormExchange exchange, ClientAuthMethod method, OAuthError error, string? reason)
    {
        if (error == OAuthError.InvalidDPoPProof) AddFailure(exchange, method, "dpop_proof_refused");
        if (method is ClientAuthMethod.None && (error.Code == OAuthError.InvalidGrant.Code || error.Code == OAuthError.InvalidDPoPProof.Code)) addresses.Failed(exchange.Http, exchange.Started);
        exchange.Refuse(error, reason);
    }

    // The list is short, and tells what went wrong for the client itself: who has said no more than its name would push that out of it.
    private void AddFailure(FormExchange exchange, ClientAuthMethod method, string reason)
    {
        if (method is not ClientAuthMethod.None) failures.Add(exchange.Caller!, reason, exchange.Http);
    }
}
