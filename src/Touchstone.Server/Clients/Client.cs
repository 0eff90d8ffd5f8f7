using System.Security.Cryptography;
using System.Text.Json;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.Hashing;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Limits;

namespace Touchstone.Server.Clients;

/// <summary>What comparing a secret found.</summary>
internal enum SecretCheck
{
    Wrong,
    Right,

    /// <summary>Only the slow hash of a brought secret can tell.</summary>
    Unproven,
}

/// <summary>A registration made ready for use: parsed once, immutable, replaced whole when the registration changes.</summary>
internal sealed class Client
{
    private readonly byte[]?[] _sha256;
    private Client? _introspecting;
    private byte[]? _nameInJson;

    internal Client(ClientRegistration registration, ClientGate gate, Client? previous = null, byte[]? pairwiseKey = null)
    {
        Registration = registration;
        Gate = gate;
        Scope = ScopeSet.TryParse(registration.Scope, out var scope) ? scope : throw new InvalidDataException($"client {registration.ClientId}: stored scope");
        foreach (var name in registration.AuthMethods)
        {
            if (ClientAuthMethods.TryParse(name, out var method)) AuthMethods |= method;
        }
        _sha256 = [.. registration.Secrets.Select(secret => secret.Sha256 is { } hash ? Convert.FromBase64String(hash) : null)];
        Slots = [.. registration.Secrets.Select(secret => previous?.Slots.FirstOrDefault(slot => slot.Identity == secret.Identity) ?? new SecretSlot(secret.Identity))];
        Guesses = previous?.Guesses ?? new SecretGuesses();
        Keys = registration.Jwks is { } jwks && KeySet.TryParse(System.Text.Encoding.UTF8.GetBytes(jwks), out var keys, out _) ? keys : KeySet.Empty;
        Caller = new Caller
        {
            ClientId = registration.ClientId,
            Kind = registration.Kind == ClientRegistration.ResourceServerKind ? CallerKind.ResourceServer : CallerKind.Client,
            Audience = [.. registration.Audience],
            MayIntrospect = registration.MayIntrospect,
            // The same view where nothing of it changed, as when a secret was rotated: answers that were cut for it stay good.
            View = previous is not null && ReferenceEquals(previous.Registration.View, registration.View) && ReferenceEquals(previous.Registration.Audience, registration.Audience)
                ? previous.Caller.View
                : ViewRegistration.Of(registration, pairwiseKey),
        };
    }

    internal ClientRegistration Registration { get; }

    internal string Id => Registration.ClientId;

    /// <summary>Its identifier as it stands within the quotes of JSON.</summary>
    internal ReadOnlySpan<byte> NameInJson => _nameInJson ??= JsonEncodedText.Encode(Id).EncodedUtf8Bytes.ToArray();

    /// <summary>Whether it is given the key of its tags, to judge JWTs by the feed.</summary>
    internal bool JudgesJwts => Registration.TagKey;

    internal ClientAuthMethod AuthMethods { get; }

    internal ScopeSet Scope { get; }

    /// <summary>What an introspection answer depends on.</summary>
    internal Caller Caller { get; }

    /// <summary>The registered keys; empty where they stand at a URI.</summary>
    internal KeySet Keys { get; }

    /// <summary>What is known of each secret, in the order of the registration.</summary>
    internal IReadOnlyList<SecretSlot> Slots { get; }

    /// <summary>The secrets under slow verification, and some that were wrong.</summary>
    internal SecretGuesses Guesses { get; }

    /// <summary>From where and how often it may call, and what it did lately.</summary>
    internal ClientGate Gate { get; }

    /// <summary>The same client with the right to introspect, which an access token can carry.</summary>
    internal Client Introspecting => Registration.MayIntrospect ? this : _introspecting ??= new Client(Registration with { MayIntrospect = true }, Gate, this);

    /// <summary>
    /// Whether this is a valid secret now. A secret that was proven once in this process is known again by its keyed hash, which costs 30 ns instead of 430 for SHA-256 and a quarter of a second for the slow hash;
    /// any other is compared with every hash, in fixed time.
    /// </summary>
    internal SecretCheck Check(ReadOnlySpan<byte> secret, in Mac128 mac, long now)
    {
        for (var i = 0; i < Slots.Count; i++)
        {
            if (!Slots[i].Knows(mac) || !IsValid(i, now)) continue;
            Slots[i].Use(now);
            return SecretCheck.Right;
        }

        Span<byte> sha256 = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(secret, sha256);
        var found = false;
        var isUnproven = false;
        for (var i = 0; i < Slots.Count; i++)
        {
            if (_sha256[i] is not { } hash)
            {
                // Once it is proven, another MAC is another secret: a wrong one then costs no slow hash.
                isUnproven |= !Slots[i].IsProven && IsValid(i, now);
                continue;
            }
            var isEqual = CryptographicOperations.FixedTimeEquals(hash, sha256);
            if (isEqual) Slots[i].Prove(mac);
            if (!(isEqual & IsValid(i, now))) continue;
            Slots[i].Use(now);
            found = true;
        }
        return found ? SecretCheck.Right : isUnproven && !Guesses.IsKnownWrong(mac, Slots) ? SecretCheck.Unproven : SecretCheck.Wrong;
    }

    /// <summary>Compares with the slow hashes that are not proven yet: some tenths of a second of work.</summary>
    internal bool CheckSlowly(ReadOnlySpan<byte> secret, in Mac128 mac, long now)
    {
        for (var i = 0; i < Slots.Count; i++)
        {
            if (Registration.Secrets[i].Pbkdf2 is not { } slow || Slots[i].IsProven || !IsValid(i, now) || !SlowHash.Verify(slow, secret)) continue;
            Slots[i].Prove(mac);
            Slots[i].Use(now);
            return true;
        }
        return false;
    }

    internal bool IsValid(int index, long now) => Registration.Secrets[index].ExpiresAt is not { } end || now < end;
}
