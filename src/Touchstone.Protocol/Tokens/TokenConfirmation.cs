using System.Security.Cryptography;
using System.Text.Json;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Protocol.Tokens;

/// <summary>To what a token is bound (<c>cnf</c>, RFC 7800): a client certificate (RFC 8705 §3.1), a key of DPoP (RFC 9449 §6.1), or both. Starts from nothing that could prove it.</summary>
public sealed class TokenConfirmation
{
    private readonly byte[]? _certificate, _key;

    private TokenConfirmation(byte[]? certificate, byte[]? key) => (_certificate, _key) = (certificate, key);

    /// <summary>Whether it is understood throughout. If not, the token is good nowhere: a binding that can't be checked is not left aside.</summary>
    public bool IsUnderstood => _certificate is not null || _key is not null;

    /// <summary>Whether it is bound to a certificate (<c>x5t#S256</c>).</summary>
    public bool HasCertificate => _certificate is not null;

    /// <summary>Whether it is bound to a key (<c>jkt</c>).</summary>
    public bool HasKey => _key is not null;

    /// <summary>Reads <c>cnf</c>. Members that are not known, or not what they have to be, make all of it not understood.</summary>
    public static TokenConfirmation Read(JsonElement cnf)
    {
        var nothing = new TokenConfirmation(null, null);
        if (cnf.ValueKind is not JsonValueKind.Object) return nothing;
        byte[]? certificate = null, key = null;
        foreach (var member in cnf.EnumerateObject())
        {
            if (member.Value.ValueKind is not JsonValueKind.String) return nothing;
            var text = member.Value.GetString()!;
            if (certificate is null && member.NameEquals("x5t#S256"u8) && Sha256Text.TryRead(text, out certificate)) continue;
            if (key is null && member.NameEquals("jkt"u8) && Sha256Text.TryRead(text, out key)) continue;
            return nothing;
        }
        return new TokenConfirmation(certificate, key);
    }

    /// <summary>All that this and another are bound to; fails where nobody could hold that, and where one of them is not understood.</summary>
    internal bool TryJoin(TokenConfirmation other, out PresentedKeys both)
    {
        both = new PresentedKeys(_key ?? other._key, _certificate ?? other._certificate);
        return IsUnderstood && other.IsUnderstood && IsOne(_key, other._key) && IsOne(_certificate, other._certificate);
    }

    /// <summary>Whether this is the certificate: the SHA-256 of its DER. The time it takes tells nothing.</summary>
    public bool IsCertificate(ReadOnlySpan<byte> hash) => _certificate is not null && CryptographicOperations.FixedTimeEquals(_certificate, hash);

    /// <summary>Whether this is the key: its thumbprint (RFC 7638). The time it takes tells nothing.</summary>
    public bool IsKey(ReadOnlySpan<byte> thumbprint) => _key is not null && CryptographicOperations.FixedTimeEquals(_key, thumbprint);

    private static bool IsOne(byte[]? one, byte[]? other) => one is null || other is null || one.AsSpan().SequenceEqual(other);
}
