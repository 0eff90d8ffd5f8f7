using System.Text.Json;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Admin;

/// <summary>Disabling a subject ends what it has and refuses what it would get; enabling revives nothing.</summary>
public sealed class SubjectsTests(Acme acme) : IClassFixture<Acme>
{
    private const string Disable = "/admin/subjects/disable", Enable = "/admin/subjects/enable", List = "/admin/subjects";

    [Theory]
    [InlineData("u-disabled")]
    [InlineData("a/b ?&%#\"'\\ é 😀")]
    public async Task L12_All_tokens_of_a_disabled_subject_are_inactive_at_once_and_it_gets_no_other(string sub)
    {
        var access = await acme.Admin.IssueAsync(new { client_id = "web-shop", sub, aud = Acme.OrdersApi });
        var other = await acme.Admin.IssueAsync(new { client_id = "warehouse", sub, aud = Acme.BillingApi });
        var refresh = await acme.Admin.IssueAsync(new { client_id = "web-shop", sub, kind = "refresh_token" });
        var spared = await acme.TokenAsync();
        (await acme.OAuth.IntrospectAsync(access, acme.Orders)).ShouldBeActive();

        var answer = (await acme.Admin.PostAsync(Disable, new { sub, reason = "left" })).ShouldBeJson(200).Json;
        answer.EnumerateObject().Select(member => member.Name).ShouldBe(["sub", "iss", "enabled", "disabled_at", "actor", "reason"]);
        answer.GetProperty("sub").GetString().ShouldBe(sub);
        answer.GetProperty("enabled").GetBoolean().ShouldBeFalse();
        foreach (var (token, caller) in ((string, TestClient)[])[(access, acme.Orders), (other, acme.Billing), (refresh, acme.Shop)]) (await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(spared, acme.Orders)).ShouldBeActive();
        (await acme.Admin.LookUpAsync(access)).GetProperty("revocation").GetProperty("reason").GetString().ShouldBe("left");

        var refused = (await acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "web-shop", sub })).ShouldBeProblem(400);
        refused.Faults().ShouldBe(["sub"]);
        refused.GetProperty("errors")[0].GetProperty("detail").GetString().ShouldBe("this subject is disabled");

        (await acme.Admin.PostAsync(Enable, new { sub })).ShouldBeJson(200).Json.GetProperty("enabled").GetBoolean().ShouldBeTrue();
        (await acme.OAuth.IntrospectAsync(access, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(await acme.Admin.IssueAsync(new { client_id = "web-shop", sub, aud = Acme.OrdersApi }), acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task L12_A_subject_belongs_to_its_issuer()
    {
        var foreign = new { token = "at.of-the-other-issuer", iss = "https://other.acme.test", client_id = "x", sub = "u-two", aud = Acme.OrdersApi, expires_in = 60 };
        await acme.Admin.IssueAsync(foreign);
        await acme.Admin.PostAsync(Disable, new { sub = "u-two" });
        (await acme.OAuth.IntrospectAsync(foreign.token, acme.Orders)).ShouldBeActive();
        await acme.Admin.PostAsync(Disable, new { sub = "u-two", iss = foreign.iss });
        (await acme.OAuth.IntrospectAsync(foreign.token, acme.Orders)).ShouldBeInactive();
        (await acme.Admin.PostAsync(AdminCalls.Tokens, foreign with { token = "at.another" })).ShouldBeProblem(400).Faults().ShouldBe(["sub"]);
        await acme.Admin.PostAsync(Enable, new { sub = "u-two", iss = foreign.iss });
        (await acme.Admin.PostAsync(AdminCalls.Tokens, foreign with { token = "at.another" })).Status.ShouldBe(201);
        (await acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "web-shop", sub = "u-two" })).Status.ShouldBe(400);
    }

    [Fact]
    public async Task L12_A_client_is_its_own_subject_where_it_asks_for_itself()
    {
        var client = await acme.Admin.AddClientAsync(new { client_id = "robot", kind = "client", audience = new[] { Acme.OrdersApi } });
        var token = await acme.OAuth.TokenOfAsync(client);
        await acme.Admin.PostAsync(Disable, new { sub = client.Id });
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.GrantAsync(client)).ShouldBeError(400, "unauthorized_client", "The subject of this client is disabled.");
        await acme.Admin.PostAsync(Enable, new { sub = client.Id });
        (await acme.OAuth.IntrospectAsync(await acme.OAuth.TokenOfAsync(client), acme.Orders)).ShouldBeActive();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task L12_One_disabled_subject_in_an_array_refuses_all_of_it()
    {
        await acme.Admin.PostAsync(Disable, new { sub = "u-array" });
        object[] items = [new { client_id = "web-shop", sub = "u-other" }, new { client_id = "web-shop", sub = "u-array" }];
        (await acme.Admin.PostAsync(AdminCalls.Tokens, items)).ShouldBeProblem(400, "No token was added.").Faults().ShouldBe(["1.sub"]);
    }

    [Fact]
    public async Task Twice_is_as_good_as_once_and_writes_one_row()
    {
        var first = (await acme.Admin.PostAsync(Disable, new { sub = "u-twice", reason = "first" })).Json;
        var cursor = await CursorAsync();
        acme.Time.AdvanceSeconds(5);
        var second = (await acme.Admin.PostAsync(Disable, new { sub = "u-twice", reason = "second" })).Json;
        second.GetRawText().ShouldBe(first.GetRawText());
        foreach (var _ in (bool[])[true, false]) (await acme.Admin.PostAsync(Enable, new { sub = "u-twice" })).ShouldBeJson(200);
        (await CursorAsync()).ShouldBe(cursor, "enabling writes no row");
    }

    [Fact]
    public async Task The_list_has_the_disabled_ones_page_by_page()
    {
        string[] names = ["list-a", "list-b/ ?", "list-c"];
        foreach (var sub in names.Reverse()) await acme.Admin.PostAsync(Disable, new { sub, iss = "https://z-list.test" });
        await acme.Admin.PostAsync(Disable, new { sub = "list-d", iss = "https://z-list.test" });
        await acme.Admin.PostAsync(Enable, new { sub = "list-d", iss = "https://z-list.test" });

        var found = new List<JsonElement>();
        string? next = null;
        do
        {
            var page = (await acme.Admin.GetAsync($"{List}?limit=2{(next is null ? "" : "&after=" + Uri.EscapeDataString(next))}")).ShouldBeJson(200).Json;
            page.GetProperty("items").GetArrayLength().ShouldBeInRange(1, 2);
            found.AddRange(page.GetProperty("items").EnumerateArray());
            next = page.GetProperty("next").GetString();
        }
        while (next is not null);
        found.Where(item => item.GetProperty("iss").GetString() == "https://z-list.test").Select(item => item.GetProperty("sub").GetString()).ShouldBe(names);
        found.ShouldAllBe(item => !item.GetProperty("enabled").GetBoolean() && item.GetProperty("actor").GetString() == "admin");
        (await acme.Admin.GetAsync(List + "?limit=0")).ShouldBeProblem(400);
        (await acme.Admin.GetAsync(List + "?after=x")).ShouldBeProblem(400);
    }

    [Theory]
    [InlineData("{}", "sub")]
    [InlineData("""{"sub":""}""", "sub")]
    [InlineData("""{"sub":"a\u0000"}""", "sub")]
    [InlineData("""{"sub":"a","iss":"nowhere"}""", "iss")]
    [InlineData("""{"sub":"a","reason":""}""", "reason")]
    [InlineData("""{"sub":"a","subject":"b"}""", "subject")]
    [InlineData("""{"sub":"a","sub":"b"}""", null)]
    public async Task What_names_no_subject_changes_nothing(string body, string? member)
    {
        foreach (var path in (string[])[Disable, Enable])
        {
            var problem = (await acme.Admin.PostAsync(path, body)).ShouldBeProblem(400);
            if (member is not null && body != "{}") problem.Faults().ShouldBe([member]);
        }
    }

    [Fact]
    public async Task L04_A_disabled_subject_stays_so_over_a_restart()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        string token;
        await using (var first = await TestServer.StartAsync(data: folder.Path, time: time))
        {
            await first.Admin.AddClientAsync(new { client_id = "web", kind = "client", audience = new[] { Acme.OrdersApi } });
            token = await first.Admin.IssueAsync(new { client_id = "web", sub = "alice", aud = Acme.OrdersApi });
            await first.Admin.PostAsync(Disable, new { sub = "alice" });
        }
        await using var second = await TestServer.StartAsync(data: folder.Path, time: time);
        (await second.Admin.LookUpAsync(token)).GetProperty("reason").GetString().ShouldBe("revoked");
        (await second.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "web", sub = "alice" })).Status.ShouldBe(400);
        (await second.Admin.GetAsync(List)).Json.GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task L12_A_token_that_was_judged_before_its_subject_was_disabled_is_dead_though_it_is_written_later()
    {
        var (server, store) = await ProbedStore.StartAsync();
        await using var running = server;
        await server.Admin.AddClientAsync(new { client_id = "web", kind = "client" });
        var (isWriting, goOn) = store.HoldNextWrite();
        var issuing = server.Admin.IssueAsync(new { client_id = "web", sub = "alice" });
        await isWriting;
        await server.Admin.PostAsync(Disable, new { sub = "alice" });
        await server.Admin.PostAsync(Enable, new { sub = "alice" });
        goOn.SetResult();
        (await server.Admin.LookUpAsync(await issuing)).GetProperty("reason").GetString().ShouldBe("revoked");
    }

    private async Task<string?> CursorAsync() => (await acme.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
}
