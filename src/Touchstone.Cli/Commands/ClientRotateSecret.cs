using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client rotate-secret</c>.</summary>
internal static class ClientRotateSecret
{
    private static readonly Option<TimeSpan?> Overlap = Duration.Option(
        "--overlap", "How long the old secret stays valid beside the new one; 0 ends it now. [default: 24h]");

    internal static Command Create(Argument<string> id) => new Verb(
        "rotate-secret",
        "Give a client a new secret, printed once; the old one stays valid for a while.",
        "touchstone client rotate-secret billing-api",
        "touchstone client rotate-secret billing-api --overlap 0")
    {
        id, Overlap, ClientCredentialOptions.Secret,
    }.Does(async (call, stop) =>
    {
        var overlap = call.Get(Overlap) ?? TimeSpan.FromHours(24);
        var body = new JsonObject { ["overlap_seconds"] = (long)overlap.TotalSeconds };
        if (await ClientCredentialOptions.AddSecretAsync(call, body, stop) is { } failure) return call.Output.Fail(failure);
        return ClientCommand.PrintWithSecret(call, await call.Admin.PostAsync($"{ClientCommand.PathOf(call.Get(id))}/rotate-secret", body, stop));
    });
}
