using System.Text.Json;
using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Kubernetes;

/// <summary>Which claims make the user of a cluster.</summary>
/// <param name="Username">The claim with the name.</param>
/// <param name="Uid">The claim with the identifier that is never given again; null: none.</param>
/// <param name="Groups">The claim with the groups; null: none.</param>
/// <param name="Extra">Keys of <c>extra</c> and their claims.</param>
/// <param name="Prefix">Before name and groups. Empty: what begins with <c>system:</c> is nobody's, for it is the cluster's own.</param>
internal sealed record UserMapping(string Username, string? Uid, string? Groups, IReadOnlyList<KeyValuePair<string, string>> Extra, string Prefix);

/// <summary>A user of a cluster, made from claims.</summary>
internal sealed record ClusterUser(string Username, string? Uid, IReadOnlyList<string> Groups, IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Extra)
{
    private const string OfTheCluster = "system:";

    /// <summary>The user of a token; null where the claims name none.</summary>
    internal static ClusterUser? Of(JsonElement claims, UserMapping mapping)
    {
        if (Texts(claims, mapping.Username) is not [{ Length: > 0 } name] || IsReserved(name)) return null;
        var uid = mapping.Uid is { } claim && Texts(claims, claim) is [{ Length: > 0 } id] ? id : null;
        // A group that whoever issues tokens gave itself would be cluster-admin otherwise.
        var groups = mapping.Groups is { } all ? Texts(claims, all).Where(group => group.Length > 0 && !IsReserved(group)).Select(group => mapping.Prefix + group).ToArray() : [];
        var extra = mapping.Extra.Select(pair => KeyValuePair.Create(pair.Key, Texts(claims, pair.Value))).Where(static pair => pair.Value.Count > 0);
        return new ClusterUser(mapping.Prefix + name, uid, groups, [.. extra]);

        bool IsReserved(string text) => (mapping.Prefix + text).StartsWith(OfTheCluster, StringComparison.Ordinal);
    }

    // One text, or an array of texts; of scope the parts.
    private static IReadOnlyList<string> Texts(JsonElement claims, string name)
    {
        if (!ClaimPointer.TryFind(claims, name, out var claim)) return [];
        return claim.ValueKind switch
        {
            JsonValueKind.String => name == "scope" ? claim.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [claim.GetString()!],
            JsonValueKind.Array => [.. claim.EnumerateArray().Where(static one => one.ValueKind is JsonValueKind.String).Select(static one => one.GetString()!)],
            _ => [],
        };
    }
}
