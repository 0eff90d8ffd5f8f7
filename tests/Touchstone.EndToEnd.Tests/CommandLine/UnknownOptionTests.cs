namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary>A mistyped word is told of, and never taken for a token or a name.</summary>
public sealed class UnknownOptionTests(SharedServer shared)
{
    [Theory]
    [InlineData("--subjct", "--subject", "revoke", "--subjct")]
    [InlineData("--subjct", "--subject", "revoke", "--subjct=alice")]
    [InlineData("--subjct", "--subject", "revoke", "--subjct:alice")]
    [InlineData("--subjct", "--subject", "revoke", "--subjct", "x")]
    [InlineData("--al", "--all", "revoke", "--al")]
    [InlineData("-all", "--all", "revoke", "-all")]
    [InlineData("-subject", "--subject", "revoke", "-subject", "x")]
    [InlineData("--dry-rn", "--dry-run", "revoke", "--subject", "--dry-rn")]
    [InlineData("--dry-rn", "--dry-run", "revoke", "--subject", "alice", "--reason", "--dry-rn")]
    [InlineData("--explian", "--explain", "introspect", "--explian")]
    [InlineData("--jsn", "--json", "token", "show", "--jsn")]
    [InlineData("--servr", "--server", "client", "show", "--servr", "http://127.0.0.1:1")]
    [InlineData("--raw", null, "token", "show", "--raw")]
    [InlineData("-f", null, "revoke", "-f", "leaked.txt")]
    public async Task An_option_that_does_not_exist_is_named(string unknown, string? meant, params string[] line)
    {
        var result = await shared.Cli.RunAsync(line);

        result.ShouldEndWith(2);
        result.Output.ShouldBeEmpty();
        result.ErrorLines.Length.ShouldBe(1);
        result.Error.ShouldStartWith($"touchstone: '{unknown}' is no option of 'touchstone ");
        if (meant is null) result.Error.ShouldNotContain("Did you mean");
        else result.Error.ShouldContain($"Did you mean {meant}?");
    }

    [Fact]
    public async Task Behind_two_dashes_and_behind_an_equals_sign_any_word_is_taken_as_it_stands()
    {
        foreach (var line in (string[][])[["revoke", "--", "--subjct"], ["revoke", "--reason", "mistyped", "--", "--al"], ["introspect", "--", "--explian"], ["introspect", "-Ab3dEf6hIj9lMn2pQr5tUv8xYz1"], ["revoke", "--jti=--x"], ["revoke", "--jti", "-Ab3dEf6hIj9lMn2"]])
            (await shared.Cli.RunAsync(line)).ShouldEndWith(1);
        (await (shared.Cli with { Input = "--subjct\n" }).RunAsync("introspect", "-")).ShouldEndWith(1);
        (await shared.Cli.RunAsync("revoke", "--jti", "--x")).Error.ShouldContain("--jti=VALUE");
        (await shared.Cli.RunAsync("token", "show", "--raw")).Error.ShouldContain("stands behind '--'");
    }

    [Fact]
    public async Task A_long_word_may_be_a_token_and_is_not_shown_whole()
    {
        var token = "--Ab3dEf6hIj9lMn2pQr5tUv8xYz1cDe4gHj7kLm0n";

        var result = await Cli.Bare.RunAsync("introspect", token);

        result.ShouldEndWith(2);
        result.Error.ShouldNotContain(token);
    }

    [Theory]
    [InlineData("touchstone: 'revok' is no command of 'touchstone'. Did you mean revoke? See 'touchstone --help'.", "revok", "--subject", "alice")]
    [InlineData("touchstone: 'hxyz' is no command of 'touchstone'. See 'touchstone --help'.", "hxyz")]
    [InlineData("touchstone: 'lst' is no command of 'touchstone client'. Did you mean list? See 'touchstone client --help'.", "client", "lst")]
    public async Task A_command_that_does_not_exist_is_named(string error, params string[] line)
    {
        var result = await Cli.Bare.RunAsync(line);

        result.ShouldEndWith(2);
        result.Error.ShouldBe(error + "\n");
    }
}
