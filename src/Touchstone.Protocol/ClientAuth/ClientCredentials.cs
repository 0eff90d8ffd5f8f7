using System.Buffers;
using System.Text;
using Touchstone.Protocol.Forms;

namespace Touchstone.Protocol.ClientAuth;

/// <summary>What looking for credentials in a request found.</summary>
public enum CredentialsResult
{
    /// <summary>One method was used; whether it holds is still to be judged.</summary>
    Presented,

    /// <summary>No credentials, not even a <c>client_id</c>.</summary>
    Missing,

    /// <summary>Credentials that can't be read, an identifier that can't exist, or a scheme that isn't supported: <c>invalid_client</c>.</summary>
    Unreadable,

    /// <summary>More than one method, or two that name different clients (RFC 6749 §2.3): <c>invalid_request</c>.</summary>
    Ambiguous,
}

/// <summary>The credentials that a request presents: which method, which client, which secret, assertion or token. They point into the request's buffers and are not copied.</summary>
public readonly ref struct ClientCredentials
{
    /// <summary>The bytes of scratch that <see cref="Read"/> needs: 768, enough for Basic credentials of 1,024 characters.</summary>
    public const int ScratchSize = 768;

    /// <summary>The value of <c>client_assertion_type</c> (RFC 7523 §2.2).</summary>
    public const string JwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private const string BasicScheme = "Basic ";
    private const string BearerScheme = "Bearer ";

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=");

    private ClientCredentials(ClientAuthMethod method, ReadOnlySpan<byte> clientId, ReadOnlySpan<byte> secret)
    {
        Method = method;
        ClientId = clientId;
        Secret = secret;
    }

    /// <summary>The method used. For an assertion both JWT methods: its algorithm tells which.</summary>
    public ClientAuthMethod Method { get; }

    /// <summary>The client's identifier, decoded; empty where an assertion or a token names the client.</summary>
    public ReadOnlySpan<byte> ClientId { get; }

    /// <summary>The assertion, not yet read.</summary>
    public ReadOnlySpan<byte> Assertion { get; private init; }

    /// <summary>The access token of a <c>Bearer</c> header.</summary>
    public ReadOnlySpan<char> AccessToken { get; private init; }

    /// <summary>The secret, decoded; empty for a public client.</summary>
    public ReadOnlySpan<byte> Secret { get; }

    /// <summary>Finds the credentials of a request.</summary>
    /// <param name="authorization">The one <c>Authorization</c> header, or nothing.</param>
    /// <param name="form">The body.</param>
    /// <param name="scratch">At least <see cref="ScratchSize"/> bytes, which the result may point into.</param>
    /// <param name="credentials">What was found.</param>
    public static CredentialsResult Read(ReadOnlySpan<char> authorization, OAuthForm form, Span<byte> scratch, out ClientCredentials credentials)
    {
        credentials = default;
        var id = form["client_id"u8];
        var secret = form["client_secret"u8];
        if (form.Has("client_assertion"u8) || form.Has("client_assertion_type"u8))
        {
            // Beside another method it is invalid_client, not invalid_request (RFC 7521 §4.2.1).
            var assertion = form["client_assertion"u8];
            if (!authorization.IsEmpty || !secret.IsEmpty || assertion.IsEmpty || !IsIdentifier(id) || !Ascii.Equals(form["client_assertion_type"u8], JwtBearer)) return CredentialsResult.Unreadable;
            credentials = new ClientCredentials(ClientAuthMethod.PrivateKeyJwt | ClientAuthMethod.ClientSecretJwt, id, default) { Assertion = assertion };
            return CredentialsResult.Presented;
        }

        if (!authorization.IsEmpty)
        {
            if (!secret.IsEmpty) return CredentialsResult.Ambiguous;
            if (authorization.StartsWith(BearerScheme, StringComparison.OrdinalIgnoreCase))
            {
                var token = authorization[BearerScheme.Length..].Trim(' ');
                if (token.IsEmpty || token.ContainsAnyExcept(TokenCharacters) || !IsIdentifier(id)) return CredentialsResult.Unreadable;
                credentials = new ClientCredentials(ClientAuthMethod.Bearer, id, default) { AccessToken = token };
                return CredentialsResult.Presented;
            }
            if (!TryReadBasic(authorization, scratch, out var basicId, out var basicSecret)) return CredentialsResult.Unreadable;
            if (!id.IsEmpty && !id.SequenceEqual(basicId)) return CredentialsResult.Ambiguous;
            credentials = new ClientCredentials(ClientAuthMethod.ClientSecretBasic, basicId, basicSecret);
            return CredentialsResult.Presented;
        }

        if (id.IsEmpty) return secret.IsEmpty ? CredentialsResult.Missing : CredentialsResult.Unreadable;
        if (!IsIdentifier(id)) return CredentialsResult.Unreadable;
        credentials = new ClientCredentials(secret.IsEmpty ? ClientAuthMethod.None : ClientAuthMethod.ClientSecretPost, id, secret);
        return CredentialsResult.Presented;
    }

    /// <summary>The value of an <c>Authorization</c> header for HTTP Basic: both parts form-encoded, then joined and base64-encoded (RFC 6749 §2.3.1).</summary>
    public static string Basic(string clientId, string secret) =>
        BasicScheme + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{FormEncoding.Encode(clientId)}:{FormEncoding.Encode(secret)}"));

    private static bool TryReadBasic(ReadOnlySpan<char> header, Span<byte> scratch, out Span<byte> id, out Span<byte> secret)
    {
        id = secret = default;
        if (!header.StartsWith(BasicScheme, StringComparison.OrdinalIgnoreCase)) return false;
        var encoded = header[BasicScheme.Length..].Trim(' ');
        // The decoder would skip white space inside.
        if (encoded.ContainsAny(" \t\r\n") || encoded.Length > ScratchSize / 3 * 4 || !Convert.TryFromBase64Chars(encoded, scratch, out var written)) return false;

        var pair = scratch[..written];
        var colon = pair.IndexOf((byte)':');
        if (colon <= 0) return false;
        id = pair[..colon];
        secret = pair[(colon + 1)..];
        if (!FormEncoding.TryDecodeInPlace(id, out var idLength) || !FormEncoding.TryDecodeInPlace(secret, out var secretLength)) return false;
        id = id[..idLength];
        secret = secret[..secretLength];
        return IsIdentifier(id);
    }

    // VSCHAR (RFC 6749 A.1): no other identifier can be registered, and none gets as far as a log.
    private static bool IsIdentifier(ReadOnlySpan<byte> id) => !id.ContainsAnyExceptInRange((byte)' ', (byte)'~');
}
