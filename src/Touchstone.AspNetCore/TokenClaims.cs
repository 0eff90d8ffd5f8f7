using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using Touchstone.Client;

namespace Touchstone.AspNetCore;

/// <summary>The claims of a token, with their JSON types: made once for each answer, and given to each request in an identity of its own.</summary>
internal static class TokenClaims
{
    /// <summary>The value type of a claim that is an object: its text is JSON.</summary>
    internal const string JsonType = "JSON";

    internal static Claim[] Of(IntrospectedToken token, string issuer)
    {
        var claims = new List<Claim>();
        foreach (var member in token.ReadMembers().EnumerateObject())
        {
            if (member.Name is "active" or "scope") continue;
            if (member.Value.ValueKind is JsonValueKind.Array)
            {
                foreach (var one in member.Value.EnumerateArray()) Add(claims, member.Name, one, issuer);
            }
            else
            {
                Add(claims, member.Name, member.Value, issuer);
            }
        }
        foreach (var scope in token.Scopes) claims.Add(new Claim(TokenIntrospectionDefaults.ScopeClaimType, scope, ClaimValueTypes.String, issuer));
        return [.. claims];
    }

    private static void Add(List<Claim> claims, string name, JsonElement value, string issuer)
    {
        var (text, type) = value.ValueKind switch
        {
            JsonValueKind.String => (value.GetString()!, ClaimValueTypes.String),
            JsonValueKind.True => ("true", ClaimValueTypes.Boolean),
            JsonValueKind.False => ("false", ClaimValueTypes.Boolean),
            JsonValueKind.Number when value.TryGetInt64(out var number) => (number.ToString(CultureInfo.InvariantCulture), ClaimValueTypes.Integer64),
            JsonValueKind.Number => (value.GetRawText(), ClaimValueTypes.Double),
            JsonValueKind.Null => ("", ""),
            _ => (value.GetRawText(), JsonType),
        };
        if (type.Length > 0) claims.Add(new Claim(name, text, type, issuer));
    }
}
