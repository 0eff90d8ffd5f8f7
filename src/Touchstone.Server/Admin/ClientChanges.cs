using Microsoft.Extensions.Logging;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;
using Touchstone.Server.Leases;
using Touchstone.Server.Revocation;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary>Changes a registration so that no change of another administrator or node is lost, and says so.</summary>
internal sealed class ClientChanges(ClientDirectory clients, RevocationLog log, Freshness freshness, ILogger<ClientChanges> logger)
{
    private const int MaxTries = 8;

    // A change reads a registration and writes a new one. Here one at a time; where another node comes between, the store refuses it, and it is made anew on what stands there then. So none is lost.
    private readonly SemaphoreSlim _changing = new(1);

    /// <summary>Registers what <paramref name="change"/> makes of a registration, unless it finds errors in it.</summary>
    internal Task RegisterAsync(AdminExchange exchange, string action, string refusal, Func<ClientRegistration, (ClientRegistration Changed, IEnumerable<(string Member, string Detail)> Errors)> change) => ChangeAsync(exchange, action, client =>
    {
        var (changed, errors) = change(client);
        return Checked(exchange, refusal, changed, errors);
    });

    /// <summary>A changed registration with the row that tells of it. Where there are errors nothing changes, and each is named.</summary>
    internal static (ClientRegistration Changed, Selector Row, string? Secret)? Checked(AdminExchange exchange, string refusal, ClientRegistration changed, IEnumerable<(string Member, string Detail)> errors)
    {
        ProblemError[] problems = [.. errors.Select(error => new ProblemError(error.Detail, error.Member))];
        if (problems.Length == 0) return (changed, Selector.Registration(changed.ClientId), null);
        exchange.Refuse(400, refusal, problems);
        return null;
    }

    /// <summary>Changes a registration, with the row that tells of it; without one where there is nothing to change. A secret is shown in the answer.</summary>
    internal async Task ChangeAsync(AdminExchange exchange, string action, Func<ClientRegistration, (ClientRegistration Changed, Selector Row, string? Secret)?> change)
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

    internal Client? Find(AdminExchange exchange)
    {
        var id = exchange.RouteValue("id");
        if (clients.Find(id) is { } client) return client;
        exchange.Refuse(404, $"There is no client {id}.");
        return null;
    }
}
