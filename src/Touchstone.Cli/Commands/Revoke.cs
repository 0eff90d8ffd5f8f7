using System.CommandLine;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone revoke</c>.</summary>
internal static class RevokeCommand
{
    private static readonly TokenArgument Token = new();

    internal static Command Create() => new Verb(
        "revoke",
        "Revoke a token, now and everywhere. Exit code 1 when the token is unknown.",
        "touchstone revoke - < token.txt",
        "touchstone revoke $SHA256")
    {
        Token.Argument,
    }.Does(async (call, stop) =>
    {
        var token = await Token.ReadAsync(call, stop);
        if (token.Failure is { } unread) return call.Output.Fail(unread);

        var answer = await call.Admin.PostAsync("admin/revocations", TokenArgument.ToJson(token.Value), stop);
        var exitCode = call.Output.Answer(answer, call.Output.Members);
        // Nothing was revoked then, and whoever mistyped a token should not believe it was.
        return exitCode == ExitCodes.Done && Describe.Text(answer.Value, "status") == "unknown" ? ExitCodes.Refused : exitCode;
    });
}
