using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client set-limits</c>.</summary>
internal static class ClientSetLimits
{
    private static readonly Option<bool> AnyAddress = new("--any-address") { Description = "It may call from any address again." };

    internal static Command Create(Argument<string> id) => new Verb(
        "set-limits",
        "Change how often and from where a client may call, at once; what is not named stays. Ends a block that a detection began.",
        "touchstone client set-limits gateway --rate 5000 --burst 10000",
        "touchstone client set-limits billing-api --allow-address 10.0.0.0/8 --allow-address 2001:db8:7::/48",
        "touchstone client set-limits billing-api --any-address")
    {
        id, ClientLimitOptions.Rate, ClientLimitOptions.Burst, ClientLimitOptions.AllowAddress, AnyAddress,
    }.Does(async (call, stop) =>
    {
        if (call.Get(AnyAddress) && call.Has(ClientLimitOptions.AllowAddress)) return call.Output.Fail(Failure.Usage("give --allow-address or --any-address, one of the two"));
        var body = ClientLimitOptions.Read(call) ?? new JsonObject();
        if (call.Get(AnyAddress)) body["allow_addresses"] = new JsonArray();
        return call.Output.Answer(await call.Admin.PostAsync($"{ClientCommand.PathOf(call.Get(id))}/limits", body, stop), call.Output.Members);
    });
}
