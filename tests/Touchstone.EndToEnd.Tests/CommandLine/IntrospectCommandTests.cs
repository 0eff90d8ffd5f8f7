namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone introspect</c> and <c>revoke</c> against the real server: exit codes that scripts can rely on.</summary>
public sealed class IntrospectCommandTests(SharedServer shared)
{
    private const string Inactive = "{\"active\":false}\n";

    private Task<string> TokenAsync() => shared.Server.Admin.IssueAsync(new { client_id = "demo-app", sub = "carol", aud = "https://api.demo.example" });

    [Fact]
    public async Task An_active_token_is_0_and_a_revoked_one_is_1()
    {
        var token = await TokenAsync();

        var before = await shared.Cli.RunAsync("introspect", token, "--json");
        before.ShouldEndWith(0);
        before.Json.GetProperty("sub").GetString().ShouldBe("carol");
        var human = await shared.Cli.RunAsync("introspect", token);
        human.ShouldEndWith(0);
        human.Output.ShouldMatch("^active +true\n");

        var revoked = await shared.Cli.RunAsync("revoke", token, "--json");
        revoked.ShouldEndWith(0);
        revoked.Json.GetProperty("status").GetString().ShouldBe("revoked");
        revoked.Json.GetProperty("seq").GetInt64().ShouldBeGreaterThan(0);

        var after = await shared.Cli.RunAsync("introspect", token, "--json");
        after.ShouldEndWith(1);
        after.Output.ShouldBe(Inactive);
        after.Error.ShouldBeEmpty();
        (await shared.Cli.RunAsync("introspect", token)).Output.ShouldMatch("^active +false\n$");
    }

    [Fact]
    public async Task Tokens_come_by_hash_and_from_standard_input_too()
    {
        var issued = (await shared.Server.Admin.PostAsync("/admin/tokens", new { client_id = "demo-app" })).Json;
        var (token, hash) = (issued.GetProperty("token").GetString()!, issued.GetProperty("token_sha256").GetString()!);
        var fromInput = shared.Cli with { Input = token + "\nanother line\n" };

        (await shared.Cli.RunAsync("introspect", hash)).ShouldEndWith(0);
        (await fromInput.RunAsync("introspect", "-")).ShouldEndWith(0);
        (await fromInput.RunAsync("revoke", "-")).ShouldEndWith(0);
        (await fromInput.RunAsync("introspect", "-")).ShouldEndWith(1);
        (await shared.Cli.RunAsync("introspect", hash)).ShouldEndWith(1);
    }

    [Fact]
    public async Task Revoke_by_hash_again_and_of_an_unknown_token()
    {
        var issued = (await shared.Server.Admin.PostAsync("/admin/tokens", new { client_id = "demo-app" })).Json;
        var hash = issued.GetProperty("token_sha256").GetString()!;

        (await shared.Cli.RunAsync("revoke", hash, "--json")).Json.GetProperty("status").GetString().ShouldBe("revoked");
        var again = await shared.Cli.RunAsync("revoke", hash, "--json");
        again.ShouldEndWith(0);
        again.Json.GetProperty("status").GetString().ShouldBe("already_revoked");

        var unknown = await shared.Cli.RunAsync("revoke", "never-issued-" + hash, "--json");
        unknown.ShouldEndWith(1);
        unknown.Json.GetProperty("status").GetString().ShouldBe("unknown");
    }

    [Fact]
    public async Task I42_As_a_caller_the_answer_is_what_that_caller_sees()
    {
        var token = await TokenAsync();
        var stranger = await shared.Server.Admin.AddResourceServerAsync(SharedServer.Name("rs"), "https://stranger.example");
        var own = shared.Server.DemoResourceServer;

        (await shared.Cli.RunAsync("introspect", token, "--as", own.Id, "--secret", own.Secret!, "--json")).ShouldEndWith(0);
        (await shared.Cli.With("TOUCHSTONE_SECRET", own.Secret).RunAsync("introspect", token, "--as", own.Id)).ShouldEndWith(0);
        (await (shared.Cli with { Input = $"{token}\n{own.Secret}\n" }).RunAsync("introspect", "-", "--as", own.Id, "--secret", "-")).ShouldEndWith(0);
        (await (shared.Cli with { Input = own.Secret! }).RunAsync("introspect", token, "--as", own.Id, "--secret", "-")).ShouldEndWith(0);

        var foreign = await shared.Cli.RunAsync("introspect", token, "--as", stranger.Id, "--secret", stranger.Secret!, "--json");
        foreign.ShouldEndWith(1);
        foreign.Output.ShouldBe(Inactive);
    }

