using System.Security.Cryptography;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Clients;

/// <summary>A registration made ready for use: parsed once, immutable, replaced whole when the registration changes.</summary>
internal sealed class Client
{
    private readonly byte[][] _secretHashes;

    internal Client(ClientRegistration registration)
    {
        Registration = registration;
        Scope = ScopeSet.TryParse(registration.Scope, out var scope) ? scope : throw new InvalidDataException($"client {registration.ClientId}: stored scope");
        foreach (var name in registration.AuthMethods)
        {
            if (ClientAuthMethods.TryParse(name, out var method)) AuthMethods |= method;
        }
        _secretHashes = [.. registration.Secrets.Select(secret => Convert.FromBase64String(secret.Sha256))];
        Caller = new Caller
        {
            ClientId = registration.ClientId,
            Kind = registration.Kind == ClientRegistration.ResourceServerKind ? CallerKind.ResourceServer : CallerKind.Client,
            Audience = [.. registration.Audience],
            MayIntrospect = registration.MayIntrospect,
        };
    }

    internal ClientRegistration Registration { get; }

    internal string Id => Registration.ClientId;

    internal ClientAuthMethod AuthMethods { get; }

    internal ScopeSet Scope { get; }

    /// <summary>What an introspection answer depends on.</summary>
    internal Caller Caller { get; }

    /// <summary>Whether a secret with this SHA-256 is valid now. Compares with every secret, in fixed time.</summary>
    internal bool HasSecret(ReadOnlySpan<byte> sha256, long now)
    {
        var found = false;
        for (var i = 0; i < _secretHashes.Length; i++)
        {
            var isValid = Registration.Secrets[i].ExpiresAt is not { } end || now < end;
            found |= CryptographicOperations.FixedTimeEquals(_secretHashes[i], sha256) & isValid;
        }
        return found;
    }
}
