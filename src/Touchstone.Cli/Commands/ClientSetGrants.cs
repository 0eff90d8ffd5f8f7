using System.CommandLine;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client set-grants</c>.</summary>
internal static class ClientSetGrants
{
    private static readonly Option<bool> Default = new("--default") { Description = "All as by default." };

    internal static Command Create(Argument<string> id)
    {
        var verb = new Verb(
            "set-grants",
            "Change what tokens a client may be issued, and how, from the next request on; what is not named stays, and a list is replaced whole.",
            "touchstone client set-grants reports --grant-type client_credentials",
            "touchstone client set-grants wallet --dpop-bound --authorization-details-type payment",
            "touchstone client set-grants app --grant-type refresh_token --refresh-inactivity 7d --refresh-absolute 30d",
            "touchstone client set-grants orders-api --access-token-format jwt",
            "touchstone client set-grants orders-app --no-exchange",
            "touchstone client set-grants orders-app --exchange-target https://stock.example.com --exchange-subject-audience https://orders.example.com --exchange-delegation")
        {
            id, Default, ClientGrantOptions.NoExchange, ClientGrantOptions.NoDetails,
        }.Does(async (call, stop) =>
        {
            var change = ClientGrantOptions.ReadChange(call);
            if (change.Failure is { } failure) return call.Output.Fail(failure);
            if (change.Value is not null && call.Get(Default)) return call.Output.Fail(Failure.Usage("--default and all else that changes grants exclude each other: give one of the two"));
            if ((call.Get(Default) ? ClientGrantOptions.Default() : change.Value) is not { } grants) return call.Output.Fail(Failure.Usage("say what to change: see 'touchstone client set-grants --help'"));
            return call.Output.Answer(await call.Admin.PostAsync($"{ClientCommand.PathOf(call.Get(id))}/grants", grants, stop), call.Output.Members);
        });
        foreach (var option in ClientGrantOptions.All) verb.Options.Add(option);
        return verb;
    }
}
