namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary>What is wrong is said so that it can be mended.</summary>
public sealed class MessageTests(SharedServer shared)
{
    [Theory]
    [InlineData("--kind takes resource-server or client. See 'touchstone client add --help'.", "client", "add", "x", "--kind", "server")]
    [InlineData("--alg takes ES256 or RS256. See 'touchstone keys rotate --help'.", "keys", "rotate", "--alg", "PS256")]
    [InlineData("--access-token-format takes opaque or jwt. See 'touchstone client set-grants --help'.", "client", "set-grants", "x", "--access-token-format", "xml")]
    [InlineData("--access-token-signing-alg takes ES256 or RS256. See 'touchstone client set-grants --help'.", "client", "set-grants", "x", "--access-token-signing-alg", "none")]
    [InlineData("--lifetime takes at most 36600d. See 'touchstone token issue --help'.", "token", "issue", "--client", "x", "--lifetime", "40000d")]
    [InlineData("--lifetime takes a duration such as 90s, 30m, 1h or 7d. See 'touchstone token issue --help'.", "token", "issue", "--client", "x", "--lifetime", "1.5h")]
    [InlineData("--default and how its answers are made (--response-signing, --response-encryption, --response-content) exclude each other: give one of the two", "client", "set-response", "x", "--default", "--response-signing", "ES256")]
    [InlineData("--no-exchange and the options of a policy of exchange exclude each other: give one of the two", "client", "set-grants", "x", "--no-exchange", "--exchange-delegation")]
    [InlineData("--no-authorization-details and --authorization-details-type exclude each other: give one of the two", "client", "set-grants", "x", "--no-authorization-details", "--authorization-details-type", "payment")]
    [InlineData("--default and all else that changes grants exclude each other: give one of the two", "client", "set-grants", "x", "--default", "--dpop-bound")]
    public async Task It_names_the_option_and_ends_as_a_sentence(string error, params string[] line)
    {
        var result = await Cli.Bare.RunAsync(line);

        result.ShouldEndWith(2);
        result.Error.ShouldBe($"touchstone: {error}\n");
    }

    [Fact]
    public async Task A_secret_in_the_wrong_place_is_not_repeated()
    {
        var result = await Cli.Bare.RunAsync("client", "add", "x", "--kind", "client", "--secret", "correct-horse");

        result.ShouldEndWith(2);
        result.Error.ShouldBe("touchstone: --secret takes only '-'. See 'touchstone client add --help'.\n");
    }

    [Fact]
    public async Task PEM_in_place_of_a_key_set_is_told_of()
    {
        var file = Path.Combine(shared.Server.Folder, SharedServer.Name("keys") + ".pem");
        await File.WriteAllTextAsync(file, "\n-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n", TestContext.Current.CancellationToken);

        var result = await shared.Cli.RunAsync("client", "set-keys", "demo-app", "--jwks", file);

        result.ShouldEndWith(2);
        result.Error.ShouldContain("this is PEM; a JSON Web Key Set is needed");
    }

    [Fact]
    public async Task A_folder_in_place_of_a_file_and_a_slash_in_a_name_are_told_as_they_are()
    {
        var keys = await shared.Cli.RunAsync("client", "set-keys", "demo-app", "--jwks", shared.Server.Folder);
        keys.ShouldEndWith(2);
        keys.Error.ShouldBe($"touchstone: --jwks {shared.Server.Folder} is a directory: name a file\n");

        var client = await shared.Cli.RunAsync("client", "set-grants", "a/b", "--dpop-bound");
        client.ShouldEndWith(1);
        client.Error.ShouldContain("There is no client a/b.");

        var token = await shared.Cli.RunAsync("token", "issue", "--client", "demo-app", "--lifetime", "0s");
        token.ShouldEndWith(1);
        token.Error.ShouldContain("expires_in: must be above 0");
        token.Error.ShouldNotContain("iat");
    }

    [Fact]
    public async Task A_fault_of_no_member_has_no_empty_name_before_it()
    {
        var id = SharedServer.Name("jwt");
        (await shared.Cli.RunAsync("client", "add", id, "--kind", "client", "--access-token-format", "jwt")).ShouldEndWith(0);

        var result = await shared.Cli.RunAsync("token", "issue", "--client", id, "--subject", "alice");

        result.ShouldEndWith(1);
        result.Error.ShouldStartWith("touchstone: No token was added. (");
        result.Error.ShouldNotContain("(:");
    }

    [Fact]
    public async Task Errors_as_JSON_escape_no_more_than_is_needed()
    {
        (await Cli.Bare.RunAsync("lst", "--json")).Error.ShouldBe("""{"error":"usage","detail":"'lst' is no command of 'touchstone'. See 'touchstone --help'."}""" + "\n");
        // What would reverse a line of the terminal is escaped all the same.
        var marked = await Cli.Bare.RunAsync("client", "list", "a\u202eb", "--json");
        marked.Error.ShouldNotContain("\u202e");
        marked.ErrorJson.GetProperty("detail").GetString()!.ShouldContain("a\u202eb");
    }
}
