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
            cnf = new { jkt = "k" }, act = new { sub = "x" }, authorization_details = new[] { new { type = "t" } }, claims = new { n = 1.5 },
        });
        var json = await acme.Admin.LookUpAsync(token);
        var born = json.GetProperty("record").GetProperty("born").GetInt64();
        json.GetRawText().ShouldBe(
            "{\"known\":true,\"active\":true,\"reason\":\"active\",\"response\":" + (await acme.OAuth.IntrospectAsync(token, acme.Orders)).Text +
            $",\"record\":{{\"token_sha256\":\"{TokenHash.Of(token)}\",\"kind\":\"access_token\",\"client_id\":\"web-shop\",\"iss\":\"https://as.acme.test\",\"sub\":\"u-1\",\"username\":\"Ü\",\"scope\":\"a b\"," +
            "\"aud\":[\"https://orders.acme.test/\"],\"jti\":\"j-1\",\"grant\":\"g-1\",\"session\":\"s-1\",\"tenant\":\"t-1\"," +
            $"\"born\":{born},\"ancestors\":[],\"iat\":{now},\"nbf\":{now},\"exp\":{now + 60}," +
            "\"cnf\":{\"jkt\":\"k\"},\"act\":{\"sub\":\"x\"},\"authorization_details\":[{\"type\":\"t\"}],\"claims\":{\"n\":1.5}}}");
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

    private async Task<string?> ReasonAsync(string token) => (await acme.Admin.LookUpAsync(token)).GetProperty("reason").GetString();
}
