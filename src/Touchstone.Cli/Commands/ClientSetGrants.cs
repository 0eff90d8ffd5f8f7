using System.CommandLine;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client set-grants</c>.</summary>
internal static class ClientSetGrants
{
    internal static Command Create(Argument<string> id)
    {
        var verb = new Verb(
            "set-grants",
            "Change what tokens a client may be issued, and how, from the next request on; what is not named stays.",
            "touchstone client set-grants reports --grant-type client_credentials",
            "touchstone client set-grants wallet --dpop-bound --authorization-details-type payment",
            "touchstone client set-grants app --grant-type refresh_token --refresh-inactivity 7d --refresh-absolute 30d",
            "touchstone client set-grants orders-api --access-token-format jwt",
            "touchstone client set-grants orders-app --exchange-target https://stock.example.com --exchange-subject-audience https://orders.example.com --exchange-delegation")
        {
            id,
        }.Does(async (call, stop) =>
        {
            if (ClientGrantOptions.Read(call) is not { } grants) return call.Output.Fail(Failure.Usage("say what to change: see 'touchstone client set-grants --help'"));
            return call.Output.Answer(await call.Admin.PostAsync($"{ClientCommand.PathOf(call.Get(id))}/grants", grants, stop), call.Output.Members);
        });
        foreach (var option in ClientGrantOptions.All) verb.Options.Add(option);
        return verb;
    }
}
