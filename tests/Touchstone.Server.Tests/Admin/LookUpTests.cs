using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Tests.Admin;

public sealed class LookUpTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task Everything_that_is_known_of_an_active_token()
    {
        var now = acme.Time.Seconds;
        var token = await acme.TokenAsync(new
        {
            client_id = "web-shop", sub = "u-1", username = "Ü", scope = "a b", aud = new[] { Acme.OrdersApi }, jti = "j-1", grant = "g-1", session = "s-1", tenant = "t-1", nbf = now, expires_in = 60,
            cnf = new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }, act = new { sub = "x" }, authorization_details = new[] { new { type = "t" } }, claims = new { n = 1.5 },
        });
        var json = await acme.Admin.LookUpAsync(token);
        var born = json.GetProperty("record").GetProperty("born").GetInt64();
        json.GetRawText().ShouldBe(
            "{\"known\":true,\"active\":true,\"reason\":\"active\",\"response\":" + (await acme.OAuth.IntrospectAsync(token, acme.Orders)).Text +
            $",\"record\":{{\"token_sha256\":\"{TokenHash.Of(token)}\",\"kind\":\"access_token\",\"client_id\":\"web-shop\",\"iss\":\"https://as.acme.test\",\"sub\":\"u-1\",\"username\":\"Ü\",\"scope\":\"a b\"," +
            "\"aud\":[\"https://orders.acme.test/\"],\"jti\":\"j-1\",\"grant\":\"g-1\",\"session\":\"s-1\",\"tenant\":\"t-1\"," +
            $"\"born\":{born},\"ancestors\":[],\"iat\":{now},\"nbf\":{now},\"exp\":{now + 60}," +
            "\"cnf\":{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"},\"act\":{\"sub\":\"x\"},\"authorization_details\":[{\"type\":\"t\"}],\"claims\":{\"n\":1.5}}}");
    }

    [Fact]
    public async Task The_reason_why_a_token_is_inactive()
    {
        var expired = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, expires_in = 1 });
        var early = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, nbf = acme.Time.Seconds + 100 });
        var revoked = await acme.TokenAsync();
        await acme.OAuth.RevokeAsync(revoked, acme.Shop);
        acme.Time.AdvanceSeconds(1);

        (await ReasonAsync(expired)).ShouldBe("expired");
        (await ReasonAsync(early)).ShouldBe("not_yet_valid");
        (await ReasonAsync(revoked)).ShouldBe("revoked");
        (await ReasonAsync("never seen")).ShouldBe("unknown");
        (await ReasonAsync(await acme.TokenAsync())).ShouldBe("active");
        (await acme.Admin.LookUpAsync("never seen")).GetRawText().ShouldBe("""{"known":false,"active":false,"reason":"unknown","response":{"active":false}}""");
    }

    [Fact]
    public async Task The_row_that_ends_a_token_and_who_wrote_it()
    {
        var token = await acme.TokenAsync();
        await acme.OAuth.RevokeAsync(token, acme.Shop);
        var row = (await acme.Admin.LookUpAsync(token)).GetProperty("revocation");
        row.EnumerateObject().Select(member => member.Name).ShouldBe(["id", "seq", "at", "selector", "actor"]);
        row.GetProperty("selector").GetString().ShouldBe("token:" + TokenHash.Of(token));
        row.GetProperty("actor").GetString().ShouldBe("web-shop");
        row.GetProperty("at").GetInt64().ShouldBe(acme.Time.Seconds);
        row.GetProperty("id").GetGuid().ShouldNotBe(Guid.Empty);
    }

    [Fact]
    public async Task Found_by_hash_as_well()
    {
        var token = await acme.TokenAsync();
        var byHash = (await acme.Admin.PostAsync(AdminCalls.LookUp, new { token_sha256 = TokenHash.Of(token).ToString() })).ShouldBeJson(200);
        byHash.Text.ShouldBe((await acme.Admin.LookUpAsync(token)).GetRawText());
    }

    [Fact]
    public async Task As_another_caller_would_see_it()
    {
        var token = await acme.TokenAsync();
        (await acme.Admin.LookUpAsync(token, "rs-orders")).GetProperty("reason").GetString().ShouldBe("active");
        (await acme.Admin.LookUpAsync(token, "web-shop")).GetProperty("reason").GetString().ShouldBe("active");
        foreach (var other in (string[])["rs-billing", "warehouse", "mute", "spa", "admin"])
        {
            var seen = await acme.Admin.LookUpAsync(token, other);
            seen.GetProperty("reason").GetString().ShouldBe("not_for_caller", other);
            seen.GetProperty("response").GetRawText().ShouldBe(AnswerAssertions.Inactive);
            seen.GetProperty("known").GetBoolean().ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Why_a_token_is_inactive_for_a_caller_says_what_about_the_caller_makes_the_difference()
    {
        var token = await acme.TokenAsync();
        await acme.Admin.AddClientAsync(new { client_id = "off", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        await acme.Admin.ChangeAsync("off", "disable");
        (await WhyAsync(token, "rs-orders")).ShouldBeNull();
        (await WhyAsync("never seen", "rs-orders")).ShouldBeNull();
        (await WhyAsync(token, "rs-billing")).ShouldBe("None of the token's audiences is an identifier of this resource server.");
        (await WhyAsync(await acme.TokenAsync(new { client_id = "web-shop", aud = Array.Empty<string>() }), "rs-billing")).ShouldBe("The token has no audience; a resource server sees tokens whose audience has one of its identifiers.");
        (await WhyAsync(await acme.RefreshTokenAsync("g-why"), "rs-orders")).ShouldBe("It is a refresh token; a resource server sees access tokens only.");
        (await WhyAsync(token, "warehouse")).ShouldBe("The token was issued to web-shop; a client sees its own tokens only.");
        (await WhyAsync(token, "mute")).ShouldEndWith("it is answered 403 access_denied.");
        (await WhyAsync(token, "off")).ShouldBe("The client is disabled: whatever the token, it is answered 401 invalid_client.");

        var caller = (await acme.Admin.LookUpAsync(token, "rs-billing")).GetProperty("caller");
        caller.EnumerateObject().Select(member => member.Name).ShouldBe(["client_id", "kind", "enabled", "may_introspect", "audience", "why"]);
    }

    [Fact]
    public async Task I13_The_view_of_a_caller_and_what_it_keeps_back()
    {
        var viewer = await acme.Admin.AddClientAsync(new { client_id = "viewer", kind = "resource-server", audience = new[] { Acme.OrdersApi }, view = new { scope = "b", sub = "pairwise", aud = "own" } });
        var token = await acme.TokenAsync(new { client_id = "web-shop", sub = "u-1", username = "u", scope = "a b c", aud = new[] { Acme.OrdersApi, Acme.BillingApi }, claims = new { email = "e" } });
        var json = await acme.Admin.LookUpAsync(token, "viewer");
        json.GetProperty("response").GetRawText().ShouldBe((await acme.OAuth.IntrospectAsync(token, viewer)).Text);
        json.GetProperty("view").GetRawText().ShouldBe("""{"scope":"b","sub":"pairwise","aud":"own"}""");
        json.GetProperty("hidden").GetRawText().ShouldBe("""{"members":["username","jti","email"],"scope":["a","c"],"aud":["https://billing.acme.test/"]}""");
        json.GetProperty("record").GetProperty("sub").GetString().ShouldBe("u-1");

        await acme.Admin.RevokeAsync(token);
        var ended = await acme.Admin.LookUpAsync(token, "viewer");
        ended.GetProperty("response").GetRawText().ShouldBe(AnswerAssertions.Inactive);
        ended.TryGetProperty("hidden", out _).ShouldBeFalse();
        (await acme.Admin.LookUpAsync(token, "rs-orders")).TryGetProperty("view", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_mistyped_token_of_ours_is_told_from_an_unknown_one()
    {
        var token = await acme.TokenAsync();
        (await ReasonAsync(token[..^1])).ShouldBe("malformed");
        (await ReasonAsync("tést")).ShouldBe("malformed");
        (await acme.Admin.LookUpAsync(token[..^1], "rs-orders")).GetProperty("reason").GetString().ShouldBe("malformed");
    }

    [Fact]
    public async Task As_a_client_that_is_not_there_is_404() =>
        (await acme.Admin.PostAsync(AdminCalls.LookUp, new { token = "x", @as = "nobody" })).ShouldBeProblem(404, "There is no client nobody.").Faults().ShouldBe(["as"]);

    public static TheoryData<string> Bad =>
    [
        "{}", """{"token":""}""", """{"token":"a","token_sha256":"b"}""", """{"token_sha256":""}""", """{"token_sha256":"abc"}""", $$"""{"token_sha256":"{{new string('A', 64)}}"}""",
        $$"""{"token":"a","token_sha256":"{{new string('a', 64)}}"}""", $$"""{"token":"{{new string('a', 4097)}}"}""", """{"as":"web-shop"}""",
    ];

    [Theory, MemberData(nameof(Bad))]
    public async Task Exactly_one_of_value_and_hash_is_needed(string body)
    {
        (await acme.Admin.PostAsync(AdminCalls.LookUp, body)).ShouldBeProblem(400).GetProperty("detail").GetString()!.ShouldStartWith("Give token");
        (await acme.Admin.PostAsync(AdminCalls.Revocations, body)).ShouldBeProblem(400);
    }

    private async Task<string?> WhyAsync(string token, string viewer) =>
        (await acme.Admin.LookUpAsync(token, viewer)).GetProperty("caller").TryGetProperty("why", out var why) ? why.GetString() : null;

    private async Task<string?> ReasonAsync(string token) => (await acme.Admin.LookUpAsync(token)).GetProperty("reason").GetString();
}
