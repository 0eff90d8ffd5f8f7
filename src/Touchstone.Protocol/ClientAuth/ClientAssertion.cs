using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Touchstone.Protocol.ClientAuth;

/// <summary>A client assertion as it was sent (RFC 7523 §2.2): read and well formed, not yet believed.</summary>
public sealed class ClientAssertion
{
    /// <summary>The most bytes of an assertion: 8,192. A longer one is refused unread.</summary>
    public const int MaxLength = 8192;

    /// <summary>The most characters of a <c>jti</c> or a <c>kid</c>: 256.</summary>
    public const int MaxIdLength = 256;

    // The last second of the year 9999: beyond it a number is no time.
    private const double MaxTime = 253402300799;

    // Claims that only JWTs of other kinds have: security events, DPoP proofs, introspection answers, authorization requests.
    private static readonly string[] OfOtherKinds = ["events", "htm", "htu", "token_introspection", "response_type"];

    private ClientAssertion(string algorithm, string? keyId, string clientId, IReadOnlyList<string> audience, string id, byte[] signed, byte[] signature)
    {
        Algorithm = algorithm;
        KeyId = keyId;
        ClientId = clientId;
        Audience = audience;
        Id = id;
        Signed = signed;
        Signature = signature;
    }

    /// <summary><c>alg</c>, one of those offered.</summary>
    public string Algorithm { get; }

    /// <summary><c>kid</c>, which is a hint and nothing more; null when absent.</summary>
    public string? KeyId { get; }

    /// <summary><c>iss</c> and <c>sub</c>, which are equal.</summary>
    public string ClientId { get; }

    /// <summary><c>aud</c>.</summary>
    public IReadOnlyList<string> Audience { get; }

    /// <summary><c>jti</c>.</summary>
    public string Id { get; }

    /// <summary><c>exp</c>, in seconds since 1970.</summary>
    public long ExpiresAt { get; private init; }

    /// <summary><c>nbf</c>.</summary>
    public long? NotBefore { get; private init; }

    /// <summary><c>iat</c>.</summary>
    public long? IssuedAt { get; private init; }

    /// <summary>The bytes that the signature is over.</summary>
    public ReadOnlyMemory<byte> Signed { get; }

    /// <summary>The signature or MAC.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Reads an assertion; the result is null when there is a fault.</summary>
    public static ClientAssertionFault TryRead(ReadOnlySpan<byte> jwt, out ClientAssertion? assertion) => TryRead(jwt, out assertion, out _);

    /// <summary>Reads an assertion, and whom it names: <c>iss</c> and <c>sub</c> where they are equal, also when there is a fault elsewhere. Whoever sent it may have written anything there.</summary>
    public static ClientAssertionFault TryRead(ReadOnlySpan<byte> jwt, out ClientAssertion? assertion, out string? named)
    {
        assertion = null;
        named = null;
        if (jwt.Length > MaxLength) return ClientAssertionFault.TooLong;
        var first = jwt.IndexOf((byte)'.');
        var last = jwt.LastIndexOf((byte)'.');
        if (first < 0 || !TryDecode(jwt[..first], out var header) || last <= first || !TryDecode(jwt[(first + 1)..last], out var payload) || !TryDecode(jwt[(last + 1)..], out var signature))
            return ClientAssertionFault.Malformed;
        try
        {
            using var head = Parse(header);
            using var claims = Parse(payload);
            return Read(head.RootElement, claims.RootElement, jwt[..last].ToArray(), signature, out assertion, out named);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // Not JSON, a name that stands twice, or half of a surrogate pair.
            return ClientAssertionFault.Malformed;
        }
    }

