using System.CommandLine;
using System.Text.Json;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone token …</c>: issue a token, show what is known of one.</summary>
internal static class TokenCommand
{
    private static readonly TokenArgument Token = new();

    internal static Command Create() => new Verb("token", "Issue tokens, and look at what the server knows of them.", "touchstone token show -")
    {
        TokenIssue.Create(),
        new Verb(
            "show",
            "Show the record of a token, whether it is active, and why not. Exit code 1 when the token is unknown.",
            "touchstone token show - < token.txt",
            "touchstone token show $SHA256")
        {
            Token.Argument,
        }.Does(ShowAsync),
    };

    private static async Task<int> ShowAsync(Call call, CancellationToken stop)
    {
        var token = await Token.ReadAsync(call, stop);
        if (token.Failure is { } unread) return call.Output.Fail(unread);

        var answer = await call.Admin.PostAsync("admin/tokens/lookup", TokenArgument.ToJson(token.Value), stop);
        var exitCode = call.Output.Answer(answer, lookup => Print(call.Output, lookup));
        return exitCode == ExitCodes.Done && !Describe.Is(answer.Value, "known") ? ExitCodes.Refused : exitCode;
    }

    /// <summary>What the administrator sees behind an introspection answer.</summary>
    internal static void PrintReason(Output output, JsonElement lookup)
    {
        output.Line($"reason  {Describe.Text(lookup, "reason")}");
        PrintMember(output, lookup, "record");
        PrintMember(output, lookup, "use");
        PrintMember(output, lookup, "revocation");
        PrintMember(output, lookup, "caller");
        PrintMember(output, lookup, "view");
        PrintMember(output, lookup, "hidden");
    }

    private static void Print(Output output, JsonElement lookup)
    {
        output.Line($"active  {(Describe.Is(lookup, "active") ? "true" : "false")}");
        PrintReason(output, lookup);
    }

    private static void PrintMember(Output output, JsonElement lookup, string name)
    {
        if (lookup.TryGetProperty(name, out var members) && members.ValueKind == JsonValueKind.Object) output.Section(name, members);
    }
}
