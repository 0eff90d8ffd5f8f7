using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary>What a resource server may see of an answer: options that commands about clients share.</summary>
internal static class ClientViewOptions
{
    private static readonly Option<bool> NoScopes = new("--no-scopes") { Description = "It sees no scope." };

    private static readonly Option<string[]> Claim = new("--claim")
    {
        Description = "A member it may see beside those of every answer, such as jti or a custom claim; may repeat. [default: all, or none with --sub pairwise or omitted]",
        HelpName = "name",
    };

    private static readonly Option<bool> NoClaims = new("--no-claims") { Description = "It sees no member beside those of every answer." };

    private static readonly Option<string> Sub = new("--sub") { Description = "How it is told whose token it is. [default: as-is]" };

    private static readonly Option<string> Sector = new("--sector")
    {
        Description = "With --sub pairwise: resource servers of one sector get the same names. [default: a sector of its own]",
        HelpName = "name",
    };

    private static readonly Option<string> Aud = new("--aud") { Description = "Of a token's audience it sees all, or its own identifiers only. [default: all]" };

    static ClientViewOptions()
    {
        Sub.TakesOneOf("as-is", "pairwise", "omitted");
        Aud.TakesOneOf("all", "own");
    }

    internal static IEnumerable<Option> All => [NoScopes, Claim, NoClaims, Sub, Sector, Aud];

    /// <summary>The view that was asked for; null when none was.</summary>
    internal static Outcome<JsonObject?> Read(Call call, Option<string[]> scope)
    {
        if (call.Has(scope) && call.Get(NoScopes)) return Failure.Usage("give --scope or --no-scopes, not both");
        if (call.Has(Claim) && call.Get(NoClaims)) return Failure.Usage("give --claim or --no-claims, not both");
        var view = new JsonObject();
        if (call.Has(scope)) view["scope"] = Requests.Scope(call.Get(scope));
        if (call.Get(NoScopes)) view["scope"] = "";
        if (call.Has(Claim)) view["claims"] = Requests.Array(call.Get(Claim));
        if (call.Get(NoClaims)) view["claims"] = new JsonArray();
        if (call.Get(Sub) is { } sub) view["sub"] = sub;
        if (call.Get(Sector) is { } sector) view["sector"] = sector;
        if (call.Get(Aud) is { } aud) view["aud"] = aud;
        return view.Count == 0 ? null : view;
    }
}
