using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone client set-response</c>.</summary>
internal static class ClientSetResponse
{
    private static readonly Option<bool> Default = new("--default") { Description = "As by default: signed with RS256 where it asks for that, not encrypted." };

    internal static Command Create(Argument<string> id)
    {
        var verb = new Verb(
            "set-response",
            "Say how the signed answers of a caller are made (RFC 9701), in place of how they are made now.",
            "touchstone client set-response billing-api --response-signing ES256",
            "touchstone client set-response billing-api --response-encryption ECDH-ES --jwks billing-keys.json",
            "touchstone client set-response billing-api --default")
        {
            id, Default, ClientCredentialOptions.Jwks, ClientCredentialOptions.JwksUri,
        }.Does((call, stop) => SetAsync(call, call.Get(id), stop));
        foreach (var option in ClientResponseOptions.All) verb.Options.Add(option);
        return verb;
    }

    private static async Task<int> SetAsync(Call call, string id, CancellationToken stop)
    {
        var body = new JsonObject();
        var isSaid = ClientResponseOptions.Add(call, body);
        // Asked for by name: an empty line must not take an encryption away.
        if (isSaid && call.Get(Default)) return call.Output.Fail(Failure.Usage("--default and how its answers are made (--response-signing, --response-encryption, --response-content) exclude each other: give one of the two"));
        if (isSaid == call.Get(Default)) return call.Output.Fail(Failure.Usage("say how its answers are made (--response-signing, --response-encryption, --response-content), or --default"));
        if (ClientCredentialOptions.AddKeys(call, body) is { } failure) return call.Output.Fail(failure);
        return call.Output.Answer(await call.Admin.PostAsync($"{ClientCommand.PathOf(id)}/response", body, stop), call.Output.Members);
    }
}
