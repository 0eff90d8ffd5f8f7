using System.Collections.Frozen;
using System.Text;
using System.Text.Json;

namespace Touchstone.Protocol.Introspection;

/// <summary>The members that this server itself says of a token; custom claims can't have their names.</summary>
public static class IntrospectionMembers
{
    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
    [
        "active", "scope", "client_id", "username", "token_type", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "cnf", "act", "authorization_details",
    ], StringComparer.OrdinalIgnoreCase); // "Sub" would pass for "sub" with readers that ignore case.

    private static readonly byte[][] ReservedUtf8 = [.. Reserved.Select(Encoding.UTF8.GetBytes)];

    /// <summary>The reserved names (RFC 7662 §2.2; RFC 7800, RFC 8693 §4.1, RFC 9396 §9.2).</summary>
    public static IReadOnlyCollection<string> All => Reserved;

    /// <summary>Whether a name is the server's own.</summary>
    public static bool IsReserved(string name) => Reserved.Contains(name);

    /// <summary>The same for the member name that a reader stands at, without making a string of it.</summary>
    internal static bool IsReservedName(ref readonly Utf8JsonReader reader)
    {
        foreach (var name in ReservedUtf8)
        {
            if (reader.ValueTextEquals(name)) return true;
        }
        return false;
    }
}
