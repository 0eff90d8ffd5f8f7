using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary>From where and how often a client may call: options of <c>client add</c> and <c>client set-limits</c>.</summary>
internal static class ClientLimitOptions
{
    internal static readonly Option<int?> Rate = new("--rate") { Description = "Requests a second it may send; 0 for no limit.", HelpName = "n" };

    internal static readonly Option<int?> Burst = new("--burst") { Description = "How many of them may come at once. [default: twice the rate]", HelpName = "n" };

    internal static readonly Option<string[]> AllowAddress = new("--allow-address") { Description = "An address or CIDR range from which it may call; may repeat.", HelpName = "cidr" };

    /// <summary>What was given; null when nothing was.</summary>
    internal static JsonObject? Read(Call call)
    {
        var limits = new JsonObject();
        if (call.Get(Rate) is { } rate) limits["rate"] = rate;
        if (call.Get(Burst) is { } burst) limits["burst"] = burst;
        if (call.Has(AllowAddress)) limits["allow_addresses"] = Requests.Array(call.Get(AllowAddress));
        return limits.Count == 0 ? null : limits;
    }
}
