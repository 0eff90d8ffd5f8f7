using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary>What tokens a client may be issued: options of <c>client add</c> and <c>client set-grants</c>.</summary>
internal static class ClientGrantOptions
{
    private static readonly Option<string[]> GrantType = new("--grant-type") { Description = "A grant type that it may use; may repeat. [default: client_credentials]", HelpName = "type" };

    internal static IEnumerable<Option> All { get; } = [GrantType];

    /// <summary>What was given; null when nothing was.</summary>
    internal static JsonObject? Read(Call call)
    {
        var grants = new JsonObject();
        if (call.Has(GrantType)) grants["grant_types"] = Requests.Array(call.Get(GrantType));
        return grants.Count == 0 ? null : grants;
    }
}
