using System.Buffers;
using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.TokenIssue;

/// <summary>Tokens that were issued and stored, and the answer that tells of them (RFC 6749 §5.1).</summary>
/// <param name="AccessToken">The token itself: told once, and kept nowhere.</param>
/// <param name="Record">What is stored of it.</param>
/// <param name="RefreshToken">The refresh token beside it; null where there is none.</param>
internal sealed record IssuedTokens(string AccessToken, TokenRecord Record, string? RefreshToken = null)
{
    /// <summary>What kind of token an exchange gave (RFC 8693 §2.2.1); null for other grants, which don't say.</summary>
    internal string? IssuedTokenType { get; init; }

    /// <summary>The answer in the form of the wire. <c>scope</c> is always named: RFC 6749 §5.1 asks for it where it differs from the request.</summary>
    internal ReadOnlySpan<byte> Write()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("access_token"u8, AccessToken);
        if (IssuedTokenType is not null) json.WriteString("issued_token_type"u8, IssuedTokenType);
        json.WriteString("token_type"u8, Record.TokenType);
        json.WriteNumber("expires_in"u8, Record.ExpiresAt - Record.IssuedAt);
        if (RefreshToken is not null) json.WriteString("refresh_token"u8, RefreshToken);
        if (!Record.Scope.IsEmpty) json.WriteString("scope"u8, Record.Scope.Text);
        if (!Record.AuthorizationDetails.IsEmpty)
        {
            json.WritePropertyName("authorization_details"u8); // RFC 9396 §7: as they were granted.
            json.WriteRawValue(Record.AuthorizationDetails.Span);
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan;
    }
}
