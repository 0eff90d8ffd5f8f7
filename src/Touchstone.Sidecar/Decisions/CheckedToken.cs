using System.Text.Json;
using Touchstone.Client;

namespace Touchstone.Sidecar.Decisions;

/// <summary>The claims of a token, parsed once for all requests that bring it, and what headers say of them.</summary>
internal sealed class CheckedToken
{
    private CheckedToken(JsonElement claims)
    {
        Claims = claims;
        ClientId = claims.TryGetProperty("client_id", out var client) && client.ValueKind is JsonValueKind.String ? client.GetString() : null;
    }

    internal JsonElement Claims { get; }

    /// <summary>Whose token it is; null where the server does not say.</summary>
    internal string? ClientId { get; }

    internal static CheckedToken Of(IntrospectedToken token)
    {
        if (token.Derived is CheckedToken known) return known;
        var made = new CheckedToken(token.ReadMembers());
        token.Derived = made;
        return made;
    }
}
