using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone token issue</c>.</summary>
internal static class TokenIssue
{
    private static readonly Option<string> Client = new("--client") { Description = "The client the token is issued to.", HelpName = "id", Required = true };

    private static readonly Option<string> Subject = new("--subject") { Description = "Whom the token speaks for (sub).", HelpName = "subject" };

    private static readonly Option<string> Username = new("--username") { Description = "The subject's name for people.", HelpName = "name" };

    private static readonly Option<string[]> Scope = new("--scope") { Description = "Scopes of the token; may repeat.", HelpName = "scope" };

    private static readonly Option<string[]> Audience = new("--audience") { Description = "A resource server it is for (aud); may repeat.", HelpName = "uri" };

    private static readonly Option<TimeSpan?> Lifetime = Duration.Option("--lifetime", "How long it lives. [default: the server's, 1h]");

    private static readonly Option<JsonObject?> Claim = new("--claim")
    {
        Description = "A member of its own in the introspection answer, with a JSON value; may repeat.",
        HelpName = "name=json",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = ParseClaims,
    };

    private static readonly Option<bool> Refresh = new("--refresh") { Description = "Issue a refresh token beside it, of the same grant. The client must be registered for refresh_token." };

    internal static Command Create() => new Verb(
        "issue",
        "Issue an access token and print it.",
        "touchstone token issue --client reports --subject alice --scope \"invoices:read\" --audience https://billing.example.com",
        "touchstone token issue --client reports --lifetime 15m --claim roles='[\"auditor\"]' --claim level=3",
        "touchstone token issue --client reports --json | jq -r .token | touchstone introspect -",
        "touchstone token issue --client app --subject alice --scope \"invoices:read\" --refresh --json | jq -r .refresh_token")
    {
        Client, Subject, Username, Scope, Audience, Lifetime, Refresh, Claim,
    }.Does(async (call, stop) => call.Output.Answer(await call.Admin.PostAsync("admin/tokens", Record(call), stop), call.Output.Members));

    /// <summary>Only what was given: the defaults are the server's.</summary>
    private static JsonObject Record(Call call)
    {
        var record = new JsonObject { ["client_id"] = call.Get(Client) };
        if (call.Get(Subject) is { } subject) record["sub"] = subject;
        if (call.Get(Username) is { } username) record["username"] = username;
        if (call.Has(Scope)) record["scope"] = Requests.Scope(call.Get(Scope));
        if (call.Has(Audience)) record["aud"] = Requests.Array(call.Get(Audience));
        if (call.Get(Lifetime) is { } lifetime) record["expires_in"] = (long)lifetime.TotalSeconds;
        if (call.Get(Refresh)) record["refresh"] = true;
        if (call.Get(Claim) is { } claims) record["claims"] = claims;
        return record;
    }

    private static JsonObject? ParseClaims(ArgumentResult result)
    {
        var claims = new JsonObject();
        foreach (var token in result.Tokens)
        {
            var parts = token.Value.Split('=', 2);
            var name = parts[0];
            if (parts.Length < 2 || name == "") return Fault(result, "--claim takes name=json, such as level=3 or team='\"blue\"'.");
            if (!TryParse(parts[1], out var value)) return Fault(result, $"--claim {name}: not JSON; a text needs its quotes, such as {name}='\"blue\"'.");
            if (!claims.TryAdd(name, value)) return Fault(result, $"--claim {name} stands twice; several values are one array, such as {name}='[1,2]'.");
        }

        return claims;
    }

    private static bool TryParse(string json, out JsonNode? value)
    {
        value = null;
        try
        {
            value = JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonObject? Fault(ArgumentResult result, string message)
    {
        result.AddError(message);
        return null;
    }
}
