using Microsoft.Extensions.Logging;
using Touchstone.Server.Signing;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Admin;

/// <summary><c>/admin/keys</c>: the keys that sign JWTs, rotated and retired by command. What is private of them is shown nowhere.</summary>
internal sealed class KeysAdmin(SigningKeys keys, ILogger<KeysAdmin> logger, TimeProvider time)
{
    internal Task ListAsync(AdminExchange exchange)
    {
        exchange.Answer(200, new SigningKeyList([.. keys.Ring.All.Select(View)]), AdminJson.Default.SigningKeyList);
        return Task.CompletedTask;
    }

    internal async Task RotateAsync(AdminExchange exchange)
    {
        if (await exchange.ReadAsync(AdminJson.Default.KeyRotation) is not { } asked) return;
        if (!SigningKey.Algorithms.Contains(asked.Alg))
        {
            exchange.Refuse(400, "No key was rotated.", new ProblemError($"must be {string.Join(" or ", SigningKey.Algorithms)}", "alg"));
            return;
        }
        var (next, refusal) = await keys.RotateAsync(asked.Alg, asked.Now);
        if (refusal is not null)
        {
            exchange.Refuse(409, refusal);
            return;
        }
        logger.SigningKeyRotated(exchange.Actor, asked.Alg, RequestIds.Of(exchange.Http));
        exchange.Answer(200, View(next), AdminJson.Default.SigningKeyView);
    }

    internal async Task RetireAsync(AdminExchange exchange)
    {
        var kid = exchange.RouteValue("kid");
        if (await keys.RetireAsync(kid) is not { } retired)
        {
            exchange.Refuse(404, "There is no key of this kid.");
            return;
        }
        logger.SigningKeyRetired(exchange.Actor, retired.Stored.Kid, RequestIds.Of(exchange.Http));
        exchange.Answer(200, View(retired), AdminJson.Default.SigningKeyView);
    }

    private SigningKeyView View(HeldKey key)
    {
        var (now, stored) = (time.GetUtcNow().ToUnixTimeSeconds(), key.Stored);
        return new SigningKeyView(stored.Kid, stored.Algorithm, keys.Ring.StateOf(key, now), stored.IsPublished(now), stored.CreatedAt, stored.SignsFrom, stored.SignsUntil, stored.PublishedUntil, stored.RetiredAt)
        {
            Locked = key.IsLocked(now) ? true : null,
        };
    }
}
