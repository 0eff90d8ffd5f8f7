using System.Text;
using System.Text.Json;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Tests.Admin;

public sealed class TokensTests(Acme acme) : IClassFixture<Acme>
{
    private static readonly string Sha = TokenHash.Of("a token known by its hash").ToString();

    [Fact]
    public async Task An_object_is_answered_by_an_object()
    {
        var json = (await acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "web-shop", aud = Acme.OrdersApi, expires_in = 60, jti = "j-1" })).ShouldBeJson(201).Json;
        json.EnumerateObject().Select(member => member.Name).ShouldBe(["token", "token_type", "token_sha256", "jti", "exp"]);
        var token = json.GetProperty("token").GetString()!;
        token.ShouldMatch("^tst_at_[0-9A-Za-z]{49}$");
        json.GetProperty("token_type").GetString().ShouldBe("Bearer");
        json.GetProperty("token_sha256").GetString().ShouldBe(TokenHash.Of(token).ToString());
        json.GetProperty("jti").GetString().ShouldBe("j-1");
        json.GetProperty("exp").GetInt64().ShouldBe(acme.Time.Seconds + 60);
    }

    [Fact]
    public async Task An_array_is_answered_by_an_array_in_order()
    {
        var asked = Enumerable.Range(0, 1000).Select(i => new { client_id = "web-shop", aud = Acme.OrdersApi, jti = $"j-{i}" }).ToArray();
        var answered = (await acme.Admin.PostAsync(AdminCalls.Tokens, asked)).ShouldBeJson(201).Json;
        answered.EnumerateArray().Select(item => item.GetProperty("jti").GetString()).ShouldBe(asked.Select(item => item.jti));
        (await acme.OAuth.IntrospectAsync(answered[999].GetProperty("token").GetString()!, acme.Orders)).ShouldBeActive().GetProperty("jti").GetString().ShouldBe("j-999");
        (await acme.Admin.PostAsync(AdminCalls.Tokens, asked[..1])).Json.ValueKind.ShouldBe(JsonValueKind.Array);
    }

    [Fact]
    public async Task A_refresh_token_has_the_prefix_of_its_kind() =>
        (await acme.RefreshTokenAsync("g-prefix")).ShouldMatch("^tst_rt_[0-9A-Za-z]{49}$");

    [Fact]
    public async Task A_token_bound_by_DPoP_says_so()
    {
        var json = (await acme.Admin.PostAsync(AdminCalls.Tokens, """{"client_id":"web-shop","cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}""")).Json;
        json.GetProperty("token_type").GetString().ShouldBe("DPoP");
    }

    [Fact]
    public async Task A_foreign_token_is_registered_by_value_or_by_hash()
    {
        var byValue = (await acme.Admin.PostAsync(AdminCalls.Tokens, new { token = "at.foreign-1", iss = "https://other.acme.test", client_id = "their client ü", sub = "s", aud = Acme.OrdersApi, expires_in = 60 })).ShouldBeJson(201).Json;
        byValue.GetProperty("token").GetString().ShouldBe("at.foreign-1");
        byValue.TryGetProperty("jti", out _).ShouldBeFalse();
        var json = (await acme.OAuth.IntrospectAsync("at.foreign-1", acme.Orders)).ShouldBeActive();
        json.GetProperty("iss").GetString().ShouldBe("https://other.acme.test");
        json.GetProperty("client_id").GetString().ShouldBe("their client ü");

        var byHash = (await acme.Admin.PostAsync(AdminCalls.Tokens, new { token_sha256 = Sha, iss = "https://other.acme.test", client_id = "x", aud = Acme.OrdersApi, exp = acme.Time.Seconds + 60 })).ShouldBeJson(201).Json;
        byHash.TryGetProperty("token", out _).ShouldBeFalse();
        byHash.GetProperty("token_sha256").GetString().ShouldBe(Sha);
        (await acme.OAuth.IntrospectAsync("a token known by its hash", acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task A_token_that_is_registered_already_is_409_and_the_array_is_all_or_nothing()
    {
        var taken = new { token = "at.taken", iss = "https://other.acme.test", client_id = "x", aud = Acme.OrdersApi, expires_in = 60 };
        await acme.Admin.IssueAsync(taken);
        (await acme.Admin.PostAsync(AdminCalls.Tokens, taken)).ShouldBeProblem(409, "No token was added: one of them is registered already.").Faults().ShouldBe(["token"]);

        var array = new object[] { taken with { token = "at.new-1" }, taken with { token = "at.new-2" }, taken, taken with { token = "at.new-3" } };
        (await acme.Admin.PostAsync(AdminCalls.Tokens, array)).ShouldBeProblem(409).Faults().ShouldBe(["2.token"]);
        foreach (var token in (string[])["at.new-1", "at.new-2", "at.new-3"]) (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task A_token_twice_in_one_array_is_409_at_the_second()
    {
        var item = new { token = "at.double", iss = "https://other.acme.test", client_id = "x", aud = Acme.OrdersApi, expires_in = 60 };
        (await acme.Admin.PostAsync(AdminCalls.Tokens, new[] { item, item })).ShouldBeProblem(409).Faults().ShouldBe(["1.token"]);
        (await acme.OAuth.IntrospectAsync("at.double", acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task A_bad_item_is_named_by_its_index_and_nothing_is_added()
    {
        var good = new { token = "at.good", iss = "https://other.acme.test", client_id = "x", aud = Acme.OrdersApi, expires_in = 60 };
        (await acme.Admin.PostAsync(AdminCalls.Tokens, new object[] { good, new { client_id = "nobody", scope = "\"" } })).ShouldBeProblem(400, "No token was added.").Faults().ShouldBe(["1.client_id", "1.scope"]);
        (await acme.Admin.PostAsync(AdminCalls.Tokens, new object[] { good, 5 })).ShouldBeProblem(400).Faults().ShouldBe(["1."]);
        (await acme.Admin.PostAsync(AdminCalls.Tokens, new object[] { good, good, new { unknown = 1 } })).ShouldBeProblem(400).Faults().ShouldBe(["2.unknown"]);
        (await acme.OAuth.IntrospectAsync("at.good", acme.Orders)).ShouldBeInactive();
    }

    [Theory]
    [InlineData("[]")]
    [InlineData(null)]
    public async Task An_empty_array_and_too_many_items_are_400(string? body)
    {
        body ??= "[" + string.Join(',', Enumerable.Repeat("{}", 1001)) + "]";
        (await acme.Admin.PostAsync(AdminCalls.Tokens, body)).ShouldBeProblem(400, "Send one token, or an array of 1 to 1000.");
    }

    public static TheoryData<string, string> Bad => new()
    {
        { "{}", "client_id client_id" },
        { """{"client_id":"nobody"}""", "client_id" },
        { """{"client_id":"web-shop","kind":"id_token"}""", "kind" },
        { """{"client_id":"web-shop","iss":"https://other.acme.test"}""", "iss" },
        { """{"client_id":"web-shop","scope":"a\tb"}""", "scope" },
        { """{"client_id":"web-shop","aud":5}""", "aud" },
        { """{"client_id":"web-shop","aud":[5]}""", "aud" },
        { """{"client_id":"web-shop","aud":""}""", "aud" },
        { """{"client_id":"web-shop","aud":["a\nb"]}""", "aud" },
        { """{"client_id":"web-shop","aud":{}}""", "aud" },
        { """{"client_id":"web-shop","exp":1,"expires_in":1}""", "exp expires_in" },
        { """{"client_id":"web-shop","expires_in":0}""", "expires_in" },
        { """{"client_id":"web-shop","expires_in":7776001}""", "expires_in" },
        { """{"client_id":"web-shop","expires_in":9223372036854775807}""", "expires_in" },
        { """{"client_id":"web-shop","exp":9223372036854775807}""", "exp" },
        { """{"client_id":"web-shop","exp":-9223372036854775808}""", "exp" },
        { """{"client_id":"web-shop","iat":0}""", "iat" },
        { """{"client_id":"web-shop","iat":9000000000}""", "iat" },
        { """{"client_id":"web-shop","nbf":-1}""", "nbf" },
        { """{"client_id":"web-shop","nbf":9000000000}""", "nbf" },
        { """{"client_id":"web-shop","sub":""}""", "sub" },
        { """{"client_id":"web-shop","username":"a\u0000"}""", "username" },
        { """{"client_id":"web-shop","jti":"a\r\nb"}""", "jti" },
        { $$"""{"client_id":"web-shop","grant":"{{new string('g', 201)}}"}""", "grant" },
        { """{"client_id":"web-shop","session":""}""", "session" },
        { """{"client_id":"web-shop","tenant":""}""", "tenant" },
        { """{"client_id":"web-shop","cnf":[]}""", "cnf" },
        { """{"client_id":"web-shop","cnf":{}}""", "cnf" },
        { """{"client_id":"web-shop","cnf":{"jkt":1}}""", "cnf" },
        { """{"client_id":"web-shop","cnf":{"jkt":"x"}}""", "cnf" },
        { """{"client_id":"web-shop","cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I="}}""", "cnf" },
        { """{"client_id":"web-shop","cnf":{"kid":"1","x5t#S256":"0ZcOCORZNYy/DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}""", "cnf" },
        { """{"client_id":"web-shop","act":"x"}""", "act" },
        { """{"client_id":"web-shop","authorization_details":{}}""", "authorization_details" },
        { """{"client_id":"web-shop","claims":[]}""", "claims" },
        { $$$"""{"client_id":"web-shop","claims":{"x":"{{{new string('x', 16400)}}}"}}""", "claims" },
        { """{"token":"a","token_sha256":"b","iss":"https://o.test","client_id":"x","expires_in":1}""", "token token_sha256" },
        { """{"token_sha256":"ABC","iss":"https://o.test","client_id":"x","expires_in":1}""", "token_sha256" },
        { """{"token":"","iss":"https://o.test","client_id":"x","expires_in":1}""", "token" },
        { """{"token":"tökén","iss":"https://o.test","client_id":"x","expires_in":1}""", "token" },
        { """{"token":"tst_at_mistyped","iss":"https://o.test","client_id":"x","expires_in":1}""", "token" },
        { """{"token":"a","client_id":"x","expires_in":1}""", "iss" },
        { """{"token":"a","iss":"urn:x","client_id":"x","expires_in":1}""", "iss" },
        { """{"token":"a","iss":"relative","client_id":"x","expires_in":1}""", "iss" },
        { """{"token":"a","iss":"https://o.test","expires_in":1}""", "client_id" },
        { """{"token":"a","iss":"https://o.test","client_id":"x"}""", "exp" },
    };

    [Theory, MemberData(nameof(Bad))]
    public async Task What_a_token_may_not_be_is_400_and_names_each_member(string body, string members) =>
        (await acme.Admin.PostAsync(AdminCalls.Tokens, body)).ShouldBeProblem(400, "No token was added.").Faults().ShouldBe(members.Split(' '));

    [Fact]
    public async Task The_longest_life_is_allowed_and_begins_now()
    {
        var json = (await acme.Admin.PostAsync(AdminCalls.Tokens, """{"client_id":"web-shop","expires_in":7776000}""")).ShouldBeJson(201).Json;
        json.GetProperty("exp").GetInt64().ShouldBe(acme.Time.Seconds + 7_776_000);
    }

    [Fact]
    public async Task C21_A_name_that_stands_twice_is_refused_at_every_depth()
    {
        foreach (var body in (string[])[
            """{"client_id":"web-shop","client_id":"spa"}""", """{"client_id":"web-shop","client_\u0069d":"spa"}""", """{"client_id":"web-shop","claims":{"a":1,"a":2}}""",
            """{"client_id":"web-shop","act":{"sub":"x","act":{"sub":"y","sub":"z"}}}""", """[{"client_id":"web-shop","sub":"a","sub":"b"}]"""])
        {
            (await acme.Admin.PostAsync(AdminCalls.Tokens, body)).ShouldBeProblem(400).GetProperty("detail").GetString()!.ShouldStartWith("The body is not readable JSON");
        }
    }

    [Fact]
    public async Task A_member_that_is_null_counts_as_left_out()
    {
        var json = (await acme.Admin.PostAsync(AdminCalls.Tokens, """{"client_id":"web-shop","aud":null,"sub":null,"exp":null,"claims":null,"cnf":null,"token":null,"token_sha256":null}""")).ShouldBeJson(201).Json;
        json.GetProperty("token").GetString().ShouldStartWith("tst_at_");
    }

    [Fact]
    public async Task A_token_of_our_own_form_can_be_brought_along()
    {
        var ours = new TokenFormat().Create(TokenKind.AccessToken, Encoding.ASCII.GetBytes("12345678901234567890123456789012"));
        await acme.Admin.IssueAsync(new { token = ours, iss = TestServer.DefaultIssuer, client_id = "web-shop", aud = Acme.OrdersApi, expires_in = 60 });
        (await acme.OAuth.IntrospectAsync(ours, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task The_tenant_of_the_client_is_the_tokens_unless_it_names_one()
    {
        await acme.Admin.AddClientAsync(new { client_id = "north-client", kind = "client", tenant = "north" });
        var own = await acme.Admin.IssueAsync(new { client_id = "north-client" });
        var named = await acme.Admin.IssueAsync(new { client_id = "north-client", tenant = "south" });
        (await acme.Admin.LookUpAsync(own)).GetProperty("record").GetProperty("tenant").GetString().ShouldBe("north");
        (await acme.Admin.LookUpAsync(named)).GetProperty("record").GetProperty("tenant").GetString().ShouldBe("south");
    }
}
