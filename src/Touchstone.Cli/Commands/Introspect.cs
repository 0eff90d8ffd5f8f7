using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone introspect</c>: ask as the administrator, or as the caller whose view matters.</summary>
internal static class IntrospectCommand
{
    private const string SecretVariable = "TOUCHSTONE_SECRET";

    private static readonly TokenArgument Token = new();

    private static readonly Option<string> As = new("--as") { Description = "Ask as this client or resource server would.", HelpName = "client-id" };

    private static readonly Option<string> Secret = new("--secret")
    {
        Description = "Its secret, or - to read it from standard input (after the token). [default: TOUCHSTONE_SECRET of the environment]",
        HelpName = "secret",
    };

    private static readonly Option<bool> Explain = new("--explain") { Description = "Add the reason, the record, the revocation, and with --as what that caller sees; no secret is needed then." };

    internal static Command Create()
    {
        var command = new Verb(
            "introspect",
            "Ask whether a token is active. Exit code 1 when it is not.",
            "touchstone introspect -",
            "touchstone introspect $TOKEN --explain",
            "touchstone introspect $TOKEN --explain --as billing-api",
            "touchstone introspect - --as billing-api --secret - < token-and-secret.txt")
        {
            Token.Argument, As, Secret, Explain,
        }.Does((call, stop) => call.Has(As) && !IsOnlyExplained(call) ? AsCallerAsync(call, call.Get(As)!, stop) : AsAdministratorAsync(call, stop));
        command.Validators.Add(static result =>
        {
            if (result.GetResult(Secret) is null || result.GetResult(As) is not null) return;
            result.AddError("--secret belongs to --as: name the caller.");
        });
        return command;
    }

    private static async Task<int> AsAdministratorAsync(Call call, CancellationToken stop)
    {
        var token = await Token.ReadAsync(call, stop);
        if (token.Failure is { } unread) return call.Output.Fail(unread);

        var question = TokenArgument.ToJson(token.Value);
        if (call.Get(As) is { } caller) question["as"] = caller;
        var lookup = await call.Admin.PostAsync("admin/tokens/lookup", question, stop);
        if (lookup.Failure is { } failure) return call.Output.Fail(failure);
        if (!lookup.Value.TryGetProperty("response", out var response) || response.ValueKind != JsonValueKind.Object)
            return call.Output.Fail(Failure.Unreachable("the server's answer holds no response: is --server right?"));

        if (call.Output.IsJson) call.Output.Line(call.Get(Explain) ? lookup.Value : response);
        else Print(call, response, call.Get(Explain) ? lookup.Value : null);
        return ExitCodeOf(response);
    }

    // An operator has no secret of the caller; the server can say all the same what it would see.
    private static bool IsOnlyExplained(Call call) => call.Get(Explain) && !call.Has(Secret) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(SecretVariable));

    private static async Task<int> AsCallerAsync(Call call, string clientId, CancellationToken stop)
    {
        var token = await Token.ReadAsync(call, stop);
        if (token.Failure is { } unread) return call.Output.Fail(unread);
        var secret = await SecretAsync(call, stop);
        if (secret.Failure is { } missing) return call.Output.Fail(missing);

        var caller = new Credentials(clientId, secret.Value, "--as");
        var answer = await call.Wire.PostFormAsync("oauth/introspect", caller, stop, new KeyValuePair<string, string>("token", token.Value));
        if (answer.Failure is { } failure) return call.Output.Fail(failure);

        JsonElement? lookup = null;
        if (call.Get(Explain))
        {
            // The caller can only send a value, so here too the text is one, whatever it looks like.
            var question = new JsonObject { ["token"] = token.Value, ["as"] = clientId };
            var explained = await call.Admin.PostAsync("admin/tokens/lookup", question, stop);
            if (explained.Failure is { } unexplained) return call.Output.Fail(unexplained);
            lookup = explained.Value;
        }

        if (!call.Output.IsJson) Print(call, answer.Value, lookup);
        else call.Output.Line(lookup is { } both ? Joined(answer.Value, both) : answer.Value);

        if (ExitCodeOf(answer.Value) != ExitCodes.Done && TokenArgument.IsHash(token.Value))
            call.Output.Note("This looks like a hash; with --as the token itself is needed.");
        return ExitCodeOf(answer.Value);
    }

    private static async Task<Outcome<string>> SecretAsync(Call call, CancellationToken stop)
    {
        var secret = call.Get(Secret) ?? Environment.GetEnvironmentVariable(SecretVariable);
        if (string.IsNullOrEmpty(secret))
            return Failure.Usage("--as needs a secret: set TOUCHSTONE_SECRET, or give --secret - and the secret on standard input; or ask as the administrator with --explain");

        return secret == "-" && call.Has(Secret) ? await StandardInput.ReadLineAsync("secret", stop) : secret;
    }

    private static void Print(Call call, JsonElement response, JsonElement? lookup)
    {
        call.Output.Members(response);
        if (lookup is not { } explained) return;
        call.Output.Line("");
        TokenCommand.PrintReason(call.Output, explained);
    }

    private static JsonElement Joined(JsonElement response, JsonElement lookup) =>
        JsonElement.Parse($$"""{"response":{{response.GetRawText()}},"lookup":{{lookup.GetRawText()}}}""");

    private static int ExitCodeOf(JsonElement response) => Describe.Is(response, "active") ? ExitCodes.Done : ExitCodes.Refused;
}
