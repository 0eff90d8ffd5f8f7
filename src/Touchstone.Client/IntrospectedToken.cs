using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Touchstone.Protocol.Introspection;

namespace Touchstone.Client;

/// <summary>What the server said of an active token (RFC 7662 §2.2), with the JSON types that it used. Immutable; one object serves all checks of the token.</summary>
public sealed class IntrospectedToken
{
    private IntrospectedToken(JsonElement members, IReadOnlyList<string> scopes, IReadOnlyList<string> audience, long? expiresAt, long? notBefore)
    {
        (Members, Scopes, Audience, ExpiresAt, NotBefore) = (members, scopes, audience, expiresAt, notBefore);
        (Subject, ClientId, Issuer) = (Text("sub"u8), Text("client_id"u8), Text("iss"u8));
    }

    /// <summary>Every member of the answer.</summary>
    public JsonElement Members { get; }

    /// <summary><c>sub</c>; null where the answer has none.</summary>
    public string? Subject { get; }

    /// <summary><c>client_id</c>; null where the answer has none.</summary>
    public string? ClientId { get; }

    /// <summary><c>iss</c>; null where the answer has none.</summary>
    public string? Issuer { get; }

    /// <summary><c>scope</c>, in the order of the answer. Servers that send an array instead of a text are understood.</summary>
    public IReadOnlyList<string> Scopes { get; }

    /// <summary><c>aud</c>, one or several.</summary>
    public IReadOnlyList<string> Audience { get; }

    /// <summary><c>exp</c>, in seconds since 1970; null where the answer has none.</summary>
    public long? ExpiresAt { get; }

    /// <summary><c>nbf</c>, in seconds since 1970; null where the answer has none.</summary>
    public long? NotBefore { get; }

    /// <summary>A slot for what a framework makes of this token, so that it is made once. It belongs to whoever made the client.</summary>
    public object? Derived { get; set; }

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
    internal bool IsInTime(long now, long leeway) => (ExpiresAt is not { } end || now < end) && (NotBefore is not { } begin || now + leeway >= begin);

    /// <summary>Reads an active answer; fails where a member of the standard has a type that would make it mean something else to somebody else.</summary>
    internal static bool TryRead(IntrospectionAnswer answer, [NotNullWhen(true)] out IntrospectedToken? token)
    {
        token = null;
        var members = answer.Members;
        if (!TryReadTexts(members, "scope"u8, isSplit: true, out var scopes) || !TryReadTexts(members, "aud"u8, isSplit: false, out var audience)) return false;
        if (!TryReadTime(members, "exp"u8, out var expiresAt) || !TryReadTime(members, "nbf"u8, out var notBefore)) return false;
        token = new IntrospectedToken(members, scopes, audience, expiresAt, notBefore);
        return true;
    }

    // A text, or an array of texts; null counts as absent.
    private static bool TryReadTexts(JsonElement members, ReadOnlySpan<byte> name, bool isSplit, out IReadOnlyList<string> texts)
    {
        texts = [];
        if (!members.TryGetProperty(name, out var member) || member.ValueKind is JsonValueKind.Null) return true;
        if (member.ValueKind is JsonValueKind.String)
        {
            var text = member.GetString()!;
            texts = isSplit ? text.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [text];
            return true;
        }
        if (member.ValueKind is not JsonValueKind.Array) return false;
        var read = new List<string>(member.GetArrayLength());
        foreach (var one in member.EnumerateArray())
        {
            if (one.ValueKind is not JsonValueKind.String) return false;
            read.Add(one.GetString()!);
        }
        texts = read;
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

    private string? Text(ReadOnlySpan<byte> name) => Members.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String ? member.GetString() : null;
}
