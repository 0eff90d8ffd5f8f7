using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Touchstone.Client.Memory;
using Touchstone.Protocol.Introspection;
using Touchstone.Protocol.Jwt;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Client;

/// <summary>What the server said of an active token (RFC 7662 §2.2), with the JSON types that it used. Immutable; one object serves all checks of the token.</summary>
public sealed class IntrospectedToken
{
    private const long Never = long.MinValue;

    // The text, which takes a third of what it takes once it is parsed.
    private readonly ReadOnlyMemory<byte> _json;
    private readonly long _expiresAt, _notBefore;

    private IntrospectedToken(ReadOnlyMemory<byte> json, long? expiresAt, long? notBefore)
    {
        _json = json;
        (_expiresAt, _notBefore) = (expiresAt ?? Never, notBefore ?? Never);
    }

    /// <summary><c>sub</c>; null where the answer has none.</summary>
    public string? Subject { get; private init; }

    /// <summary><c>client_id</c>; null where the answer has none.</summary>
    public string? ClientId { get; private init; }

    /// <summary><c>iss</c>; null where the answer has none.</summary>
    public string? Issuer { get; private init; }

    /// <summary><c>scope</c>, in the order of the answer. Servers that send an array instead of a text are understood.</summary>
    public IReadOnlyList<string> Scopes { get; private init; } = [];

    /// <summary><c>aud</c>, one or several.</summary>
    public IReadOnlyList<string> Audience { get; private init; } = [];

    /// <summary><c>exp</c>, in seconds since 1970; null where the answer has none.</summary>
    public long? ExpiresAt => _expiresAt == Never ? null : _expiresAt;

    /// <summary><c>nbf</c>, in seconds since 1970; null where the answer has none.</summary>
    public long? NotBefore => _notBefore == Never ? null : _notBefore;

    /// <summary><c>cnf</c>: to what the token is bound; null where it is a plain bearer token. Whoever uses the client without the handler of ASP.NET Core checks it at every use.</summary>
    public TokenConfirmation? Confirmation { get; private init; }

    /// <summary>A slot for what a framework makes of this token, so that it is made once. It belongs to whoever made the client.</summary>
    public object? Derived { get; set; }

    /// <summary>The answer as it came.</summary>
    public ReadOnlyMemory<byte> Json => _json;

    /// <summary>Every member of the answer. Parsed at each call, some microseconds: what is needed at every check is made once, and kept in <see cref="Derived"/>.</summary>
    public JsonElement ReadMembers()
    {
        using var document = JsonDocument.Parse(_json);
        return document.RootElement.Clone();
    }

    /// <summary>Whether the token has a scope.</summary>
    public bool HasScope(string scope)
    {
        for (var i = 0; i < Scopes.Count; i++)
        {
            if (Scopes[i] == scope) return true;
        }
        return false;
    }

    /// <summary>Whether the token is in its time, by this clock: <c>exp</c> is not over, <c>nbf</c> has come. Asked at every check, from memory or not.</summary>
    /// <param name="now">Seconds since 1970.</param>
    /// <param name="leeway">By how many seconds <c>nbf</c> may lie ahead. An <c>exp</c> that is over is over.</param>
    internal bool IsInTime(long now, long leeway) => (_expiresAt == Never || now < _expiresAt) && (_notBefore == Never || now + leeway >= _notBefore);

    /// <summary>Reads an active answer; fails where a member of the standard has a type that would make it mean something else to somebody else.</summary>
    internal static bool TryRead(IntrospectionAnswer answer, ReadOnlyMemory<byte> json, SharedTexts texts, [NotNullWhen(true)] out IntrospectedToken? token) => TryRead(answer.Members, json, texts, out token);

    /// <summary>Reads the claims of a JWT that was judged, as the members that an answer about it would have.</summary>
    internal static bool TryRead(SignedJwt jwt, SharedTexts texts, [NotNullWhen(true)] out IntrospectedToken? token)
    {
        var claims = jwt.Payload.Span;
        byte[] json = [.. "{\"active\":true,"u8, .. claims[(claims.IndexOf((byte)'{') + 1)..]];
        return TryRead(jwt.Claims, json, texts, out token);
    }

    private static bool TryRead(JsonElement members, ReadOnlyMemory<byte> json, SharedTexts texts, [NotNullWhen(true)] out IntrospectedToken? token)
    {
        token = null;
        if (!TryReadTexts(members, "scope"u8, texts, texts.Split, out var scopes) || !TryReadTexts(members, "aud"u8, texts, texts.One, out var audience)) return false;
        if (members.TryGetProperty("iss"u8, out var issuer) && issuer.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)) return false;
        if (!TryReadTime(members, "exp"u8, out var expiresAt) || !TryReadTime(members, "nbf"u8, out var notBefore)) return false;
        token = new IntrospectedToken(json, expiresAt, notBefore)
        {
            Subject = Text(members, "sub"u8), ClientId = texts.Share(Text(members, "client_id"u8)), Issuer = texts.Share(Text(members, "iss"u8)), Scopes = scopes, Audience = audience,
            Confirmation = ReadConfirmation(members),
        };
        return true;
    }

    // A token that says it is bound to a key, and not to which, is not understood: it is no bearer token.
    private static TokenConfirmation? ReadConfirmation(JsonElement members)
    {
        var bound = members.TryGetProperty("cnf"u8, out var cnf) && cnf.ValueKind is not JsonValueKind.Null ? TokenConfirmation.Read(cnf) : null;
        return bound is not { HasKey: true } && string.Equals(Text(members, "token_type"u8), "DPoP", StringComparison.OrdinalIgnoreCase) ? TokenConfirmation.Read(default) : bound;
    }

    // A text, or an array of texts; null counts as absent.
    private static bool TryReadTexts(JsonElement members, ReadOnlySpan<byte> name, SharedTexts shared, Func<string, IReadOnlyList<string>> ofText, out IReadOnlyList<string> texts)
    {
        texts = [];
        if (!members.TryGetProperty(name, out var member) || member.ValueKind is JsonValueKind.Null) return true;
        if (member.ValueKind is JsonValueKind.String)
        {
            texts = ofText(member.GetString()!);
            return true;
        }
        if (member.ValueKind is not JsonValueKind.Array) return false;
        var read = new string[member.GetArrayLength()];
        var count = 0;
        foreach (var one in member.EnumerateArray())
        {
            if (one.ValueKind is not JsonValueKind.String) return false;
            read[count++] = one.GetString()!;
        }
        texts = shared.Share(read);
        return true;
    }

    // A number of seconds; a fraction is cut off.
    private static bool TryReadTime(JsonElement members, ReadOnlySpan<byte> name, out long? time)
    {
        time = null;
        if (!members.TryGetProperty(name, out var member) || member.ValueKind is JsonValueKind.Null) return true;
        if (member.ValueKind is not JsonValueKind.Number || !member.TryGetDouble(out var seconds) || !(Math.Abs(seconds) < 1e15)) return false;
        time = (long)Math.Floor(seconds);
        return true;
    }

    private static string? Text(JsonElement members, ReadOnlySpan<byte> name) => members.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String ? member.GetString() : null;
}
