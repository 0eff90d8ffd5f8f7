using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone client …</c> against the real server.</summary>
public sealed class ClientCommandTests(SharedServer shared)
{
    private const string Audience = "https://orders.example.com";

    private ServerProcess Server => shared.Server;

    [Fact]
    public async Task Add_prints_the_registration_and_its_secret_once()
    {
        var id = SharedServer.Name("rs");

        var added = await shared.Cli.RunAsync("client", "add", id, "--kind", "resource-server", "--audience", Audience);

        added.ShouldEndWith(0);
        added.Output.ShouldContain(id);
        added.Output.ShouldContain("client_secret_basic");
        added.Error.ShouldContain("not shown again");
        var secret = added.Output.Split('\n').Single(line => line.StartsWith("client_secret ", StringComparison.Ordinal)).Split(' ')[^1];
        (await Server.OAuth.IntrospectAsync("unknown", new TestClient(id, secret))).Text.ShouldBe("""{"active":false}""");
        (await shared.Cli.RunAsync("client", "show", id)).Output.ShouldNotContain(secret);
    }

    [Fact]
    public async Task A10_Add_takes_every_option_and_the_server_holds_the_client_to_it()
    {
        var id = SharedServer.Name("app");

        var added = await shared.Cli.RunAsync(
            "client", "add", id, "--kind", "client", "--auth-method", "client_secret_basic", "--audience", Audience, "--audience", "https://bills.example.com",
            "--scope", "orders:read orders:write", "--scope", "bills:read", "--may-introspect", "--tenant", "acme", "--json");

        added.ShouldEndWith(0);
        added.Error.ShouldBeEmpty();
        var client = added.Json;
        client.GetProperty("client_id").GetString().ShouldBe(id);
        client.GetProperty("kind").GetString().ShouldBe("client");
        client.GetProperty("public").GetBoolean().ShouldBeFalse();
        Strings(client, "auth_methods").ShouldBe(["client_secret_basic"]);
        Strings(client, "audience").ShouldBe([Audience, "https://bills.example.com"]);
        client.GetProperty("scope").GetString().ShouldBe("orders:read orders:write bills:read");
        client.GetProperty("may_introspect").GetBoolean().ShouldBeTrue();
        client.GetProperty("tenant").GetString().ShouldBe("acme");

        var known = new TestClient(id, client.GetProperty("client_secret").GetString());
        var token = await Server.OAuth.TokenOfAsync(known, ("resource", "https://bills.example.com"), ("scope", "bills:read"));
        (await Server.OAuth.IntrospectAsync(token, known)).Json.GetProperty("scope").GetString().ShouldBe("bills:read");
        (await Server.OAuth.PostAsync("/oauth/introspect", null, ("token", token), ("client_id", id), ("client_secret", known.Secret!))).Status.ShouldBe(401);
    }

    [Fact]
    public async Task I13_I20_A_view_is_given_at_registration_and_changed_later_without_a_restart()
    {
        var id = SharedServer.Name("rs");
        var token = await Server.Admin.IssueAsync(new { client_id = "demo-app", sub = "dave", username = "dave@example.com", scope = "a b", aud = new[] { Audience, "https://other.example" }, claims = new { acr = "1", email = "e" } });

        var added = await shared.Cli.RunAsync("client", "add", id, "--kind", "resource-server", "--audience", Audience, "--scope", "b c", "--claim", "acr", "--sub", "pairwise", "--sector", "acme", "--aud", "own", "--json");
        added.ShouldEndWith(0);
        added.Json.GetProperty("view").GetRawText().ShouldBe("""{"scope":"b c","claims":["acr"],"sub":"pairwise","sector":"acme","aud":"own"}""");
        var caller = new TestClient(id, added.Json.GetProperty("client_secret").GetString());
        (await NamesAsync()).ShouldBe(["active", "iss", "sub", "client_id", "aud", "scope", "token_type", "iat", "exp", "acr"]);
        (await Server.OAuth.IntrospectAsync(token, caller)).Text.ShouldNotContain("dave");

        (await shared.Cli.RunAsync("client", "set-view", id, "--sub", "omitted", "--no-scopes")).ShouldEndWith(0);
        (await NamesAsync()).ShouldBe(["active", "iss", "client_id", "aud", "token_type", "iat", "exp"]);
        (await shared.Cli.RunAsync("client", "set-view", id, "--no-claims")).ShouldEndWith(0);
        (await NamesAsync()).ShouldBe(["active", "iss", "sub", "client_id", "aud", "scope", "token_type", "iat", "exp"]);
        (await shared.Cli.RunAsync("client", "set-view", id, "--everything", "--json")).Json.TryGetProperty("view", out _).ShouldBeFalse();
        (await NamesAsync()).ShouldContain("username");

        async Task<string[]> NamesAsync() => [.. (await Server.OAuth.IntrospectAsync(token, caller)).Json.EnumerateObject().Select(member => member.Name)];
    }