    [Fact]
    public async Task As_a_caller_no_administrator_is_needed_and_a_wrong_secret_is_refused()
    {
        var token = await TokenAsync();
        var own = shared.Server.DemoResourceServer;
        using var empty = new TempFolder();
        var cli = Cli.Bare with { Before = ["--server", shared.Server.Address.GetLeftPart(UriPartial.Authority), "--data", empty.Path] };

        (await cli.RunAsync("introspect", token, "--as", own.Id, "--secret", own.Secret!)).ShouldEndWith(0);
        (await cli.RunAsync("introspect", token, "--as", own.Id, "--secret", own.Secret!, "--explain")).ShouldEndWith(2);
        (await cli.RunAsync("introspect", token, "--as", own.Id, "--explain")).ShouldEndWith(2);

        var refused = await cli.RunAsync("introspect", token, "--as", own.Id, "--secret", "wrong", "--json");
        refused.ShouldEndWith(1);
        refused.Output.ShouldBeEmpty();
        refused.ErrorJson.GetProperty("error").GetString().ShouldBe("invalid_client");
        refused.ErrorJson.TryGetProperty("error_description", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task Whom_a_revocation_names_and_when_it_was_are_told_readably()
    {
        var subject = SharedServer.Name("dave");
        var token = await shared.Server.Admin.IssueAsync(new { client_id = "demo-app", sub = subject, aud = "https://api.demo.example" });
        var seq = (await shared.Cli.RunAsync("revoke", "--subject", subject, "--json")).Json.GetProperty("seq").GetRawText();

        (await shared.Cli.RunAsync("introspect", token, "--explain")).Output.ShouldMatch($"selector +subject {subject} of http://");
        (await shared.Cli.RunAsync("impact", seq)).Output.ShouldMatch("(?m)^at +20[0-9-]+T[0-9:]+Z \\(");
    }

    [Fact]
    public async Task Explain_adds_the_reason_the_record_and_the_revocation()
    {
        var token = await TokenAsync();
        var own = shared.Server.DemoResourceServer;
        (await shared.Cli.RunAsync("introspect", token, "--explain")).Output.ShouldContain("record");
        (await shared.Cli.RunAsync("revoke", token)).ShouldEndWith(0);

        var json = await shared.Cli.RunAsync("introspect", token, "--explain", "--json");
        json.ShouldEndWith(1);
        json.Json.GetProperty("response").GetRawText().ShouldBe("{\"active\":false}");
        json.Json.GetProperty("reason").GetString().ShouldBe("revoked");
        json.Json.GetProperty("record").GetProperty("sub").GetString().ShouldBe("carol");
        json.Json.TryGetProperty("revocation", out _).ShouldBeTrue();

        var both = await shared.Cli.RunAsync("introspect", token, "--as", own.Id, "--secret", own.Secret!, "--explain", "--json");
        both.ShouldEndWith(1);
        both.Json.GetProperty("response").GetRawText().ShouldBe("{\"active\":false}");
        both.Json.GetProperty("lookup").GetProperty("reason").GetString().ShouldBe("revoked");

        var human = await shared.Cli.RunAsync("introspect", token, "--explain");
        human.Output.ShouldContain("reason  revoked");
        human.Output.ShouldContain("revocation");
    }

    [Fact]
    public async Task I13_Explain_as_a_caller_needs_no_secret_and_says_what_it_sees_and_what_is_hidden_from_it()
    {
        var id = SharedServer.Name("rs");
        var token = await TokenAsync();
        (await shared.Cli.RunAsync("client", "add", id, "--kind", "resource-server", "--audience", "https://api.demo.example", "--sub", "omitted", "--scope", "none")).ShouldEndWith(0);

        var json = await shared.Cli.RunAsync("introspect", token, "--explain", "--as", id, "--json");
        json.ShouldEndWith(0);
        json.Json.GetProperty("response").TryGetProperty("sub", out _).ShouldBeFalse();
        json.Json.GetProperty("record").GetProperty("sub").GetString().ShouldBe("carol");
        json.Json.GetProperty("hidden").GetProperty("members").EnumerateArray().Select(member => member.GetString()).ShouldContain("sub");

        var human = await shared.Cli.RunAsync("introspect", token, "--explain", "--as", id);
        human.Output.ShouldMatch("(?s)reason  active.*\nrecord\n.*\ncaller\n.*\nview\n.*\nhidden\n");

        await shared.Server.Admin.AddResourceServerAsync(id + "-other", "https://stranger.example");
        var foreign = await shared.Cli.RunAsync("introspect", token, "--explain", "--as", id + "-other");
        foreign.ShouldEndWith(1);
        foreign.Output.ShouldContain("reason  not_for_caller");
        foreign.Output.ShouldContain("None of the token's audiences is an identifier of this resource server.");
        (await shared.Cli.RunAsync("introspect", token, "--explain", "--as", "nobody")).ShouldEndWith(1);
    }

    [Theory]
    [InlineData("introspect")]
    [InlineData("introspect", "-")]
    [InlineData("introspect", "")]
    [InlineData("introspect", "a-token", "--secret", "x")]
    [InlineData("introspect", "a-token", "--as", "demo-api")]
    [InlineData("introspect", "-", "--as", "demo-api", "--secret", "-")]
    [InlineData("introspect", "two", "tokens")]
    [InlineData("revoke")]
    [InlineData("revoke", "-")]
    public async Task A_line_that_can_not_be_meant_is_a_usage_error(params string[] line)
    {
        var result = await shared.Cli.RunAsync(line);

        result.ShouldEndWith(2);
        result.Output.ShouldBeEmpty();
        result.ErrorLines.Length.ShouldBe(1);
        (await shared.Cli.RunAsync([.. line, "--json"])).ErrorJson.GetProperty("error").GetString().ShouldBe("usage");
    }

    [Fact]
    public async Task A_line_of_standard_input_beyond_8_KiB_is_refused()
    {
        var result = await (shared.Cli with { Input = new string('x', 9000) }).RunAsync("introspect", "-");

        result.ShouldEndWith(2);
        result.Error.ShouldContain("8 KiB");
    }

    [Fact]
    public async Task L10_A_mistyped_token_is_inactive_in_every_way_of_asking()
    {
        var token = await TokenAsync();
        var mistyped = token[..^1] + (token[^1] == 'a' ? 'b' : 'a');

        (await shared.Cli.RunAsync("introspect", mistyped)).ShouldEndWith(1);
        (await shared.Cli.RunAsync("introspect", token[..^1])).ShouldEndWith(1);
        (await shared.Cli.RunAsync("introspect", token + "x")).ShouldEndWith(1);
        (await shared.Cli.RunAsync("introspect", token)).ShouldEndWith(0);
    }
}
