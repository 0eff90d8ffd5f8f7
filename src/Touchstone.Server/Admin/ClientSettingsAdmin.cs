using System.Text.Json;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Admin;

/// <summary><c>/admin/clients/{id}</c>: what a client sees, how often it may ask, what it may be issued, and how it is answered.</summary>
internal sealed class ClientSettingsAdmin(ClientDirectory clients, ClientChanges changes, RemoteKeySets remoteKeys, ServerOptions options)
{
    /// <summary>Registers what a resource server may see, in place of what it may see now.</summary>
    internal async Task SetViewAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.ViewRegistration) is not { } asked) return;
        await changes.RegisterAsync(exchange, "changed the view of", "The view was not changed.", client =>
            (client with { View = asked.IsDefault ? null : asked }, ViewRegistration.Errors(client with { View = asked })));
    }

    /// <summary>Changes the limits that the body names and leaves the others as they are. A client that a detection blocked is free again.</summary>
    internal async Task SetLimitsAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.ClientLimits) is not { } asked) return;
        await changes.RegisterAsync(exchange, "changed the limits of", "The limits were not changed.", client =>
        {
            var old = client.Limits ?? new ClientLimits();
            return (client with { Limits = new ClientLimits(asked.Rate ?? old.Rate, asked.Burst ?? old.Burst, asked.AllowAddresses ?? old.AllowAddresses) }, Within("limits.", asked.Errors()));
        });
        clients.Find(exchange.RouteValue("id"))?.Gate.Activity.Block(0);
    }

    /// <summary>Changes what tokens a client may be issued: what the body names, and leaves the rest as it is. What is null is as by default again.</summary>
    internal async Task SetGrantsAsync(AdminExchange exchange)
    {
        using var body = await exchange.ReadDocumentAsync();
        if (body is null || exchange.Deserialize(body.RootElement, AdminJson.Default.GrantRegistration) is not { } asked) return;
        string[] takenBack = [.. body.RootElement.EnumerateObject().Where(member => member.Value.ValueKind is JsonValueKind.Null).Select(member => member.Name)];
        await changes.RegisterAsync(exchange, "changed the grants of", "The grants were not changed.", client =>
        {
            var grants = (client.Grants ?? new GrantRegistration()).With(asked, takenBack);
            var changed = client with { Grants = grants.IsDefault ? null : grants };
            return (changed, Within("grants.", GrantRegistration.Errors(changed)));
        });
    }

    /// <summary>Registers how the signed answers of a client are made, in place of how they are made now. Keys that the body gives take the place of its keys, which who never had any needs for encryption.</summary>
    internal async Task SetResponseAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.NewResponse) is not { } asked) return;
        await changes.RegisterAsync(exchange, "changed the signed answers of", "The signed answers were not changed.", client =>
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
            return (changed, ResponseRules.Errors(changed).Concat(ofKeys));
        });
        if (asked.JwksUri is { } uri) remoteKeys.Forget(uri);
    }

    // The body of a change is the part alone, so its members are named from there.
    private static IEnumerable<(string Member, string Detail)> Within(string part, IEnumerable<(string Member, string Detail)> errors) =>
        errors.Select(error => (error.Member[part.Length..], error.Detail));
}
