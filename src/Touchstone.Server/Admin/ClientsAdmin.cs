using System.Globalization;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Limits;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary><c>/admin/clients</c>: add, list, show, disable and enable a client, and why it was refused.</summary>
internal sealed class ClientsAdmin(ClientDirectory clients, ClientChanges changes, ClientSecrets secrets, CallerFailures failures, ITokenStore store, ServerOptions options, ILogger<ClientsAdmin> logger, TimeProvider time)
{
    private const int MaxPage = 1000;

    internal async Task AddAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.NewClient) is not { } asked) return;
        var registration = Registration(asked);
        ProblemError[] errors =
        [
            .. ClientRules.Errors(registration).Concat(CredentialRules.Errors(registration, asked.ClientSecret, options.AllowPrivateJwksUris)).Select(error => new ProblemError(error.Detail, error.Member)),
        ];
        if (errors.Length > 0)
        {
            exchange.Refuse(400, "The client was not added.", errors);
            return;
        }
        var secret = await secrets.MakeAsync(registration, asked.ClientSecret, registration.CreatedAt);
        if (secret is not null) registration = registration with { Secrets = [secret.Stored] };
        if (!await store.AddClientAsync(registration))
        {
            exchange.Refuse(409, $"There is a client {registration.ClientId} already.");
            return;
        }
        logger.ClientChanged(exchange.Actor, "added", registration.ClientId, RequestIds.Of(exchange.Http));
        exchange.Answer(201, ClientView.Of(clients.Find(registration.ClientId)!, secret?.Shown), AdminJson.Default.ClientView);
    }

    internal Task ListAsync(AdminExchange exchange)
    {
        var limit = 100;
        if (exchange.Http.Request.Query["limit"] is [{ } text] && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxPage))
        {
            exchange.Refuse(400, $"limit must be 1 to {MaxPage}.");
            return Task.CompletedTask;
        }
        var page = clients.Page(exchange.Http.Request.Query["after"] is [{ } after] ? after : null, limit + 1);
        var items = page.Take(limit).Select(client => ClientView.Of(client)).ToArray();
        exchange.Answer(200, new ClientPage(items, page.Count > limit ? items[^1].ClientId : null), AdminJson.Default.ClientPage);
        return Task.CompletedTask;
    }

    internal Task ShowAsync(AdminExchange exchange)
    {
        if (changes.Find(exchange) is { } client) exchange.Answer(200, ClientView.Of(client), AdminJson.Default.ClientView);
        return Task.CompletedTask;
    }

    /// <summary>Disabling ends every token of the client that was born before; its row and the flag are one commit.</summary>
    internal Task DisableAsync(AdminExchange exchange) => changes.ChangeAsync(exchange, "disabled", client =>
        client.Enabled ? (client with { Enabled = false }, Selector.Client(client.ClientId), null) : null);

    /// <summary>Enabling clears the flag and revives nothing.</summary>
    internal Task EnableAsync(AdminExchange exchange) => changes.ChangeAsync(exchange, "enabled", client =>
        client.Enabled ? null : (client with { Enabled = true }, Selector.Registration(client.ClientId), null));

    /// <summary>Why a caller was refused lately.</summary>
    internal Task FailuresAsync(AdminExchange exchange)
    {
        var id = exchange.RouteValue("id");
        var isKnown = clients.Find(id) is not null;
        var items = failures.Of(id, isKnown);
        if (isKnown || items.Count > 0) exchange.Answer(200, new FailureList(items), AdminJson.Default.FailureList);
        else exchange.Refuse(404, $"There is no client {id}, and nobody called this node by that name lately. Other nodes may know of refusals: ask each, or search the audit.");
        return Task.CompletedTask;
    }

    private ClientRegistration Registration(NewClient asked)
    {
        var isResourceServer = asked.Kind == ClientRegistration.ResourceServerKind;
        return new ClientRegistration
        {
            ClientId = asked.ClientId,
            Kind = asked.Kind,
            Public = asked.Public,
            AuthMethods = asked.AuthMethods is { Count: > 0 } methods ? [.. methods.Distinct()] : asked.Public ? ["none"] : ClientAuthMethods.Default,
            Audience = [.. (asked.Audience ?? []).Distinct()],
            Scope = asked.Scope ?? "",
            MayIntrospect = asked.MayIntrospect ?? isResourceServer,
            Tenant = asked.Tenant,
            CreatedAt = time.GetUtcNow().ToUnixTimeSeconds(),
            Jwks = asked.Jwks?.GetRawText(),
            JwksUri = asked.JwksUri,
            Limits = asked.Limits,
            Grants = asked.Grants,
            TokenEndpointAudience = asked.TokenEndpointAudience,
            TagKey = asked.TagKey,
            IntrospectionSignedResponseAlg = asked.IntrospectionSignedResponseAlg,
            IntrospectionEncryptedResponseAlg = asked.IntrospectionEncryptedResponseAlg,
            IntrospectionEncryptedResponseEnc = asked.IntrospectionEncryptedResponseEnc,
            View = asked.View is { IsDefault: true } ? null : asked.View,
            TlsClientAuthSubjectDn = asked.TlsClientAuthSubjectDn,
            TlsClientAuthSanDns = asked.TlsClientAuthSanDns,
            TlsClientAuthSanUri = asked.TlsClientAuthSanUri,
            TlsClientAuthSanIp = asked.TlsClientAuthSanIp,
            TlsClientAuthSanEmail = asked.TlsClientAuthSanEmail,
        };
    }
}
