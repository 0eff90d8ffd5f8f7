using Touchstone.Server.Audit;

namespace Touchstone.Server.Tests.Admin;

/// <summary>What a view may be, at registration and later.</summary>
public sealed class ViewRegistrationTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task A_view_is_shown_as_it_was_given()
    {
        const string View = """{"scope":"a b","claims":["acr"],"sub":"pairwise","sector":"acme","aud":"own"}""";
        var added = await acme.Admin.PostAsync(AdminCalls.Clients, $$"""{"client_id":"seen","kind":"resource-server","audience":["https://orders.acme.test/"],"view":{{View}}}""");
        added.Status.ShouldBe(201, added.ToString());
        added.Json.GetProperty("view").GetRawText().ShouldBe(View);
        (await acme.Admin.GetAsync("/admin/clients/seen")).Json.GetProperty("view").GetRawText().ShouldBe(View);
        (await acme.Admin.GetAsync("/admin/clients/rs-orders")).Json.TryGetProperty("view", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_view_takes_the_place_of_the_whole_one_before()
    {
        await acme.Admin.AddClientAsync(new { client_id = "replaced", kind = "resource-server", audience = new[] { Acme.OrdersApi }, view = new { scope = "a", sub = "omitted" } });
        (await acme.Admin.ChangeAsync("replaced", "view", new { aud = "own" })).GetProperty("view").GetRawText().ShouldBe("""{"sub":"as-is","aud":"own"}""");
        (await acme.Admin.ChangeAsync("replaced", "view", new { sub = "as-is", aud = "all" })).TryGetProperty("view", out _).ShouldBeFalse();
    }

    public static TheoryData<string, string> Bad => new()
    {
        { """{"scope":"a  b"}""", "view.scope" }, { """{"scope":"a\""}""", "view.scope" },
        { """{"claims":["sub"]}""", "view.claims" }, { """{"claims":["scope"]}""", "view.claims" }, { """{"claims":["aud"]}""", "view.claims" },
        { """{"claims":[""]}""", "view.claims" }, { """{"claims":["a\n"]}""", "view.claims" }, { $$"""{"claims":[{{string.Join(',', Enumerable.Repeat("\"a\"", 65))}}]}""", "view.claims" },
        { """{"claims":["username"],"sub":"omitted"}""", "view.claims" }, { """{"claims":["username"],"sub":"pairwise"}""", "view.claims" },
        { """{"sub":"Pairwise"}""", "view.sub" }, { """{"sub":""}""", "view.sub" }, { """{"aud":"none"}""", "view.aud" },
        { """{"sector":"x"}""", "view.sector" }, { """{"sector":"x","sub":"omitted"}""", "view.sector" }, { """{"sector":"","sub":"pairwise"}""", "view.sector" },
    };

    [Theory, MemberData(nameof(Bad))]
    public async Task What_a_view_may_not_be_is_said_and_changes_nothing(string view, string fault)
    {
        (await acme.Admin.PostAsync(AdminCalls.Clients, $$"""{"client_id":"bad-view","kind":"resource-server","audience":["https://orders.acme.test/"],"view":{{view}}}""")).ShouldBeProblem(400).Faults().ShouldBe([fault]);
        (await acme.Admin.PostAsync("/admin/clients/rs-orders/view", view)).ShouldBeProblem(400, "The view was not changed.").Faults().ShouldBe([fault]);
        (await acme.Admin.GetAsync("/admin/clients/rs-orders")).Json.TryGetProperty("view", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"scopes":"a"}""")]
    [InlineData("""{"sub":null}""")]
    [InlineData("""{"claims":"a"}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    public async Task What_has_not_the_shape_of_a_view_is_refused(string body) => (await acme.Admin.PostAsync("/admin/clients/rs-orders/view", body)).Status.ShouldBe(400);

    [Fact]
    public async Task A_null_among_the_claims_is_refused() => (await acme.Admin.PostAsync("/admin/clients/rs-orders/view", """{"claims":[null]}""")).ShouldBeProblem(400);

    [Fact]
    public async Task Only_a_resource_server_has_a_view_and_only_a_client_is_granted_scopes()
    {
        (await acme.Admin.PostAsync("/admin/clients/web-shop/view", new { sub = "omitted" })).ShouldBeProblem(400).Faults().ShouldBe(["view"]);
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "x", kind = "client", view = new { aud = "own" } })).ShouldBeProblem(400).Faults().ShouldBe(["view"]);
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "x", kind = "resource-server", audience = new[] { Acme.OrdersApi }, scope = "a" })).ShouldBeProblem(400).Faults().ShouldBe(["scope"]);
        (await acme.Admin.PostAsync("/admin/clients/nobody/view", new { })).ShouldBeProblem(404);
    }

    [Fact]
    public async Task A_changed_view_is_a_row_of_the_log_and_a_record_of_the_audit()
    {
        await acme.Admin.AddClientAsync(new { client_id = "recorded", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        await acme.Admin.ChangeAsync("recorded", "view", new { sub = "pairwise" });
        using var query = AuditQuery.Open(acme.Server.Data, new AuditFilter { Kinds = [AuditKind.ClientChanged] }, TestStore.Connection(acme.Server.Data));
        var change = query.All().Last(record => record.GetProperty("client").GetString() == "recorded");
        change.GetProperty("changed").GetString().ShouldBe("view");
        change.GetProperty("actor").GetString().ShouldBe("admin");
    }
}
