using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone subject …</c>: who may have no tokens.</summary>
internal static class SubjectCommand
{
    private static readonly Argument<string> Id = new("id") { Description = "The subject, as its tokens name it (sub)." };
    private static readonly Option<string?> Issuer = new("--iss") { Description = "The issuer that the subject belongs to. Default: this server.", HelpName = "url" };
    private static readonly Option<string?> Reason = new("--reason") { Description = "Why; kept with the revocation and the list.", HelpName = "text" };

    internal static Command Create() => new Verb("subject", "Disable a subject, or let it have tokens again.", "touchstone subject list")
    {
        new Verb("disable", "End every token of a subject and refuse it new ones.", "touchstone subject disable alice --reason 'left the company'") { Id, Issuer, Reason }
            .Does((call, stop) => PostAsync(call, "disable", stop)),
        new Verb("enable", "Let a disabled subject have tokens again; nothing that was revoked comes back.", "touchstone subject enable alice") { Id, Issuer }
            .Does((call, stop) => PostAsync(call, "enable", stop)),
        new Verb("list", "List the subjects that are disabled.", "touchstone subject list", "touchstone subject list --json").Does(ListAsync),
    };

    private static async Task<int> PostAsync(Call call, string action, CancellationToken stop)
    {
        var body = new JsonObject { ["sub"] = call.Get(Id) };
        if (call.Get(Issuer) is { } issuer) body["iss"] = issuer;
        if (action == "disable" && call.Get(Reason) is { } reason) body["reason"] = reason;
        return call.Output.Answer(await call.Admin.PostAsync($"admin/subjects/{action}", body, stop), call.Output.Members);
    }

    private static async Task<int> ListAsync(Call call, CancellationToken stop)
    {
        var read = await Pages.ReadAsync(call, "admin/subjects", stop);
        if (read.Failure is { } failure) return call.Output.Fail(failure);
        if (call.Output.IsJson) call.Output.Line(Pages.AsOne(read.Value));
        else call.Output.Table(["subject", "issuer", "disabled", "by", "reason"], [.. read.Value.Select(Row)]);
        return ExitCodes.Done;
    }

    private static string[] Row(JsonElement subject) =>
    [
        Describe.Text(subject, "sub"),
        Describe.Text(subject, "iss"),
        subject.TryGetProperty("disabled_at", out var at) && at.TryGetInt64(out var seconds) ? Describe.Time(seconds, TimeProvider.System.GetUtcNow()) : "",
        Describe.Text(subject, "actor"),
        Describe.Text(subject, "reason"),
    ];
}