    private static ClientAssertionFault Read(JsonElement head, JsonElement claims, byte[] signed, byte[] signature, out ClientAssertion? assertion, out string? named)
    {
        assertion = null;
        named = null;
        if (head.ValueKind is not JsonValueKind.Object || claims.ValueKind is not JsonValueKind.Object) return ClientAssertionFault.Malformed;
        // Compared with regard to case: "nOnE" is no algorithm either (RFC 8725 §3.1).
        if (Text(head, "alg") is not { } algorithm || !(ClientAssertionRules.Asymmetric.Contains(algorithm) || ClientAssertionRules.Symmetric.Contains(algorithm))) return ClientAssertionFault.Algorithm;
        if (head.TryGetProperty("crit", out _) || head.TryGetProperty("b64", out _)) return ClientAssertionFault.Algorithm;
        if (head.TryGetProperty("typ", out _) && !IsType(Text(head, "typ"))) return ClientAssertionFault.OtherKind;
        if (OfOtherKinds.Any(name => claims.TryGetProperty(name, out _))) return ClientAssertionFault.OtherKind;
        var keyId = Text(head, "kid");
        if (head.TryGetProperty("kid", out _) && keyId is not { Length: > 0 and <= MaxIdLength }) return ClientAssertionFault.Malformed;
        if (Text(claims, "iss") is not { Length: > 0 } issuer || Text(claims, "sub") != issuer) return ClientAssertionFault.Subject;
        named = issuer;
        if (!TryReadAudience(claims, out var audience)) return ClientAssertionFault.Audience;
        if (!claims.TryGetProperty("exp", out _)) return ClientAssertionFault.NoExpiry;
        if (!TryReadTime(claims, "exp", out var expires) || !TryReadTime(claims, "nbf", out var notBefore) || !TryReadTime(claims, "iat", out var issued)) return ClientAssertionFault.Malformed;
        if (Text(claims, "jti") is not { Length: > 0 and <= MaxIdLength } id) return ClientAssertionFault.Id;

        assertion = new ClientAssertion(algorithm, keyId, issuer, audience, id, signed, signature) { ExpiresAt = expires!.Value, NotBefore = notBefore, IssuedAt = issued };
        return ClientAssertionFault.None;
    }

    // RFC 7515 §4.1.9: "application/" may be left out, and media types have no case.
    private static bool IsType(string? type)
    {
        const string Prefix = "application/";
        if (type is null) return false;
        var name = type.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? type.AsSpan(Prefix.Length) : type;
        return name.Equals("JWT", StringComparison.OrdinalIgnoreCase) || name.Equals("client-authentication+jwt", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryReadAudience(JsonElement claims, out IReadOnlyList<string> audience)
    {
        audience = [];
        if (!claims.TryGetProperty("aud", out var aud)) return false;
        if (aud.ValueKind is JsonValueKind.String) audience = [aud.GetString()!];
        else if (aud.ValueKind is not JsonValueKind.Array || aud.EnumerateArray().Any(item => item.ValueKind is not JsonValueKind.String)) return false;
        else audience = [.. aud.EnumerateArray().Select(item => item.GetString()!)];
        return true;
    }

    // NumericDate may have a fraction (RFC 7519 §2).
    private static bool TryReadTime(JsonElement claims, string name, out long? seconds)
    {
        seconds = null;
        if (!claims.TryGetProperty(name, out var value)) return true;
        if (value.ValueKind is not JsonValueKind.Number || !value.TryGetDouble(out var number) || number is not (>= 0 and <= MaxTime)) return false;
        seconds = (long)number;
        return true;
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument Parse(byte[] utf8) =>
        Utf8.IsValid(utf8) ? JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 }) : throw new JsonException("not UTF-8");

    // The alphabet of base64url and nothing else: no padding, no white space (RFC 7515 §2).
    private static bool TryDecode(ReadOnlySpan<byte> part, out byte[] bytes)
    {
        bytes = [];
        if (part.IsEmpty || part.ContainsAnyExcept(Alphabet) || !Base64Url.IsValid(part)) return false;
        bytes = Base64Url.DecodeFromUtf8(part);
        return true;
    }

    private static readonly System.Buffers.SearchValues<byte> Alphabet = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);
}
