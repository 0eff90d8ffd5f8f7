namespace Touchstone.Server.Tests.Rfc9396;

/// <summary><c>authorization_details</c> at the token endpoint and in introspection.</summary>
public sealed class AuthorizationDetailsTests(DetailTypesServer server) : IClassFixture<DetailTypesServer>
{
    [Fact]
    public async Task D01_D03_D04_They_are_granted_told_and_introspected_as_they_were_asked_for()
    {
        const string Asked = """[ {"type":"payment", "actions":["initiate"], "currency":"EUR", "amount":12.50, "instant":true, "creditor":{"name":"M\u00fcller <&> Söhne","n":[1,1.0]}} ]""";
        const string Granted = """[{"type":"payment","actions":["initiate"],"currency":"EUR","amount":12.50,"instant":true,"creditor":{"name":"Müller <&> Söhne","n":[1,1.0]}}]""";
        var answer = await server.AskAsync(Asked);
        answer.Status.ShouldBe(200, answer.ToString());
        answer.Json.GetProperty("authorization_details").GetRawText().ShouldBe(Granted);
        (await server.SeenAsync(answer.Json.GetProperty("access_token").GetString()!, server.Acme.Orders)).ShouldBe(Granted);
    }

    [Fact]
    public async Task D03_Without_them_nothing_is_said_of_them()
    {
        var answer = await server.AskAsync("");
        answer.Json.TryGetProperty("authorization_details", out _).ShouldBeFalse();
        (await server.SeenAsync(answer.Json.GetProperty("access_token").GetString()!, server.Acme.Orders)).ShouldBeNull();
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { """[{"type":"loan"}]""", "authorization_details[0].type: this server has no such type." },
        { """[{"type":"Payment","actions":[]}]""", "authorization_details[0].type: this server has no such type." },
        { """[{"type":"urn:acme:account"}]""", "authorization_details[0].type: is not registered for this client." },
        { """[{"type":"payment","actions":["status"],"extra":1}]""", "authorization_details[0]: the type has no such member as extra." },
        { """[{"type":"payment","actions":["status"],"Currency":"EUR"}]""", "authorization_details[0]: the type has no such member as Currency." },
        { """[{"type":"payment","actions":["status"]},{"type":"payment"}]""", "authorization_details[1].actions: is missing." },
        { """[{"type":"payment","actions":"status"}]""", "authorization_details[0].actions: must be an array of strings." },
        { """[{"type":"payment","actions":["status",1]}]""", "authorization_details[0].actions: must be an array of strings." },
        { """[{"type":"payment","actions":["status","cancel"]}]""", "authorization_details[0].actions[1]: is none of the values that the type allows." },
        { """[{"type":"payment","actions":[],"currency":"eur"}]""", "authorization_details[0].currency: is none of the values that the type allows." },
        { """[{"type":"payment","actions":[],"currency":null}]""", "authorization_details[0].currency: must be a string." },
        { """[{"type":"payment","actions":[],"amount":"1"}]""", "authorization_details[0].amount: must be a number." },
        { """[{"type":"payment","actions":[],"instant":1}]""", "authorization_details[0].instant: must be a boolean." },
        { """[{"type":"payment","actions":[],"creditor":[]}]""", "authorization_details[0].creditor: must be an object." },
        { """[{"type":"payment","actions":[],"locations":["https://unknown.acme.test/"]}]""", "authorization_details[0].locations[0]: is no resource that this token can be for." },
        { """[{"type":"payment","actions":[],"locations":["orders"]}]""", "authorization_details[0].locations[0]: is no resource that this token can be for." },
        { """[{"type":"payment","actions":[],"locations":[]}]""", "authorization_details[0].locations: names no resource; leave it out." },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task D02_D05_D20_What_does_not_fit_its_type_is_refused_and_its_path_is_told(string details, string why) => (await server.AskAsync(details)).ShouldBeError(400, "invalid_authorization_details", why);

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("""{"type":"payment","actions":[]}""")]
    [InlineData("""[{"actions":[]}]""")]
    [InlineData("""[{"type":1,"actions":[]}]""")]
    [InlineData("""[{"type":"payment","actions":[],"actions":["status"]}]""")]
    [InlineData("""[{"type":"payment","actions":[],"\u0061ctions":["status"]}]""")]
    [InlineData("""[{"type":"payment","actions":[],"creditor":{"a":1,"a":2}}]""")]
    [InlineData("""[{"type":"payment","actions":[],"identifier":"a\u0000b"}]""")]
    [InlineData("""[{"type":"payment","actions":[],"identifier":"a\u009bb"}]""")]
    [InlineData("""[{"type":"payment","actions":[],"identifier":"\ud800"}]""")]
    [InlineData("""[{"type":"payment","actions":[],"creditor":{"a\n":1}}]""")]
    [InlineData("""[{"type":"payment","actions":[],}]""")]
    [InlineData("""[{"type":"payment","actions":[],"creditor":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}]""")]
    public async Task D01_D05_What_is_no_array_of_plain_objects_is_refused(string details) =>
        (await server.AskAsync(details)).ShouldBeError(400, "invalid_authorization_details", "authorization_details: must be a JSON array of 1 to 32 objects with a type, at most 16384 bytes and 8 levels, no member twice, no control characters, and no number that a double does not hold (beyond 9007199254740991, or with too many digits).");

