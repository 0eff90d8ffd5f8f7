using System.Buffers;
using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.TokenIssue;

/// <summary>Tokens that were issued and stored, and the answer that tells of them (RFC 6749 §5.1).</summary>
/// <param name="AccessToken">The token itself: told once, and kept nowhere.</param>
/// <param name="Record">What is stored of it.</param>
internal sealed record IssuedTokens(string AccessToken, TokenRecord Record)
{
    /// <summary>The answer in the form of the wire. <c>scope</c> is always named: RFC 6749 §5.1 asks for it where it differs from the request.</summary>
    internal ReadOnlySpan<byte> Write()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("access_token"u8, AccessToken);
        json.WriteString("token_type"u8, Record.TokenType);
        json.WriteNumber("expires_in"u8, Record.ExpiresAt - Record.IssuedAt);
        if (!Record.Scope.IsEmpty) json.WriteString("scope"u8, Record.Scope.Text);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }
}
