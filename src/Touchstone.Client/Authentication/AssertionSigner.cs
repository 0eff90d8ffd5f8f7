using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Touchstone.Client.Authentication;

/// <summary>What signs assertions. One object is one key: another key is another object.</summary>
/// <param name="Algorithm"><c>alg</c>.</param>
/// <param name="KeyId"><c>kid</c>, or null.</param>
/// <param name="Sign">The signature, or the MAC, as JWTs have it.</param>
internal sealed record AssertionSigner(string Algorithm, string? KeyId, Func<byte[], byte[]> Sign)
{
    private const int IdBytes = 16;

    // A plus sign in typ is a plus sign.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A client assertion (RFC 7523 §3), with an identifier that no other has.</summary>
    internal string Assert(string clientId, string audience, long now, long seconds)
    {
        var head = Base64Url.EncodeToString(Header());
        var claims = Base64Url.EncodeToString(Claims(clientId, audience, now, seconds));
        var text = $"{head}.{claims}";
        return $"{text}.{Base64Url.EncodeToString(Sign(Encoding.ASCII.GetBytes(text)))}";
    }

    // K-11: the type says that it is nothing else.
    private ReadOnlySpan<byte> Header() => Write(json =>
    {
        json.WriteString("typ"u8, "client-authentication+jwt"u8);
        json.WriteString("alg"u8, Algorithm);
        if (KeyId is not null) json.WriteString("kid"u8, KeyId);
    });

    private static ReadOnlySpan<byte> Claims(string clientId, string audience, long now, long seconds) => Write(json =>
    {
        json.WriteString("iss"u8, clientId);
        json.WriteString("sub"u8, clientId);
        json.WriteString("aud"u8, audience);
        json.WriteNumber("iat"u8, now);
        json.WriteNumber("exp"u8, now + seconds);
        json.WriteString("jti"u8, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes)));
    });

    private static ReadOnlySpan<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }
}
