using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client set-view</c>.</summary>
internal static class ClientSetView
{
    private static readonly Option<string[]> Scope = new("--scope") { Description = "Scopes it may see; may repeat. [default: all]", HelpName = "scope" };

    private static readonly Option<bool> Everything = new("--everything") { Description = "It sees every answer whole." };

    internal static Command Create(Argument<string> id)
    {
        var verb = new Verb(
            "set-view",
            "Say what a resource server may see of an answer, in place of what it may see now.",
            "touchstone client set-view billing-api --scope invoices:read --sub pairwise --claim acr --aud own",
            "touchstone client set-view billing-api --everything")
        {
            id, Scope, Everything,
        }.Does((call, stop) => SetAsync(call, call.Get(id), stop));
        foreach (var option in ClientViewOptions.All) verb.Options.Add(option);
        return verb;
    }

    private static async Task<int> SetAsync(Call call, string id, CancellationToken stop)
    {
        var view = ClientViewOptions.Read(call, Scope);
        if (view.Failure is { } failure) return call.Output.Fail(failure);
        // Asked for by name: an empty line must not open what was closed.
        if (view.Value is null != call.Get(Everything)) return call.Output.Fail(Failure.Usage("say what it may see (--scope, --claim, --sub, --aud), or --everything and nothing else"));
        return call.Output.Answer(await call.Admin.PostAsync($"{ClientCommand.PathOf(id)}/view", view.Value ?? new JsonObject(), stop), call.Output.Members);
    }
}
