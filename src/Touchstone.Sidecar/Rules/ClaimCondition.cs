using System.Globalization;
using System.Text.Json;

namespace Touchstone.Sidecar.Rules;

/// <summary>What a claim is compared by.</summary>
internal enum ClaimTest
{
    /// <summary>It is there, and not null.</summary>
    Exists,

    /// <summary>It is not there, or null.</summary>
    Absent,

    /// <summary>It is this value.</summary>
    Equals,

    /// <summary>It is one of these values.</summary>
    OneOf,

    /// <summary>It is an array that has this value.</summary>
    Contains,
}

/// <summary>A condition on one claim of the answer about a token. Values are compared with their JSON types: the number 5 is not the text "5".</summary>
/// <param name="Claim">Its name, or with a slash at the beginning a JSON Pointer (RFC 6901).</param>
/// <param name="Test">How it is compared.</param>
/// <param name="Values">With what.</param>
internal sealed record ClaimCondition(string Claim, ClaimTest Test, IReadOnlyList<JsonElement> Values)
{
    /// <summary>Starts from refusing.</summary>
    internal bool Holds(JsonElement claims)
    {
        var isThere = ClaimPointer.TryFind(claims, Claim, out var claim) && claim.ValueKind is not JsonValueKind.Null;
        return Test switch
        {
            ClaimTest.Exists => isThere,
            ClaimTest.Absent => !isThere,
            ClaimTest.Equals or ClaimTest.OneOf => isThere && IsOneOfThose(claim),
            ClaimTest.Contains => isThere && claim.ValueKind is JsonValueKind.Array && HasOneOfThose(claim),
            _ => false,
        };
    }

    public override string ToString() => Test switch
    {
        ClaimTest.Exists => $"{Claim} exists",
        ClaimTest.Absent => $"{Claim} does not exist",
        ClaimTest.Equals => $"{Claim} is {Values[0].GetRawText()}",
        ClaimTest.OneOf => $"{Claim} is one of {string.Join(", ", Values.Select(static value => value.GetRawText()))}",
        _ => $"{Claim} contains {Values[0].GetRawText()}",
    };

    private bool HasOneOfThose(JsonElement array)
    {
        foreach (var item in array.EnumerateArray())
        {
            if (IsOneOfThose(item)) return true;
        }
        return false;
    }

    private bool IsOneOfThose(JsonElement claim)
    {
        for (var i = 0; i < Values.Count; i++)
        {
            if (JsonElement.DeepEquals(Values[i], claim)) return true;
        }
        return false;
    }
}

/// <summary>Finds claims: by their name, or with a slash at the beginning by a JSON Pointer (RFC 6901).</summary>
internal static class ClaimPointer
{
    /// <summary>What is wrong with a name; null: nothing.</summary>
    internal static string? FaultOf(string name)
    {
        for (var at = name.StartsWith('/') ? name.IndexOf('~', StringComparison.Ordinal) : -1; at >= 0; at = name.IndexOf('~', at + 1))
        {
            if (at + 1 == name.Length || name[at + 1] is not ('0' or '1')) return $"'{name}' is no JSON Pointer: ~ stands before 0 or 1 alone (~0 is ~, ~1 is a slash).";
        }
        return null;
    }

    internal static bool TryFind(JsonElement claims, string name, out JsonElement claim)
    {
        claim = claims;
        if (!name.StartsWith('/')) return claims.ValueKind is JsonValueKind.Object && claims.TryGetProperty(name, out claim);
        foreach (var part in name.Split('/').Skip(1))
        {
            var key = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (claim.ValueKind is JsonValueKind.Array && IsIndex(key, out var index) && index < claim.GetArrayLength()) claim = claim[index];
            else if (claim.ValueKind is not JsonValueKind.Object || !claim.TryGetProperty(key, out claim)) return false;
        }
        return true;
    }

    // RFC 6901 §4: digits, and no zero before others. What stands behind the last item (-) is never there.
    private static bool IsIndex(string key, out int index)
    {
        index = 0;
        return (key == "0" || key is [>= '1' and <= '9', ..]) && int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }
}
