using System.CommandLine;
using System.Text.Json.Nodes;

namespace Touchstone.Cli;

/// <summary>A token as typed: its value, the SHA-256 under which the server knows it, or <c>-</c> for standard input.</summary>
internal sealed class TokenArgument
{
    internal Argument<string> Argument { get; } = new("token")
    {
        Description = "The token, or its SHA-256 in 64 lower-case hex digits, or - to read it from standard input.",
    };

    /// <summary>The text, read from standard input if so asked.</summary>
    internal Task<Outcome<string>> ReadAsync(Call call, CancellationToken stop) => call.Get(Argument) switch
    {
        "-" => StandardInput.ReadLineAsync("token", stop),
        "" => Task.FromResult<Outcome<string>>(Failure.Usage("the token is empty: give its value, its SHA-256, or - to read it from standard input")),
        var text => Task.FromResult<Outcome<string>>(text),
    };

    /// <summary>The member that names the token to the admin API. Tokens travel in bodies only, since addresses are logged.</summary>
    internal static JsonObject ToJson(string text) => new() { [IsHash(text) ? "token_sha256" : "token"] = text };

    internal static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
