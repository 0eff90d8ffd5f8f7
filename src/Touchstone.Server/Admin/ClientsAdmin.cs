using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Leases;
using Touchstone.Server.Limits;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary><c>/admin/clients</c>: add, list, show, disable, enable, change secret, keys, view, limits, grants and signed answers.</summary>
internal sealed class ClientsAdmin(ClientDirectory clients, ClientSecrets secrets, RemoteKeySets remoteKeys, CallerFailures failures, SecretUses uses, ITokenStore store, RevocationLog log, Freshness freshness, ServerOptions options, ILogger<ClientsAdmin> logger, TimeProvider time)
{
    private const int MaxPage = 1000;
    private const long MaxOverlap = 90 * 86400;
    private const int MaxTries = 8;

    // A change reads a registration and writes a new one. Here one at a time; where another node comes between, the store refuses it, and it is made anew on what stands there then. So none is lost.
    private readonly SemaphoreSlim _changing = new(1);

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
        if (Find(exchange) is { } client) exchange.Answer(200, ClientView.Of(client), AdminJson.Default.ClientView);
        return Task.CompletedTask;
    }

    /// <summary>Disabling ends every token of the client that was born before; its row and the flag are one commit.</summary>
    internal Task DisableAsync(AdminExchange exchange) => ChangeAsync(exchange, "disabled", client =>
        client.Enabled ? (client with { Enabled = false }, Selector.Client(client.ClientId), null) : null);

    /// <summary>Enabling clears the flag and revives nothing.</summary>
    internal Task EnableAsync(AdminExchange exchange) => ChangeAsync(exchange, "enabled", client =>
        client.Enabled ? null : (client with { Enabled = true }, Selector.Registration(client.ClientId), null));

    /// <summary>Gives a resource server the key of its tags in the feed.</summary>
    internal Task GiveTagKeyAsync(AdminExchange exchange) => SetTagKeyAsync(exchange, "gave the key of its tags to", hasKey: true);

    /// <summary>Gives it to it no more. What it was told it knows.</summary>
    internal Task WithdrawTagKeyAsync(AdminExchange exchange) => SetTagKeyAsync(exchange, "withdrew the key of its tags from", hasKey: false);

    /// <summary>Makes a new secret; the old one that is in use stays valid until the overlap ends.</summary>
    internal async Task RotateAsync(AdminExchange exchange)
    {
        var rotation = new Rotation();
        // Not by Content-Length: a body in chunks has none.
        if (exchange.Http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not false)
        {
            if (await exchange.ReadAsync(AdminJson.Default.Rotation) is not { } asked) return;
            rotation = asked;
        }
        if (rotation.OverlapSeconds is < 0 or > MaxOverlap)
        {
            exchange.Refuse(400, $"overlap_seconds must be 0 to {MaxOverlap}.", new ProblemError("out of range", "overlap_seconds"));
            return;
        }
        if (Find(exchange) is not { } asking) return;
        if (rotation.ClientSecret is { } brought && CredentialRules.SecretError(asking.Registration, brought) is { } error)
        {
            exchange.Refuse(400, "The secret was not changed.", new ProblemError(error, "client_secret"));
            return;
        }
        // Outside of the lock: a slow hash takes its time. What the secret is made for, the methods, never changes.
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (await secrets.MakeAsync(asking.Registration, rotation.ClientSecret, now) is not { } made)
        {
            exchange.Refuse(409, asking.Registration.Public ? "A public client has no secret." : $"The client {asking.Id} uses no secret: none of its methods does.");
            return;
        }
        await uses.ReadAsync(); // Which of two secrets is in use may be known to another node only.
        await ChangeAsync(exchange, "rotated the secret of", client =>
        {
            IEnumerable<ClientSecret> kept = rotation.OverlapSeconds == 0 ? [] : client.Secrets.Skip(InUse(clients.Find(client.ClientId)!, now)).Take(1).Select(old => old with { ExpiresAt = Math.Min(old.ExpiresAt ?? long.MaxValue, now + rotation.OverlapSeconds) });
            return (client with { Secrets = [made.Stored, .. kept] }, Selector.Registration(client.ClientId), made.Shown);
        });
    }

    // Of two secrets the newest, unless nobody has used it yet and the other is in use: where the answer to a rotation was lost, rotating again must not end the secret that all callers have.
    private static int InUse(Client client, long now) => client.Slots is [{ LastUsed: 0 }, { LastUsed: > 0 }] && client.IsValid(1, now) ? 1 : 0;

    /// <summary>Registers other keys. While a rotation overlaps, the old and the new stand in one set.</summary>
    internal async Task SetKeysAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.NewKeys) is not { } asked) return;
        await ChangeAsync(exchange, "changed the keys of", client =>
        {
            if (!CredentialRules.UsesKeys(client))
            {
                exchange.Refuse(409, $"The client {client.ClientId} uses no keys: none of its methods does, and its answers are not encrypted.");
                return null;
            }
            var changed = client with { Jwks = asked.Jwks?.GetRawText(), JwksUri = asked.JwksUri };
            ProblemError[] errors = [.. CredentialRules.KeyErrors(changed, options.AllowPrivateJwksUris).Select(error => new ProblemError(error.Detail, error.Member))];
            if (errors.Length == 0) return (changed, Selector.Registration(client.ClientId), null);
            exchange.Refuse(400, "The keys were not changed.", errors);
            return null;
        });
        // Registered anew, it is read anew.
        if (asked.JwksUri is { } uri) remoteKeys.Forget(uri);
    }

    /// <summary>Registers what a resource server may see, in place of what it may see now.</summary>
    internal async Task SetViewAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.ViewRegistration) is not { } asked) return;
        await ChangeAsync(exchange, "changed the view of", client =>
        {
            var changed = client with { View = asked };
            ProblemError[] errors = [.. ViewRegistration.Errors(changed).Select(error => new ProblemError(error.Detail, error.Member))];
            if (errors.Length == 0) return (asked.IsDefault ? changed with { View = null } : changed, Selector.Registration(client.ClientId), null);
            exchange.Refuse(400, "The view was not changed.", errors);
            return null;
        });
    }

    /// <summary>Changes the limits that the body names and leaves the others as they are. A client that a detection blocked is free again.</summary>
    internal async Task SetLimitsAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.ClientLimits) is not { } asked) return;
        await ChangeAsync(exchange, "changed the limits of", client =>
        {
            var old = client.Limits ?? new ClientLimits();
            var changed = new ClientLimits(asked.Rate ?? old.Rate, asked.Burst ?? old.Burst, asked.AllowAddresses ?? old.AllowAddresses);
            ProblemError[] errors = [.. asked.Errors().Select(error => new ProblemError(error.Detail, error.Member["limits.".Length..]))];
            if (errors.Length == 0) return (client with { Limits = changed }, Selector.Registration(client.ClientId), null);
            exchange.Refuse(400, "The limits were not changed.", errors);
            return null;
        });
        clients.Find(exchange.RouteValue("id"))?.Gate.Activity.Block(0);
    }

    /// <summary>Changes what tokens a client may be issued: what the body names, and leaves the rest as it is. What is null is as by default again.</summary>
    internal async Task SetGrantsAsync(AdminExchange exchange)
    {
        using var body = await exchange.ReadDocumentAsync();
        if (body is null || exchange.Deserialize(body.RootElement, AdminJson.Default.GrantRegistration) is not { } asked) return;
        string[] takenBack = [.. body.RootElement.EnumerateObject().Where(member => member.Value.ValueKind is JsonValueKind.Null).Select(member => member.Name)];
        await ChangeAsync(exchange, "changed the grants of", client =>
        {
            var grants = (client.Grants ?? new GrantRegistration()).With(asked, takenBack);
            var changed = client with { Grants = grants.IsDefault ? null : grants };
            ProblemError[] errors = [.. GrantRegistration.Errors(changed).Select(error => new ProblemError(error.Detail, error.Member["grants.".Length..]))];
            if (errors.Length == 0) return (changed, Selector.Registration(client.ClientId), null);
            exchange.Refuse(400, "The grants were not changed.", errors);
            return null;
        });
    }

    /// <summary>Registers how the signed answers of a client are made, in place of how they are made now. Keys that the body gives take the place of its keys, which who never had any needs for encryption.</summary>
    internal async Task SetResponseAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.NewResponse) is not { } asked) return;
        await ChangeAsync(exchange, "changed the signed answers of", client =>
        {
            var changed = client with
            {
                IntrospectionSignedResponseAlg = asked.IntrospectionSignedResponseAlg,
                IntrospectionEncryptedResponseAlg = asked.IntrospectionEncryptedResponseAlg,
                IntrospectionEncryptedResponseEnc = asked.IntrospectionEncryptedResponseEnc,
            };
            var bringsKeys = asked.Jwks is not null || asked.JwksUri is not null;
            if (bringsKeys) changed = changed with { Jwks = asked.Jwks?.GetRawText(), JwksUri = asked.JwksUri };
            else if (!CredentialRules.UsesKeys(changed)) changed = changed with { Jwks = null, JwksUri = null }; // They were for encryption alone.
            var ofKeys = CredentialRules.UsesKeys(changed) ? CredentialRules.KeyErrors(changed, options.AllowPrivateJwksUris) : bringsKeys ? [("jwks", "are for no use: none of its methods has keys, and its answers are not encrypted")] : [];
            ProblemError[] errors = [.. ResponseRules.Errors(changed).Concat(ofKeys).Select(error => new ProblemError(error.Detail, error.Member))];
            if (errors.Length == 0) return (changed, Selector.Registration(client.ClientId), null);
            exchange.Refuse(400, "The signed answers were not changed.", errors);
            return null;
        });
        if (asked.JwksUri is { } uri) remoteKeys.Forget(uri);
    }

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

    private Task SetTagKeyAsync(AdminExchange exchange, string action, bool hasKey) => ChangeAsync(exchange, action, client =>
    {
        if (client.TagKey == hasKey) return null;
        var changed = client with { TagKey = hasKey };
        ProblemError[] errors = [.. ClientRules.Errors(changed).Where(error => error.Member is "tag_key" or "view.sub").Select(error => new ProblemError(error.Detail, error.Member))];
        if (errors.Length == 0) return (changed, Selector.Registration(client.ClientId), null);
        exchange.Refuse(400, "The key of its tags was not given.", errors);
        return null;
    });

    private async Task ChangeAsync(AdminExchange exchange, string action, Func<ClientRegistration, (ClientRegistration Changed, Selector Row, string? Secret)?> change)
    {
        await _changing.WaitAsync(exchange.Aborted);
        try
        {
            for (var i = 0; i < MaxTries; i++)
            {
                if (i > 0) await freshness.ReadAsync();
                if (await TryChangeAsync(exchange, action, change)) return;
            }
            exchange.Refuse(409, "Others changed this client all the while, and nothing was changed here. Look at it, and try again.");
        }
        finally
        {
            _changing.Release();
        }
    }

    // False when the registration was changed by somebody else since it came into memory. Else the request is answered.
    private async Task<bool> TryChangeAsync(AdminExchange exchange, string action, Func<ClientRegistration, (ClientRegistration Changed, Selector Row, string? Secret)?> change)
    {
        if (Find(exchange) is not { } client) return true;
        if (change(client.Registration) is not { } changed)
        {
            await log.EnforceAsync(null); // Who changed it to this may still be waiting for the other nodes.
            if (exchange.Http.Response.ContentLength is null) exchange.Answer(200, ClientView.Of(client), AdminJson.Default.ClientView);
            return true;
        }
        if (!await log.TryChangeAsync(client.Registration, changed.Changed, changed.Row, exchange.Actor)) return false;
        logger.ClientChanged(exchange.Actor, action, client.Id, RequestIds.Of(exchange.Http));
        exchange.Answer(200, ClientView.Of(clients.Find(client.Id)!, changed.Secret), AdminJson.Default.ClientView);
        return true;
    }

    private Client? Find(AdminExchange exchange)
    {
        var id = exchange.RouteValue("id");
        if (clients.Find(id) is { } client) return client;
        exchange.Refuse(404, $"There is no client {id}.");
        return null;
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
