using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Signing;

/// <summary>What signing keys are sealed with here: an operator's file, else the key file of the data folder (SQLite), else a key in the database (PostgreSQL).</summary>
internal sealed class KeySeals(ITokenStore store, SecretVault vault, ServerOptions options, ILogger<KeySeals> logger)
{
    /// <summary>Where a key stands in a database that nodes share and nobody named a file.</summary>
    internal const string Setting = "signing_keys_secret";

    /// <summary>In words, for errors.</summary>
    internal string Source => options.Signing.KeyFile ?? (options.Postgres.Connection is null ? vault.File : "the key in the database");

    /// <summary>The seal; null where there is none, and none may be made: the keys were sealed by another one.</summary>
    internal async Task<KeySeal?> FindAsync(bool mayMake)
    {
        if (options.Signing.KeyFile is { } file)
            return SigningOptions.TryReadKey(file, out var key, out var error) ? new KeySeal(key) : throw new Startup.StartupException($"Signing:KeyFile: {error}", isUsage: true);
        if (options.Postgres.Connection is null) return vault.Secret(mayMake) is { } secret ? new KeySeal(secret) : null;
        logger.KeysBesideTheirSeal();
        return new KeySeal(Convert.FromBase64String(await store.SetOnceAsync(Setting, Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySeal.KeySize)))));
    }
}
