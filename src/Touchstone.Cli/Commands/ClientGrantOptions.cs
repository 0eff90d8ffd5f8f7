using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary>What tokens a client may be issued: options of <c>client add</c> and <c>client set-grants</c>.</summary>
internal static class ClientGrantOptions
{
    private static readonly Option<string[]> GrantType = new("--grant-type") { Description = "A grant type that it may use; may repeat. [default: client_credentials]", HelpName = "type" };

    private static readonly Option<string?> Format = new("--access-token-format") { Description = "opaque, or jwt (RFC 9068): of a client, what its access tokens are; of a resource server, what those for it are where the client says nothing. [default: opaque]", HelpName = "opaque|jwt" };
    private static readonly Option<string?> SigningAlg = new("--access-token-signing-alg") { Description = "What signs JWT access tokens. [default: ES256]", HelpName = "ES256|RS256" };

    internal static IEnumerable<Option> All { get; } = [GrantType, Format, SigningAlg];

    /// <summary>What was given; null when nothing was.</summary>
    internal static JsonObject? Read(Call call)
    {
        var grants = new JsonObject();
        if (call.Has(GrantType)) grants["grant_types"] = Requests.Array(call.Get(GrantType));
        if (call.Get(Format) is { } format) grants["access_token_format"] = format;
        if (call.Get(SigningAlg) is { } algorithm) grants["access_token_signing_alg"] = algorithm;
        return grants.Count == 0 ? null : grants;
    }
}
