using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary>How the signed answers of a client are made (RFC 9701 §6): options of <c>client add</c> and <c>client set-response</c>.</summary>
internal static class ClientResponseOptions
{
    private static readonly (Option<string> Option, string Member)[] Members =
    [
        (Choice("--response-signing", "How answers to it are signed where it asks for that. [default: RS256]", "RS256", "ES256"), "introspection_signed_response_alg"),
        (Choice("--response-encryption", "Signed answers are encrypted, for a key of its key set that is marked for this. [default: signed only]", "RSA-OAEP-256", "ECDH-ES"), "introspection_encrypted_response_alg"),
        (Choice("--response-content", "How the content of an encrypted answer is. [default: A128CBC-HS256]", "A128CBC-HS256", "A256GCM"), "introspection_encrypted_response_enc"),
    ];

    internal static IEnumerable<Option> All { get; } = [.. Members.Select(member => member.Option)];

    /// <summary>Adds what was given to the body of a request; whether anything was.</summary>
    internal static bool Add(Call call, JsonObject body)
    {
        var count = body.Count;
        foreach (var (option, member) in Members)
        {
            if (call.Get(option) is { } value) body[member] = value;
        }
        return body.Count > count;
    }

    private static Option<string> Choice(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description };
        option.TakesOneOf(values);
        return option;
    }
}
