using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Touchstone.Protocol.Jwt;

/// <summary>A signed JWT in the compact form (RFC 7515 §7.1): read and well formed, not yet believed. What two readers could understand differently is refused.</summary>
public sealed class SignedJwt
{
    /// <summary>The most characters of a <c>kid</c>: 256.</summary>
    public const int MaxKeyIdLength = 256;

    // The last second of the year 9999: beyond it a number is no time.
    private const double MaxTime = 253402300799;

    private static readonly SearchValues<byte> Alphabet = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    // One name, one value, at every depth (RFC 7519 §4).
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    // Claims that no assertion and no access token has: those of security events, DPoP proofs, introspection answers, authorization requests.
    private static readonly string[] OfOtherKinds = ["events", "htm", "htu", "token_introspection", "response_type"];

    private SignedJwt(JsonElement header, JsonElement claims, byte[] payload, byte[] signed, byte[] signature)
    {
        (Header, Claims, Payload, Signed, Signature) = (header, claims, payload, signed, signature);
        (Algorithm, KeyId) = (TextOf(header, "alg"u8), TextOf(header, "kid"u8));
    }

    /// <summary>The header, an object.</summary>
    public JsonElement Header { get; }

    /// <summary>The claims, an object.</summary>
    public JsonElement Claims { get; }

    /// <summary>The claims as they were written: UTF-8.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The bytes that the signature is over.</summary>
    public ReadOnlyMemory<byte> Signed { get; }

    /// <summary>The signature or MAC.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary><c>alg</c>, with regard to case; null when it is no text.</summary>
    public string? Algorithm { get; }

    /// <summary><c>kid</c>, which is a hint and nothing more; null when absent.</summary>
    public string? KeyId { get; }

    /// <summary>Whether the header asks for something that readers here don't do, or wraps another JWT: <c>crit</c>, <c>b64</c>, <c>zip</c>, <c>enc</c>, <c>cty</c>. Left aside, it would mean something else.</summary>
    public bool IsExtended => Header.TryGetProperty("crit"u8, out _) || Header.TryGetProperty("b64"u8, out _) || Header.TryGetProperty("zip"u8, out _) || Header.TryGetProperty("enc"u8, out _) || Header.TryGetProperty("cty"u8, out _);

    /// <summary>Whether a claim says that this JWT is neither an assertion nor an access token, whatever its <c>typ</c> says (RFC 8725 §3.12).</summary>
    public bool HasClaimsOfOtherKinds => OfOtherKinds.Any(name => Claims.TryGetProperty(name, out _));

    /// <summary>Reads a JWT. Fails on anything but three parts of base64url, on JSON that says a member twice or is not Unicode text throughout, and on a <c>kid</c> that is none. Its length is bound by who calls.</summary>
    public static bool TryRead(ReadOnlySpan<byte> jwt, [NotNullWhen(true)] out SignedJwt? read)
    {
        read = null;
        var first = jwt.IndexOf((byte)'.');
        var last = jwt.LastIndexOf((byte)'.');
        if (first < 0 || last <= first || !TryDecode(jwt[..first], out var header) || !TryDecode(jwt[(first + 1)..last], out var payload) || !TryDecode(jwt[(last + 1)..], out var signature)) return false;
        if (!TryParse(header, out var head) || !TryParse(payload, out var claims)) return false;
        read = new SignedJwt(head, claims, payload, jwt[..last].ToArray(), signature);
        return !head.TryGetProperty("kid"u8, out _) || read.KeyId is { Length: > 0 and <= MaxKeyIdLength };
    }

    /// <summary>Whether <c>typ</c> is this one. Media types have no case, and <c>application/</c> may be left out (RFC 7515 §4.1.9).</summary>
    public bool IsOfType(ReadOnlySpan<char> type)
    {
        const string Prefix = "application/";
        if (TextOf(Header, "typ"u8) is not { } told) return false;
        var name = told.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? told.AsSpan(Prefix.Length) : told;
        return name.Equals(type, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a claim is there.</summary>
    public bool Has(ReadOnlySpan<byte> name) => Claims.TryGetProperty(name, out _);

    /// <summary>A claim that is a text; null otherwise.</summary>
    public string? Text(ReadOnlySpan<byte> name) => TextOf(Claims, name);

    /// <summary>A claim that is a time, in seconds since 1970; a fraction is cut off (RFC 7519 §2). Null when absent; fails where it is no time.</summary>
    public bool TryReadTime(ReadOnlySpan<byte> name, out long? seconds)
    {
        seconds = null;
        if (!Claims.TryGetProperty(name, out var value)) return true;
        if (value.ValueKind is not JsonValueKind.Number || !value.TryGetDouble(out var number) || number is not (>= 0 and <= MaxTime)) return false;
        seconds = (long)number;
        return true;
    }

    /// <summary><c>aud</c>, a text or several (RFC 7519 §4.1.3); fails where it is absent or neither.</summary>
    public bool TryReadAudience(out IReadOnlyList<string> audience)
    {
        audience = [];
        if (!Claims.TryGetProperty("aud"u8, out var aud)) return false;
        if (aud.ValueKind is JsonValueKind.String) audience = [aud.GetString()!];
        else if (aud.ValueKind is not JsonValueKind.Array || aud.EnumerateArray().Any(item => item.ValueKind is not JsonValueKind.String)) return false;
        else audience = [.. aud.EnumerateArray().Select(item => item.GetString()!)];
        return true;
    }

    private static string? TextOf(JsonElement json, ReadOnlySpan<byte> name) => json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    internal static bool TryParse(byte[] utf8, out JsonElement json)
    {
        json = default;
        try
        {
            if (!IsText(utf8)) return false;
            using var document = JsonDocument.Parse(utf8, Strict);
            json = document.RootElement.Clone();
            return json.ValueKind is JsonValueKind.Object;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return false; // Not JSON, a name that stands twice, or half of a surrogate pair.
        }
    }

    // The JSON reader looks into strings only when asked: what is no text would be found by whoever reads the claim.
    private static bool IsText(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) return false;
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.ValueIsEscaped) reader.GetString();
        }
        return true;
    }

    // The alphabet of base64url and nothing else: no padding, no white space (RFC 7515 §2).
    internal static bool TryDecode(ReadOnlySpan<byte> part, out byte[] bytes)
    {
        bytes = [];
        if (part.IsEmpty || part.ContainsAnyExcept(Alphabet) || !Base64Url.IsValid(part)) return false;
        bytes = Base64Url.DecodeFromUtf8(part);
        return IsOnlySpelling(part);
    }

    // The bits of the last character that stand for nothing are zero: no two texts are the same JWT (L10).
    private static bool IsOnlySpelling(ReadOnlySpan<byte> part) => (part.Length % 4) switch
    {
        2 => "AQgw"u8.Contains(part[^1]),
        3 => "AEIMQUYcgkosw048"u8.Contains(part[^1]),
        _ => true,
    };
}
