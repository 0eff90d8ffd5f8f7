using Microsoft.AspNetCore.Http.Features;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Admin;

/// <summary><c>/admin/clients/{id}</c>: what a client proves itself with, and the key of its tags.</summary>
internal sealed class ClientCredentialsAdmin(ClientDirectory clients, ClientChanges changes, ClientSecrets secrets, RemoteKeySets remoteKeys, SecretUses uses, ServerOptions options, TimeProvider time)
{
    private const long MaxOverlap = 90 * 86400;

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
        if (changes.Find(exchange) is not { } asking) return;
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
        await changes.ChangeAsync(exchange, "rotated the secret of", client =>
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
        await changes.ChangeAsync(exchange, "changed the keys of", client =>
        {
            if (!CredentialRules.UsesKeys(client))
            {
                exchange.Refuse(409, $"The client {client.ClientId} uses no keys: none of its methods does, and its answers are not encrypted.");
                return null;
            }
            var changed = client with { Jwks = asked.Jwks?.GetRawText(), JwksUri = asked.JwksUri };
            return ClientChanges.Checked(exchange, "The keys were not changed.", changed, CredentialRules.KeyErrors(changed, options.AllowPrivateJwksUris));
        });
        // Registered anew, it is read anew.
        if (asked.JwksUri is { } uri) remoteKeys.Forget(uri);
    }

    /// <summary>Gives a resource server the key of its tags in the feed.</summary>
    internal Task GiveTagKeyAsync(AdminExchange exchange) => SetTagKeyAsync(exchange, "gave the key of its tags to", hasKey: true);

    /// <summary>Gives it to it no more. What it was told it knows.</summary>
    internal Task WithdrawTagKeyAsync(AdminExchange exchange) => SetTagKeyAsync(exchange, "withdrew the key of its tags from", hasKey: false);

    private Task SetTagKeyAsync(AdminExchange exchange, string action, bool hasKey) => changes.ChangeAsync(exchange, action, client =>
    {
        if (client.TagKey == hasKey) return null;
        var changed = client with { TagKey = hasKey };
        return ClientChanges.Checked(exchange, "The key of its tags was not given.", changed, ClientRules.Errors(changed).Where(error => error.Member is "tag_key" or "view.sub"));
    });
}
