using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client set-keys</c>.</summary>
internal static class ClientSetKeys
{
    internal static Command Create(Argument<string> id) => new Verb(
        "set-keys",
        "Register other public keys for a client, in place of those it has.",
        "touchstone client set-keys billing-api --jwks billing-keys.json",
        "touchstone client set-keys billing-api --jwks-uri https://billing.example.com/jwks.json")
    {
        id, ClientCredentialOptions.Jwks, ClientCredentialOptions.JwksUri,
    }.Does(async (call, stop) =>
    {
        var body = new JsonObject();
        if (call.Has(ClientCredentialOptions.Jwks) == call.Has(ClientCredentialOptions.JwksUri)) return call.Output.Fail(Failure.Usage("give --jwks FILE or --jwks-uri URL, one of the two"));
        if (ClientCredentialOptions.AddKeys(call, body) is { } failure) return call.Output.Fail(failure);
        return call.Output.Answer(await call.Admin.PostAsync($"{ClientCommand.PathOf(call.Get(id))}/keys", body, stop), call.Output.Members);
    });
}
