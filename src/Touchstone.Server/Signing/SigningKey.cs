using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Server.Signing;

/// <summary>A private key of this server that signs JWTs: ES256 (P-256) or RS256 (2,048 bits), and no other algorithm (RFC 8725 §3.1). Safe for all threads.</summary>
internal sealed class SigningKey
{
    internal const string Es256 = "ES256";
    internal const string Rs256 = "RS256";

    private const int RsaBits = 2048;

    // A plus sign in typ is a plus sign.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // An instance is not promised to be safe for two threads, and making one costs more than signing: each processor has one that waits for it.
    private readonly AsymmetricAlgorithm?[] _idle = new AsymmetricAlgorithm?[Environment.ProcessorCount];
    private readonly ConcurrentDictionary<string, byte[]> _heads = new(StringComparer.Ordinal);
    private readonly byte[] _pkcs8;

    private SigningKey(AsymmetricAlgorithm key)
    {
        Algorithm = AlgorithmOf(key);
        SignatureSize = key is RSA ? RsaBits / 8 : 64;
        _pkcs8 = key.ExportPkcs8PrivateKey();
        _idle[0] = key;
        (Kid, Jwk) = PublicHalf(key, Algorithm);
    }

    /// <summary>The algorithms that there are keys for; the first is the default.</summary>
    internal static IReadOnlyList<string> Algorithms { get; } = [Es256, Rs256];

    /// <summary>The thumbprint of the public half (RFC 7638): no two keys share it, at whichever node they were made.</summary>
    internal string Kid { get; }

    internal string Algorithm { get; }

    /// <summary>How many bytes a signature has.</summary>
    internal int SignatureSize { get; }

    /// <summary>The public half (RFC 7517), with <c>use</c>, <c>alg</c> and <c>kid</c>.</summary>
    internal string Jwk { get; }

    /// <summary>Makes a key: an elliptic one at once, an RSA key in some tenths of a second.</summary>
    internal static SigningKey Create(string algorithm) => new(algorithm switch
    {
        Es256 => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        Rs256 => RSA.Create(RsaBits),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, null),
    });

    /// <summary>The key that <see cref="Export"/> gave.</summary>
    /// <exception cref="CryptographicException">These bytes are no such key.</exception>
    internal static SigningKey Import(string algorithm, ReadOnlySpan<byte> pkcs8) => new(Read(algorithm, pkcs8));

    /// <summary>The private key (PKCS #8): to be sealed, and to go nowhere else.</summary>
    internal ReadOnlySpan<byte> Export() => _pkcs8;

    /// <summary>Signs; gives the size of the signature, which for ES256 is r and s side by side (RFC 7518 §3.4).</summary>
    internal int Sign(ReadOnlySpan<byte> input, Span<byte> signature)
    {
        ref var place = ref _idle[Thread.GetCurrentProcessorId() % _idle.Length];
        var key = Interlocked.Exchange(ref place, null) ?? Read(Algorithm, _pkcs8);
        var written = 0;
        var isDone = key is RSA rsa
            ? rsa.TrySignData(input, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, out written)
            : ((ECDsa)key).TrySignData(input, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out written);
        if (Interlocked.CompareExchange(ref place, key, null) is not null) key.Dispose();
        return isDone ? written : throw new ArgumentException("too small", nameof(signature));
    }

    /// <summary>The header of a JWT of this type, in base64url: the same each time.</summary>
    internal ReadOnlySpan<byte> Head(string type) => _heads.GetOrAdd(type, static (type, key) =>
    {
        var json = Write(json =>
        {
            json.WriteString("typ"u8, type);
            json.WriteString("alg"u8, key.Algorithm);
            json.WriteString("kid"u8, key.Kid);
        });
        return Encoding.ASCII.GetBytes(Base64Url.EncodeToString(json));
    }, this);

    private static AsymmetricAlgorithm Read(string algorithm, ReadOnlySpan<byte> pkcs8)
    {
        AsymmetricAlgorithm key = algorithm switch { Es256 => ECDsa.Create(), Rs256 => RSA.Create(), _ => throw new CryptographicException($"There are no keys for {algorithm}.") };
        try
        {
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            return AlgorithmOf(key) == algorithm ? key : throw new CryptographicException($"This is no key for {algorithm}.");
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static string AlgorithmOf(AsymmetricAlgorithm key) => key is RSA ? Rs256 : key.KeySize == 256 ? Es256 : "";

    private static (string Kid, string Jwk) PublicHalf(AsymmetricAlgorithm key, string algorithm)
    {
        using var bare = JsonDocument.Parse(Write(json => WriteNumbers(json, key)).ToArray());
        var kid = Base64Url.EncodeToString(JwkThumbprint.Of(bare.RootElement));
        return (kid, Encoding.UTF8.GetString(Write(json =>
        {
            WriteNumbers(json, key);
            json.WriteString("use"u8, "sig"u8);
            json.WriteString("alg"u8, algorithm);
            json.WriteString("kid"u8, kid);
        })));
    }

    private static void WriteNumbers(Utf8JsonWriter json, AsymmetricAlgorithm key)
    {
        if (key is RSA rsa)
        {
            var parameters = rsa.ExportParameters(includePrivateParameters: false);
            json.WriteString("kty"u8, "RSA"u8);
            json.WriteString("n"u8, Base64Url.EncodeToString(parameters.Modulus));
            json.WriteString("e"u8, Base64Url.EncodeToString(parameters.Exponent));
            return;
        }
        var point = ((ECDsa)key).ExportParameters(includePrivateParameters: false).Q;
        json.WriteString("kty"u8, "EC"u8);
        json.WriteString("crv"u8, "P-256"u8);
        json.WriteString("x"u8, Base64Url.EncodeToString(point.X));
        json.WriteString("y"u8, Base64Url.EncodeToString(point.Y));
    }

    private static ReadOnlySpan<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }
}
