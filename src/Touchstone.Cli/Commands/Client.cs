using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.Json;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client …</c>: registrations of resource servers and clients.</summary>
internal static class ClientCommand
{
    private static readonly Argument<string> Id = new("id") { Description = "The client identifier." };

    static ClientCommand() => Id.Validators.Add(static result =>
    {
        // A path of dots would be resolved away, and name another resource.
        if (result.GetValueOrDefault<string>() is null or "" or "." or "..") result.AddError("The client identifier must not be empty, '.' or '..'.");
    });

    internal static Command Create() => new Verb("client", "Register resource servers and clients, and look after them.", "touchstone client list")
    {
        ClientAdd.Create(Id),
        new Verb("list", "List every registration.", "touchstone client list", "touchstone client list --json").Does(ListAsync),
        new Verb("show", "Show one registration.", "touchstone client show billing-api") { Id }.Does(ShowAsync),
        Switch("disable", "Stop a client: it may do nothing, and its tokens are inactive."),
        Switch("enable", "Let a disabled client work again; nothing that was revoked comes back."),
        Switch("give-tag-key", "Give a resource server the key of its tags in the feed: it can judge JWTs by itself, and find out whether anything that it can name was revoked."),
        Switch("withdraw-tag-key", "Give a resource server the key of its tags no more."),
        ClientRotateSecret.Create(Id),
        ClientSetKeys.Create(Id),
        ClientSetView.Create(Id),
        ClientSetLimits.Create(Id),
        ClientSetGrants.Create(Id),
        ClientSetResponse.Create(Id),
        ClientFailures.Create(Id),
    };

    internal static string PathOf(string id) => $"admin/clients/{Uri.EscapeDataString(id)}";

    /// <summary>The one time that a new secret is seen.</summary>
    internal static int PrintWithSecret(Call call, Outcome<JsonElement> answer)
    {
        var exitCode = call.Output.Answer(answer, call.Output.Members);
        if (exitCode == ExitCodes.Done && answer.Value.TryGetProperty("client_secret", out _))
            call.Output.Note("Keep client_secret now: the server stores only its hash, and it is not shown again.");
        return exitCode;
    }

    private static Verb Switch(string name, string description) =>
        new Verb(name, description, $"touchstone client {name} billing-api") { Id }.Does((call, stop) => PostAsync(call, name, stop));

    private static async Task<int> ShowAsync(Call call, CancellationToken stop) =>
        call.Output.Answer(await call.Admin.GetAsync(PathOf(call.Get(Id)), stop), call.Output.Members);

    private static async Task<int> PostAsync(Call call, string action, CancellationToken stop) =>
        call.Output.Answer(await call.Admin.PostAsync($"{PathOf(call.Get(Id))}/{action}", new JsonObject(), stop), call.Output.Members);

    private static async Task<int> ListAsync(Call call, CancellationToken stop)
    {
        var clients = await Pages.ReadAsync(call, "admin/clients", stop);
        return clients.Failure is { } failure ? call.Output.Fail(failure) : Print(call.Output, clients.Value);
    }

    private static int Print(Output output, List<JsonElement> clients)
    {
        if (output.IsJson) output.Line(Pages.AsOne(clients));
        else output.Table(["id", "kind", "enabled", "introspects", "tenant", "audience", "scope"], [.. clients.Select(Row)]);
        return ExitCodes.Done;
    }

    private static string[] Row(JsonElement client) =>
    [
        Describe.Text(client, "client_id"),
        Describe.Text(client, "kind") + (Describe.Is(client, "public") ? ",public" : ""),
        Describe.Is(client, "enabled") ? "yes" : "no",
        Describe.Is(client, "may_introspect") ? "yes" : "no",
        Describe.Text(client, "tenant"),
        string.Join(' ', Describe.Strings(client, "audience")),
        Describe.Text(client, "scope"),
    ];
}