    [Fact]
    public async Task J09_How_signed_answers_are_made_is_registered_and_changed()
    {
        var id = SharedServer.Name("signed");
        using var folder = new TempFolder();
        using var key = System.Security.Cryptography.ECDiffieHellman.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        await File.WriteAllTextAsync(folder.File("keys.json"), System.Text.Json.JsonSerializer.Serialize(new { keys = new[] { Interop.OidcProvider.PublicOf(key) } }));
        var added = await shared.Cli.RunAsync("client", "add", id, "--kind", "resource-server", "--audience", Audience, "--response-signing", "ES256", "--json");
        added.ShouldEndWith(0);
        added.Json.GetProperty("introspection_signed_response_alg").GetString().ShouldBe("ES256");

        (await shared.Cli.RunAsync("client", "set-response", id)).ShouldEndWith(2);
        (await shared.Cli.RunAsync("client", "set-response", id, "--default", "--response-signing", "ES256")).ShouldEndWith(2);
        (await shared.Cli.RunAsync("client", "set-response", id, "--response-encryption", "RSA1_5")).ShouldEndWith(2);
        (await shared.Cli.RunAsync("client", "set-response", id, "--response-encryption", "ECDH-ES")).ExitCode.ShouldNotBe(0); // There is no key.
        var changed = await shared.Cli.RunAsync("client", "set-response", id, "--response-encryption", "ECDH-ES", "--response-content", "A256GCM", "--jwks", folder.File("keys.json"), "--json");
        changed.ShouldEndWith(0);
        changed.Json.GetProperty("introspection_encrypted_response_enc").GetString().ShouldBe("A256GCM");
        changed.Json.TryGetProperty("introspection_signed_response_alg", out _).ShouldBeFalse();
        (await shared.Cli.RunAsync("client", "set-response", id, "--default", "--json")).Json.TryGetProperty("introspection_encrypted_response_alg", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("client", "set-view", "demo-api")]
    [InlineData("client", "set-view", "demo-api", "--everything", "--sub", "omitted")]
    [InlineData("client", "set-view", "demo-api", "--scope", "a", "--no-scopes")]
    [InlineData("client", "set-view", "demo-api", "--claim", "a", "--no-claims")]
    [InlineData("client", "set-view", "demo-api", "--sub", "hidden")]
    [InlineData("client", "set-view", "demo-api", "--aud", "none")]
    public async Task A_view_that_can_not_be_meant_is_a_usage_error_and_changes_nothing(params string[] line)
    {
        (await shared.Cli.RunAsync(line)).ShouldEndWith(2);
        (await shared.Cli.RunAsync("client", "show", "demo-api", "--json")).Json.TryGetProperty("view", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task I09_A_public_client_has_no_secret_and_may_revoke_but_not_introspect()
    {
        var id = SharedServer.Name("spa");

        var added = await shared.Cli.RunAsync("client", "add", id, "--kind", "client", "--public", "--json");

        added.ShouldEndWith(0);
        added.Json.TryGetProperty("client_secret", out _).ShouldBeFalse();
        Strings(added.Json, "auth_methods").ShouldBe(["none"]);
        var token = await Server.Admin.IssueAsync(new { client_id = id, sub = "alice", aud = "https://api.demo.example" });
        (await Server.OAuth.IntrospectAsync(token, new TestClient(id, null))).Status.ShouldBe(401);
        (await Server.OAuth.RevokeAsync(token, new TestClient(id, null))).Status.ShouldBe(200);
        (await Server.OAuth.IsActiveAsync(token, Server.DemoResourceServer)).ShouldBeFalse();
    }

    [Fact]
    public async Task I08_May_introspect_false_takes_a_resource_server_s_right_away()
    {
        var id = SharedServer.Name("rs");

        var added = await shared.Cli.RunAsync("client", "add", id, "--kind", "resource-server", "--audience", Audience, "--may-introspect", "false", "--json");

        added.ShouldEndWith(0);
        var answer = await Server.OAuth.IntrospectAsync("unknown", new TestClient(id, added.Json.GetProperty("client_secret").GetString()));
        answer.Status.ShouldBe(403);
        answer.Json.GetProperty("error").GetString().ShouldBe("access_denied");
    }

    [Fact]
    public async Task Add_of_a_name_that_is_taken_is_a_conflict()
    {
        string[] line = ["client", "add", SharedServer.Name("app"), "--kind", "client"];
        (await shared.Cli.RunAsync(line)).ShouldEndWith(0);

        var again = await shared.Cli.RunAsync([.. line, "--json"]);

        again.ShouldEndWith(1);
        again.Output.ShouldBeEmpty();
        again.ErrorJson.GetProperty("error").GetString().ShouldBe("conflict");
        again.ErrorJson.GetProperty("status").GetInt32().ShouldBe(409);
    }

    [Fact]
    public async Task What_the_server_refuses_is_told_fault_by_fault()
    {
        string[] line = ["client", "add", SharedServer.Name("rs"), "--kind", "resource-server", "--audience", "not a uri", "--auth-method", "telepathy"];

        var human = await shared.Cli.RunAsync(line);
        human.ShouldEndWith(1);
        human.Error.ShouldContain("audience:");
        human.Error.ShouldContain("auth_methods:");

        var json = (await shared.Cli.RunAsync([.. line, "--json"])).ErrorJson;
        json.GetProperty("error").GetString().ShouldBe("invalid_request");
        json.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("member").GetString()).Order().ShouldBe(["audience", "auth_methods"]);
    }

    [Theory]
    [InlineData("client", "add", "no-kind")]
    [InlineData("client", "add", "odd-kind", "--kind", "toaster")]
    [InlineData("client", "add", "..", "--kind", "client")]
    [InlineData("client", "add", "--kind", "client")]
    [InlineData("client", "show", "")]
    [InlineData("client", "rotate-secret", "x", "--overlap", "soon")]
    [InlineData("client", "forget", "x")]
    [InlineData("client")]
    public async Task A_line_that_can_not_be_meant_is_a_usage_error(params string[] line)
    {
        var result = await shared.Cli.RunAsync(line);

        result.ShouldEndWith(2);
        result.Output.ShouldBeEmpty();
        result.ErrorLines.Length.ShouldBe(1);
    }

    [Fact]
    public async Task List_shows_every_client_also_beyond_one_page()
    {
        var prefix = SharedServer.Name("many");
        var ids = Enumerable.Range(0, 120).Select(i => $"{prefix}-{i:000}").ToArray();
        await Task.WhenAll(ids.Select(id => Server.Admin.AddClientAsync(new { client_id = id, kind = "client", @public = true })));

        var json = await shared.Cli.RunAsync("client", "list", "--json");
        json.ShouldEndWith(0);
        json.Json.GetProperty("next").ValueKind.ShouldBe(JsonValueKind.Null);
        var listed = json.Json.GetProperty("items").EnumerateArray().Select(client => client.GetProperty("client_id").GetString()!).ToArray();
        listed.Where(id => id.StartsWith(prefix + "-", StringComparison.Ordinal)).ShouldBe(ids);
        listed.ShouldBe(listed.Order(StringComparer.Ordinal));

        var table = await shared.Cli.RunAsync("client", "list");
        table.ShouldEndWith(0);
        foreach (var id in ids) table.Output.Split('\n').Count(line => line.StartsWith(id + " ", StringComparison.Ordinal)).ShouldBe(1, id);
        table.Output.ShouldContain("demo-api");
        table.Output.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task Show_of_an_unknown_client_is_refused()
    {
        var result = await shared.Cli.RunAsync("client", "show", "nobody-of-this-name", "--json");

        result.ShouldEndWith(1);
        result.ErrorJson.GetProperty("error").GetString().ShouldBe("not_found");
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("1h", true)]
    [InlineData("0", false)]
    public async Task Rotate_secret_lets_the_old_one_live_as_long_as_the_overlap(string? overlap, bool oldWorks)
    {
        var old = await Server.Admin.AddResourceServerAsync(SharedServer.Name("rs"), Audience);

        var rotated = await shared.Cli.RunAsync(["client", "rotate-secret", old.Id, .. overlap is null ? Array.Empty<string>() : ["--overlap", overlap], "--json"]);

        rotated.ShouldEndWith(0);
        var secret = rotated.Json.GetProperty("client_secret").GetString();
        secret.ShouldNotBe(old.Secret);
        rotated.Json.GetProperty("secrets").GetArrayLength().ShouldBe(oldWorks ? 2 : 1);
        (await Server.OAuth.IntrospectAsync("x", old with { Secret = secret })).Status.ShouldBe(200);
        (await Server.OAuth.IntrospectAsync("x", old)).Status.ShouldBe(oldWorks ? 200 : 401);
    }

    [Fact]
    public async Task L12_Disable_ends_the_client_and_its_tokens_and_enable_brings_no_token_back()
    {
        var client = await Server.Admin.AddClientAsync(SharedServer.Name("app"), "https://api.demo.example", "orders:read");
        var token = await Server.OAuth.TokenOfAsync(client);
        (await Server.OAuth.IsActiveAsync(token, Server.DemoResourceServer)).ShouldBeTrue();

        var disabled = await shared.Cli.RunAsync("client", "disable", client.Id, "--json");
        disabled.ShouldEndWith(0);
        disabled.Json.GetProperty("enabled").GetBoolean().ShouldBeFalse();
        (await Server.OAuth.IsActiveAsync(token, Server.DemoResourceServer)).ShouldBeFalse();
        (await Server.OAuth.GrantAsync(client)).Status.ShouldBe(401);
        (await shared.Cli.RunAsync("introspect", token)).ExitCode.ShouldBe(1);

        var enabled = await shared.Cli.RunAsync("client", "enable", client.Id);
        enabled.ShouldEndWith(0);
        (await Server.OAuth.IsActiveAsync(token, Server.DemoResourceServer)).ShouldBeFalse();
        var fresh = await Server.OAuth.TokenOfAsync(client);
        (await Server.OAuth.IsActiveAsync(fresh, Server.DemoResourceServer)).ShouldBeTrue();
    }

    [Fact]
    public async Task Names_that_need_escaping_in_a_path_reach_the_server_whole()
    {
        var id = SharedServer.Name("odd") + " name:with;signs&=+@";

        (await shared.Cli.RunAsync("client", "add", id, "--kind", "client", "--public")).ShouldEndWith(0);

        var shown = await shared.Cli.RunAsync("client", "show", id, "--json");
        shown.ShouldEndWith(0);
        shown.Json.GetProperty("client_id").GetString().ShouldBe(id);
    }

    private static IEnumerable<string?> Strings(JsonElement json, string member) => json.GetProperty(member).EnumerateArray().Select(item => item.GetString());
}
