using System.Buffers;
using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Protocol.TokenExchange;

/// <summary>
/// What a token that is made from another one takes over of its further claims: <c>may_act</c>, so that who may act stays so along a chain, and <c>sub_iss</c>, the issuer that named the subject where that is not us.
/// Every other claim was said for another audience. A name in a token is one of its issuer, where it does not say otherwise.
/// </summary>
internal sealed class CarriedClaims
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    private readonly string _ownIssuer, _issuer;
    private string? _foreign;
    private JsonElement? _mayAct;

    private CarriedClaims(string ownIssuer, string issuer) => (_ownIssuer, _issuer) = (ownIssuer, issuer);

    /// <summary>The issuer that named the subject: ours, or that of a token that this one was made from. A name does not become ours by passing through here.</summary>
    internal string Home => _foreign ?? _ownIssuer;

    /// <summary>The claims as one object; empty when there are none.</summary>
    internal ReadOnlyMemory<byte> Json { get; private set; }

    /// <summary>Reads the claims of a subject's token; fails when they can't be read, since they may forbid something.</summary>
    internal static bool TryRead(TokenRecord subject, string ownIssuer, out CarriedClaims carried)
    {
        carried = new CarriedClaims(ownIssuer, subject.Issuer);
        var foreign = subject.Issuer != ownIssuer ? subject.Issuer : null;
        try
        {
            if (!subject.Claims.IsEmpty)
            {
                using var json = JsonDocument.Parse(subject.Claims, Strict);
                if (json.RootElement.ValueKind is not JsonValueKind.Object) return false;
                if (json.RootElement.TryGetProperty("may_act"u8, out var mayAct)) carried._mayAct = mayAct.Clone();
                if (json.RootElement.TryGetProperty("sub_iss"u8, out var issuer))
                {
                    // Whose name it is can't be told. What another issuer's token says of itself makes its names no less its own.
                    if (issuer.ValueKind is not JsonValueKind.String) return false;
                    foreign ??= issuer.GetString() is { } named && named != ownIssuer ? named : null;
                }
            }
        }
        catch (JsonException)
        {
            return false;
        }
        carried._foreign = foreign;
        carried.Json = carried.Write(foreign);
        return true;
    }

    /// <summary>
    /// Whether this party may act: it has everything by which <c>may_act</c> names who may (RFC 8693 §4.4). A name without an issuer is one of the token's; what can't be compared names nobody.
    /// </summary>
    /// <param name="issuer">The issuer that named the party.</param>
    /// <param name="subject">Its name.</param>
    /// <param name="clientId">Its client.</param>
    /// <param name="clientIssuer">The issuer that has this client.</param>
    internal bool Allows(string issuer, string subject, string clientId, string clientIssuer)
    {
        if (_mayAct is not { } named) return true;
        if (named.ValueKind is not JsonValueKind.Object) return false;
        var (hasSubject, hasClient, hasIssuer) = (false, false, false);
        foreach (var member in named.EnumerateObject())
        {
            var isEqual = member.Value.ValueKind is JsonValueKind.String && member.Name switch
            {
                "sub" => member.Value.ValueEquals(subject),
                "iss" => member.Value.ValueEquals(issuer),
                "client_id" => member.Value.ValueEquals(clientId),
                _ => false,
            };
            if (!isEqual) return false;
            hasSubject |= member.Name == "sub";
            hasClient |= member.Name == "client_id";
            hasIssuer |= member.Name == "iss";
        }
        return (hasSubject || hasClient) && (!hasClient || clientIssuer == issuer) && (hasIssuer || issuer == _issuer);
    }

    private ReadOnlyMemory<byte> Write(string? subjectIssuer)
    {
        if (_mayAct is null && subjectIssuer is null) return default;
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (_mayAct is { } mayAct)
            {
                json.WritePropertyName("may_act"u8);
                Write(json, mayAct);
            }
            if (subjectIssuer is not null) json.WriteString("sub_iss"u8, subjectIssuer);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }

    // In a token of ours a name without an issuer would be one of ours.
    private void Write(Utf8JsonWriter json, JsonElement mayAct)
    {
        if (_issuer == _ownIssuer || mayAct.ValueKind is not JsonValueKind.Object || mayAct.TryGetProperty("iss"u8, out _))
        {
            mayAct.WriteTo(json);
            return;
        }
        json.WriteStartObject();
        foreach (var member in mayAct.EnumerateObject()) member.WriteTo(json);
        json.WriteString("iss"u8, _issuer);
        json.WriteEndObject();
    }
}
