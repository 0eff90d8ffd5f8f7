using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary><c>/admin/clients</c>: add, list, show, disable, enable, rotate the secret.</summary>
internal sealed class ClientsAdmin(ClientDirectory clients, ITokenStore store, RevocationLog log, ILogger<ClientsAdmin> logger, TimeProvider time)
{
    private const int MaxPage = 1000;
    private const long MaxOverlap = 90 * 86400;

    // A change reads a registration and writes a new one: one at a time, so that none is lost.
    private readonly SemaphoreSlim _changing = new(1);

    internal async Task AddAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.NewClient) is not { } asked) return;
        var registration = Registration(asked);
        ProblemError[] errors = [.. ClientRules.Errors(registration).Select(error => new ProblemError(error.Detail, error.Member))];
        if (errors.Length > 0)
        {
            exchange.Refuse(400, "The client was not added.", errors);
            return;
        }
        var secret = registration.Public ? null : Secrets.Create();
        if (secret is not null) registration = registration with { Secrets = [Secrets.Hash(secret, registration.CreatedAt)] };
        if (!await store.AddClientAsync(registration))
        {
            exchange.Refuse(409, $"There is a client {registration.ClientId} already.");
            return;
        }
        logger.ClientChanged(exchange.Actor, "added", registration.ClientId);
        exchange.Answer(201, ClientView.Of(registration, secret), AdminJson.Default.ClientView);
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
        var items = page.Take(limit).Select(client => ClientView.Of(client.Registration)).ToArray();
        exchange.Answer(200, new ClientPage(items, page.Count > limit ? items[^1].ClientId : null), AdminJson.Default.ClientPage);
        return Task.CompletedTask;
    }

    internal Task ShowAsync(AdminExchange exchange)
    {
        if (Find(exchange) is { } client) exchange.Answer(200, ClientView.Of(client.Registration), AdminJson.Default.ClientView);
        return Task.CompletedTask;
    }

    /// <summary>Disabling ends every token of the client that was born before; its row and the flag are one commit.</summary>
    internal Task DisableAsync(AdminExchange exchange) => ChangeAsync(exchange, "disabled", client =>
        client.Enabled ? (client with { Enabled = false }, Selector.Client(client.ClientId), null) : null);

    /// <summary>Enabling clears the flag and revives nothing.</summary>
    internal Task EnableAsync(AdminExchange exchange) => ChangeAsync(exchange, "enabled", client =>
        client.Enabled ? null : (client with { Enabled = true }, Selector.Registration(client.ClientId), null));

    /// <summary>Makes a new secret; the newest old one stays valid until the overlap ends.</summary>
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
        await ChangeAsync(exchange, "rotated the secret of", client =>
        {
            if (client.Public)
            {
                exchange.Refuse(409, "A public client has no secret.");
                return null;
            }
            var now = time.GetUtcNow().ToUnixTimeSeconds();
            var secret = Secrets.Create();
            IEnumerable<ClientSecret> kept = rotation.OverlapSeconds == 0 ? [] : client.Secrets.Take(1).Select(old => old with { ExpiresAt = Math.Min(old.ExpiresAt ?? long.MaxValue, now + rotation.OverlapSeconds) });
            return (client with { Secrets = [Secrets.Hash(secret, now), .. kept] }, Selector.Registration(client.ClientId), secret);
        });
    }

    private async Task ChangeAsync(AdminExchange exchange, string action, Func<ClientRegistration, (ClientRegistration Changed, Selector Row, string? Secret)?> change)
    {
        await _changing.WaitAsync(exchange.Aborted);
        try
        {
            if (Find(exchange) is not { } client) return;
            if (change(client.Registration) is not { } changed)
            {
                if (exchange.Http.Response.ContentLength is null) exchange.Answer(200, ClientView.Of(client.Registration), AdminJson.Default.ClientView);
                return;
            }
            await log.ChangeAsync(changed.Changed, changed.Row, exchange.Actor);
            logger.ClientChanged(exchange.Actor, action, client.Id);
            exchange.Answer(200, ClientView.Of(changed.Changed, changed.Secret), AdminJson.Default.ClientView);
        }
        finally
        {
            _changing.Release();
        }
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
            AuthMethods = asked.AuthMethods is { Count: > 0 } methods ? [.. methods.Distinct()] : asked.Public ? ["none"] : ClientAuthMethods.All,
            Audience = [.. (asked.Audience ?? []).Distinct()],
            Scope = asked.Scope ?? "",
            MayIntrospect = asked.MayIntrospect ?? isResourceServer,
            Tenant = asked.Tenant,
            CreatedAt = time.GetUtcNow().ToUnixTimeSeconds(),
        };
    }
}
