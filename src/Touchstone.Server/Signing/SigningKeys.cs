using System.Collections.Concurrent;

namespace Touchstone.Server.Signing;

/// <summary>The keys that this server signs JWTs with, in memory.</summary>
internal sealed class SigningKeys
{
    private readonly ConcurrentDictionary<string, SigningKey> _current = new(StringComparer.Ordinal);

    /// <summary>The key that signs now. From memory: call <see cref="EnsureAsync"/> before, where it may be the first time.</summary>
    internal SigningKey Current(string algorithm) => _current.GetOrAdd(algorithm, SigningKey.Create);

    /// <summary>The key that signs now; made where there is none yet, which an RSA key takes some tenths of a second for. Mostly done at once.</summary>
    internal ValueTask<SigningKey> EnsureAsync(string algorithm) => ValueTask.FromResult(Current(algorithm));
}