    [Fact]
    public async Task D05_Bytes_that_are_no_text_are_refused()
    {
        foreach (var (identifier, status) in new (string, int)[] { ("%C3%BF", 200), ("%FF", 400), ("%C0%80", 400) })
        {
            var form = $"grant_type=client_credentials&authorization_details=%5B%7B%22type%22:%22payment%22,%22actions%22:%5B%5D,%22identifier%22:%22{identifier}%22%7D%5D";
            (await server.Acme.Server.SendRawAsync($"POST /oauth/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {server.Payer.Basic}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {form.Length}\r\n\r\n{form}")).Status.ShouldBe(status);
        }
    }

    [Fact]
    public async Task D01_They_are_bounded()
    {
        const string One = """{"type":"payment","actions":[]}""";
        (await server.AskAsync($"[{string.Join(',', Enumerable.Repeat(One, 32))}]")).Status.ShouldBe(200);
        (await server.AskAsync($"[{string.Join(',', Enumerable.Repeat(One, 33))}]")).ShouldBeError(400, "invalid_authorization_details");
        (await server.AskAsync($$"""[{"type":"payment","actions":[],"identifier":"{{new string('x', 16 << 10)}}"}]""")).ShouldBeError(400, "invalid_authorization_details");
    }

    [Fact]
    public async Task D04_D21_A_resource_server_does_not_see_what_is_for_another()
    {
        const string ForOrders = """{"type":"payment","actions":["initiate"],"locations":["https://orders.acme.test/"]}""";
        const string ForBilling = """{"type":"payment","actions":["status"],"locations":["https://billing.acme.test/"]}""";
        const string ForAll = """{"type":"payment","actions":[]}""";
        var token = await server.TokenAsync($"[{ForOrders},{ForBilling},{ForAll}]");
        for (var round = 0; round < 2; round++) // From the store, and from memory.
        {
            (await server.SeenAsync(token, server.Acme.Orders)).ShouldBe($"[{ForOrders},{ForAll}]");
            (await server.SeenAsync(token, server.Acme.Billing)).ShouldBe($"[{ForBilling},{ForAll}]");
            var batch = await server.Acme.OAuth.IntrospectAllAsync(server.Acme.Billing, token);
            batch.Text.ShouldContain(ForBilling);
            batch.Text.ShouldNotContain(ForOrders);
        }
    }

    [Fact]
    public async Task D21_Who_is_shown_nothing_has_no_such_member()
    {
        var token = await server.TokenAsync("""[{"type":"payment","actions":[],"locations":["https://orders.acme.test/"]}]""", ("resource", Acme.OrdersApi), ("resource", Acme.BillingApi));
        (await server.SeenAsync(token, server.Acme.Billing)).ShouldBeNull();
    }

    [Fact]
    public async Task D04_A_client_sees_those_of_its_own_tokens_whole()
    {
        var shop = await server.Acme.Admin.AddClientAsync(new { client_id = "own", kind = "client", may_introspect = true, audience = new[] { Acme.OrdersApi, Acme.BillingApi }, grants = new { authorization_details_types = new[] { "payment" } } });
        const string Details = """[{"type":"payment","actions":[],"locations":["https://orders.acme.test/"]},{"type":"payment","actions":[],"locations":["https://billing.acme.test/"]}]""";
        var token = await server.Acme.OAuth.TokenOfAsync(shop, ("authorization_details", Details));
        (await server.SeenAsync(token, shop)).ShouldBe(Details); // A client sees its own tokens whole.
    }

    [Fact]
    public async Task D04_U03_Locations_are_the_audience_where_no_resource_is_named()
    {
        var token = await server.TokenAsync("""[{"type":"payment","actions":[],"locations":["https://billing.acme.test/"]}]""");
        (await server.Acme.OAuth.IntrospectAsync(token, server.Acme.Billing)).ShouldBeActive().GetProperty("aud").GetString().ShouldBe(Acme.BillingApi);
        (await server.Acme.OAuth.IntrospectAsync(token, server.Acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task D02_Locations_lie_within_the_resources_that_are_named() =>
        (await server.AskAsync("""[{"type":"payment","actions":[],"locations":["https://billing.acme.test/"]}]""", ("resource", Acme.OrdersApi))).ShouldBeError(400, "invalid_authorization_details", "authorization_details[0].locations[0]: is no resource that this token can be for.");

    [Fact]
    public async Task D02_A_client_without_types_may_ask_for_none() =>
        (await server.Acme.OAuth.GrantAsync(server.Acme.Shop, ("authorization_details", """[{"type":"payment","actions":[]}]"""))).ShouldBeError(400, "invalid_authorization_details", "authorization_details[0].type: is not registered for this client.");

    [Fact]
    public async Task D01_The_metadata_names_the_types() =>
        (await server.Acme.OAuth.MetadataAsync()).GetProperty("authorization_details_types_supported").GetRawText().ShouldBe("""["payment","urn:acme:account"]""");

    [Fact]
    public async Task D02_What_an_administrator_gives_a_token_of_ours_fits_the_types_and_a_foreign_token_is_its_issuers()
    {
        (await server.Acme.Admin.PostAsync(AdminCalls.Tokens, """{"client_id":"web-shop","authorization_details":[{"type":"loan"}]}""")).Text.ShouldContain("authorization_details[0].type: this server has no such type.");
        (await server.Acme.Admin.PostAsync(AdminCalls.Tokens, """{"client_id":"web-shop","authorization_details":[{"type":"urn:acme:account"}]}""")).Status.ShouldBe(201);
        (await server.Acme.Admin.PostAsync(AdminCalls.Tokens, """{"client_id":"web-shop","token":"foreign-1","iss":"https://other.test","expires_in":60,"authorization_details":[{"type":"loan"}]}""")).Status.ShouldBe(201);
    }
}
