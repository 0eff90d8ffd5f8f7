using System.Text;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Server.Clients;

/// <summary>A new secret as it is stored, and in clear where it is to be shown this once.</summary>
internal sealed record MadeSecret(ClientSecret Stored, string? Shown);

/// <summary>Makes secrets ready to be stored: generated ones under SHA-256, brought ones under the slow hash, and sealed besides for <c>client_secret_jwt</c>.</summary>
internal sealed class ClientSecrets(SecretVault vault)
{
    /// <summary>The secret of a client that uses one; null for any other.</summary>
    internal async ValueTask<MadeSecret?> MakeAsync(ClientRegistration client, string? brought, long now)
    {
        var methods = MethodsOf(client);
        if ((methods & ClientAuthMethods.WithSecret) == 0) return null;
        var isForMac = methods.HasFlag(ClientAuthMethod.ClientSecretJwt);
        var secret = brought ?? (isForMac ? Secrets.Create(Secrets.BytesForMac) : Secrets.Create());
        var bytes = Encoding.UTF8.GetBytes(secret);
        var stored = brought is null
            ? Secrets.Hash(secret, now)
            : new ClientSecret(null, now, null, await Task.Factory.StartNew(() => SlowHash.Of(bytes), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        return new MadeSecret(isForMac ? stored with { Sealed = vault.Seal(client.ClientId, bytes) } : stored, brought is null ? secret : null);
    }

    internal static ClientAuthMethod MethodsOf(ClientRegistration client) =>
        client.AuthMethods.Aggregate(ClientAuthMethod.None, (methods, name) => ClientAuthMethods.TryParse(name, out var method) ? methods | method : methods);
}
