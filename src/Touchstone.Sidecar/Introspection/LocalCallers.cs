using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Touchstone.Sidecar.Introspection;

/// <summary>A program that may ask at <c>/introspect</c>.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Secret">Its secret, asked for at each request: it may change while the sidecar runs.</param>
internal sealed record LocalCaller(string Id, Func<string> Secret)
{
    private Hashed? _hashed;

    private sealed record Hashed(string Secret, byte[] Hash);

    /// <summary>SHA-256 of its secret, made once for each that it has.</summary>
    internal byte[] Hash
    {
        get
        {
            var (secret, known) = (Secret(), Volatile.Read(ref _hashed));
            if (!ReferenceEquals(known?.Secret, secret)) Volatile.Write(ref _hashed, known = new Hashed(secret, SHA256.HashData(Encoding.UTF8.GetBytes(secret))));
            return known!.Hash;
        }
    }
}

/// <summary>Who may ask at <c>/introspect</c>.</summary>
/// <param name="callers">By secret.</param>
/// <param name="areSocketPeersKnown">Whether whoever opens the unix socket may, without one.</param>
/// <param name="areCertificatePeersKnown">Whether whoever showed a certificate of <c>client_ca_file</c> may, without one.</param>
internal sealed class LocalCallers(IReadOnlyList<LocalCaller> callers, bool areSocketPeersKnown, bool areCertificatePeersKnown = false)
{
    private static readonly byte[] OfNobody = SHA256.HashData("nobody"u8);

    private readonly Dictionary<string, LocalCaller> _byId = callers.ToDictionary(static caller => caller.Id, StringComparer.Ordinal);

    internal IReadOnlyCollection<LocalCaller> All => _byId.Values;

    /// <summary>Whether who is at the other end of this connection needs no secret. A certificate was judged when it connected.</summary>
    internal bool Knows(ConnectionInfo connection) => (areSocketPeersKnown && connection.RemoteIpAddress is null) || (areCertificatePeersKnown && connection.ClientCertificate is not null);

    /// <summary>The caller of this name and secret; null where there is none. As long for one that is not there as for a wrong secret.</summary>
    internal LocalCaller? Find(ReadOnlySpan<byte> id, ReadOnlySpan<byte> secret)
    {
        var isThere = _byId.TryGetValue(Encoding.ASCII.GetString(id), out var caller);
        Span<byte> given = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(secret, given);
        return CryptographicOperations.FixedTimeEquals(given, isThere ? caller!.Hash : OfNobody) & isThere & !secret.IsEmpty ? caller : null;
    }
}
