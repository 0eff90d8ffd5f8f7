using System.Text.Json;

namespace Touchstone.Server.Tests.Admin;

public sealed class ClientsTests(Acme acme) : IClassFixture<Acme>
{
    private const string NotAdded = "The client was not added.";

    [Fact]
    public async Task A_resource_server_gets_the_defaults_of_its_kind_and_a_secret_once()
    {
        var answer = await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "rs-1", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        var json = answer.ShouldBeJson(201).Json;
        var secret = json.GetProperty("client_secret").GetString()!;
        secret.ShouldMatch("^tst_cs_[A-Za-z0-9_-]{43}$");
        json.GetRawText().ShouldBe(
            """{"client_id":"rs-1","kind":"resource-server","public":false,"auth_methods":["client_secret_basic","client_secret_post"],"audience":["https://orders.acme.test/"],"scope":"","may_introspect":true,"enabled":true,""" +
            $"\"created_at\":{acme.Time.Seconds},\"secrets\":[{{\"created_at\":{acme.Time.Seconds}}}],\"client_secret\":\"{secret}\",\"limits\":{{\"rate\":0}}}}");
        (await acme.Admin.GetAsync("/admin/clients/rs-1")).Text.ShouldNotContain("client_secret\"");
    }

    [Fact]
    public async Task A_client_gets_the_defaults_of_its_kind()
    {
        var json = (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "c-1", kind = "client", tenant = "north", scope = "a b", auth_methods = new[] { "client_secret_post" } })).ShouldBeJson(201).Json;
        json.GetProperty("may_introspect").GetBoolean().ShouldBeFalse();
        json.GetProperty("tenant").GetString().ShouldBe("north");
        json.GetProperty("scope").GetString().ShouldBe("a b");
        json.GetProperty("auth_methods").GetRawText().ShouldBe("[\"client_secret_post\"]");
    }

    [Fact]
    public async Task A_public_client_has_no_secret()
    {
        var json = (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "p-1", kind = "client", @public = true })).ShouldBeJson(201).Json;
        json.TryGetProperty("client_secret", out _).ShouldBeFalse();
        json.GetProperty("auth_methods").GetRawText().ShouldBe("[\"none\"]");
        json.GetProperty("secrets").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_409_and_changes_nothing()
    {
        var first = await acme.Admin.AddClientAsync(new { client_id = "twice", kind = "client", audience = new[] { Acme.OrdersApi } });
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "twice", kind = "resource-server", audience = new[] { Acme.OrdersApi } })).ShouldBeProblem(409, "There is a client twice already.");
        (await acme.OAuth.GrantAsync(first)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Of_many_that_take_a_name_at_once_one_wins()
    {
        await acme.Admin.TokenAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "race", kind = "client", audience = new[] { Acme.OrdersApi } })));
        answers.Count(answer => answer.Status == 201).ShouldBe(1);
        answers.Count(answer => answer.Status == 409).ShouldBe(19);
        var secret = answers.Single(answer => answer.Status == 201).Json.GetProperty("client_secret").GetString();
        (await acme.OAuth.GrantAsync(new TestClient("race", secret))).Status.ShouldBe(200);
    }

    public static TheoryData<string, string> Bad => new()
    {
        { """{"client_id":"","kind":"client"}""", "client_id" },
        { """{"client_id":"a/b","kind":"client"}""", "client_id" },
        { """{"client_id":"a%b","kind":"client"}""", "client_id" },
        { """{"client_id":"a?b","kind":"client"}""", "client_id" },
        { """{"client_id":" a","kind":"client"}""", "client_id" },
        { """{"client_id":"..","kind":"client"}""", "client_id" },
        { """{"client_id":"ä","kind":"client"}""", "client_id" },
        { """{"client_id":"a\u0000","kind":"client"}""", "client_id" },
        { $$"""{"client_id":"{{new string('a', 201)}}","kind":"client"}""", "client_id" },
        { """{"client_id":"x","kind":"Client"}""", "kind" },
        { """{"client_id":"x","kind":"admin"}""", "kind" },
        { """{"client_id":"x","kind":"resource-server","public":true,"audience":["https://a.test"],"may_introspect":false}""", "public" },
        { """{"client_id":"x","kind":"client","public":true,"may_introspect":true}""", "may_introspect" },
        { """{"client_id":"x","kind":"client","public":true,"auth_methods":["client_secret_basic"]}""", "auth_methods" },
        { """{"client_id":"x","kind":"client","auth_methods":["none"]}""", "auth_methods" },
        { """{"client_id":"x","kind":"client","auth_methods":["password"]}""", "auth_methods" },
        { """{"client_id":"x","kind":"client","audience":["relative"]}""", "audience" },
        { """{"client_id":"x","kind":"client","audience":["https://a.test/#f"]}""", "audience" },
        { """{"client_id":"x","kind":"client","audience":["/path"]}""", "audience" },
        { """{"client_id":"x","kind":"client","audience":["https://a.test/\u0001"]}""", "audience" },
        { """{"client_id":"x","kind":"client","audience":[""]}""", "audience" },
        { $$"""{"client_id":"x","kind":"client","audience":["https://a.test/{{new string('a', 2048)}}"]}""", "audience" },
        { """{"client_id":"x","kind":"resource-server"}""", "audience" },
        { """{"client_id":"x","kind":"client","scope":"a  b"}""", "scope" },
        { """{"client_id":"x","kind":"client","scope":"\"a\""}""", "scope" },
        { """{"client_id":"x","kind":"client","tenant":""}""", "tenant" },
        { """{"client_id":"x","kind":"client","tenant":"a\nb"}""", "tenant" },
    };

    [Theory, MemberData(nameof(Bad))]
    public async Task What_a_registration_may_not_be_is_400_and_names_the_member(string body, string member)
    {
        (await acme.Admin.PostAsync(AdminCalls.Clients, body)).ShouldBeProblem(400, NotAdded).Faults().ShouldBe([member]);
        (await acme.Admin.GetAsync("/admin/clients/x")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once()
    {
        var problem = (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "/", kind = "x", scope = "\"", tenant = "", audience = new[] { "a", "b" } })).ShouldBeProblem(400, NotAdded);
        problem.Faults().ShouldBe(["client_id", "kind", "audience", "audience", "scope", "tenant"]);
    }

    [Fact]
    public async Task Too_many_audiences_are_refused()
    {
        var audience = Enumerable.Range(0, 65).Select(i => $"https://a{i}.test").ToArray();
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "x", kind = "client", audience })).ShouldBeProblem(400, NotAdded).Faults().ShouldBe(["audience"]);
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "many", kind = "client", audience = audience[..64] })).Status.ShouldBe(201);
    }

    [Theory]
    [InlineData("client with spaces")]
    [InlineData("a:b;c=d,e@f!$&'()*+~")]
    [InlineData("...")]
    [InlineData("disable")]
    [InlineData("\"<>^`{|}[]")]
    public async Task Any_printable_name_can_be_shown_changed_and_used(string id)
    {
        var client = await acme.Admin.AddClientAsync(new { client_id = id, kind = "client", audience = new[] { Acme.OrdersApi } });
        var path = Uri.EscapeDataString(id);
        (await acme.Admin.GetAsync("/admin/clients/" + path)).ShouldBeJson(200).Json.GetProperty("client_id").GetString().ShouldBe(id);
        var rotated = (await acme.Admin.ChangeAsync(path, "rotate-secret")).GetProperty("client_secret").GetString();
        (await acme.OAuth.GrantAsync(client)).Status.ShouldBe(200);
        (await acme.OAuth.GrantAsync(client with { Secret = rotated })).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "/disable")]
    [InlineData("POST", "/enable")]
    [InlineData("POST", "/rotate-secret")]
    public async Task An_unknown_client_is_404(string method, string action)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/admin/clients/nob%C3%B6dy" + action);
        (await acme.Admin.SendAsync(request)).ShouldBeProblem(404, "There is no client nobödy.");
    }

    [Fact]
    public async Task Disabling_and_enabling_twice_is_as_good_as_once()
    {
        var client = await acme.Admin.AddClientAsync(new { client_id = "idem", kind = "client", audience = new[] { Acme.OrdersApi } });
        var seq = await SeqAsync();
        (await acme.Admin.ChangeAsync(client.Id, "enable")).GetProperty("enabled").GetBoolean().ShouldBeTrue();
        (await SeqAsync()).ShouldBe(seq);
        for (var i = 0; i < 2; i++) (await acme.Admin.ChangeAsync(client.Id, "disable")).GetProperty("enabled").GetBoolean().ShouldBeFalse();
        (await SeqAsync()).ShouldBe(seq + 1);
        for (var i = 0; i < 2; i++) (await acme.Admin.ChangeAsync(client.Id, "enable")).GetProperty("enabled").GetBoolean().ShouldBeTrue();
        (await SeqAsync()).ShouldBe(seq + 2);

        async Task<long> SeqAsync() => (await acme.Admin.LookUpAsync(await acme.TokenAsync())).GetProperty("record").GetProperty("born").GetInt64();
    }

    [Fact]
    public async Task N01_Disabling_ends_tokens_that_others_issued_for_the_client_too_and_no_new_ones_are_made()
    {
        await acme.Admin.AddClientAsync(new { client_id = "ended", kind = "client", audience = new[] { Acme.OrdersApi } });
        var token = await acme.TokenAsync(new { client_id = "ended", sub = "u-1", aud = Acme.OrdersApi });
        await acme.Admin.ChangeAsync("ended", "disable");
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        (await acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "ended" })).ShouldBeProblem(400).Faults().ShouldBe(["client_id"]);
        (await acme.Admin.LookUpAsync(token)).GetProperty("reason").GetString().ShouldBe("revoked");
    }

    [Fact]
    public async Task L12_Disabling_the_administrator_takes_its_tokens_with_it()
    {
        await using var server = await TestServer.StartAsync();
        await server.Admin.ChangeAsync("admin", "disable");
        (await server.Admin.GetAsync("/admin/clients")).ShouldBeProblem(401);
        (await server.OAuth.GrantAsync(server.AdminClient, ("scope", "touchstone:admin"))).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task Changes_survive_a_restart()
    {
        using var folder = new TempFolder();
        TestClient kept;
        string first;
        await using (var server = await TestServer.StartAsync(data: folder.Path))
        {
            kept = await server.Admin.AddClientAsync(new { client_id = "kept", kind = "client", audience = new[] { Acme.OrdersApi }, tenant = "t", scope = "a b", may_introspect = true });
            await server.Admin.AddClientAsync(new { client_id = "off", kind = "client" });
            await server.Admin.ChangeAsync("off", "disable");
            first = (await server.Admin.GetAsync("/admin/clients")).Text;
        }
        await using (var server = await TestServer.StartAsync(data: folder.Path))
        {
            (await server.Admin.GetAsync("/admin/clients")).Text.ShouldBe(first);
            (await server.OAuth.GrantAsync(kept)).Status.ShouldBe(200);
        }
    }

    internal static string[] Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("client_id").GetString()!)];
}
