using System.Text.Json;

namespace Touchstone.Server.Tests.Rfc7662;

public sealed class AnswerTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task I10_C14_C15_C16_C20_C23_The_whole_active_answer()
    {
        var now = acme.Time.Seconds;
        var token = await acme.TokenAsync(new
        {
            client_id = "web-shop", sub = "u-4821", username = "Jürgen \"J\" <j@acme.test>", scope = "orders:read orders:write", aud = new[] { Acme.OrdersApi, Acme.BillingApi },
            nbf = now - 5, expires_in = 600, jti = "9f1c", cnf = new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }, act = new { sub = "svc-gateway" },
            authorization_details = new[] { new { type = "payment", amount = 12.50m } },
            claims = new { acr = "aal2", auth_time = 1789999000, ok = true, none = (string?)null, nested = new { a = new object[] { 1, "two", 3.0 } } },
        });

        var answer = await acme.OAuth.IntrospectAsync(token, acme.Orders);

        answer.ShouldBeJson(200);
        answer.Body[..3].ShouldNotBe([0xEF, 0xBB, 0xBF]);
        answer.Text.ShouldBe(
            "{\"active\":true,\"iss\":\"https://as.acme.test\",\"sub\":\"u-4821\",\"client_id\":\"web-shop\",\"username\":\"Jürgen \\\"J\\\" <j@acme.test>\"," +
            "\"aud\":[\"https://orders.acme.test/\",\"https://billing.acme.test/\"],\"scope\":\"orders:read orders:write\",\"token_type\":\"DPoP\"," +
            $"\"iat\":{now},\"nbf\":{now - 5},\"exp\":{now + 600},\"jti\":\"9f1c\",\"cnf\":{{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"}},\"act\":{{\"sub\":\"svc-gateway\"}}," +
            "\"authorization_details\":[{\"type\":\"payment\",\"amount\":12.50}]," +
            "\"acr\":\"aal2\",\"auth_time\":1789999000,\"ok\":true,\"none\":null,\"nested\":{\"a\":[1,\"two\",3]}}");
    }

    [Fact]
    public async Task I10_What_a_token_does_not_have_is_left_out()
    {
        var token = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi });
        var members = (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive().EnumerateObject().Select(member => member.Name);
        members.ShouldBe(["active", "iss", "client_id", "aud", "token_type", "iat", "exp", "jti"]);
    }

    [Fact]
    public async Task C25_Times_are_whole_numbers_of_seconds()
    {
        var json = (await acme.OAuth.IntrospectAsync(await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, nbf = acme.Time.Seconds }), acme.Orders)).ShouldBeActive();
        foreach (var name in (string[])["iat", "nbf", "exp"]) json.GetProperty(name).GetRawText().ShouldMatch("^[1-9][0-9]{9}$");
    }

    [Fact]
    public async Task C29_One_audience_is_a_string_and_several_are_an_array()
    {
        var one = await acme.TokenAsync(new { client_id = "web-shop", aud = new[] { Acme.OrdersApi } });
        var two = await acme.TokenAsync(new { client_id = "web-shop", aud = new[] { Acme.BillingApi, Acme.OrdersApi } });
        (await acme.OAuth.IntrospectAsync(one, acme.Orders)).ShouldBeActive().GetProperty("aud").ValueKind.ShouldBe(JsonValueKind.String);
        (await acme.OAuth.IntrospectAsync(two, acme.Orders)).ShouldBeActive().GetProperty("aud").ValueKind.ShouldBe(JsonValueKind.Array);
    }

    [Fact]
    public async Task I10_A_refresh_token_has_no_token_type()
    {
        var token = await acme.RefreshTokenAsync("grant-type");
        (await acme.OAuth.IntrospectAsync(token, acme.Shop)).ShouldBeActive().TryGetProperty("token_type", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task I14_C22_Own_members_keep_their_JSON_types_and_their_letters()
    {
        const string Claims = """{"n":1.50e2,"big":123456789012345678901234567890,"s":"e\u0301 é","NAME":1,"name":2,"":[],"deep":[[[{"x":[null,false]}]]]}""";
        var token = await acme.TokenAsync(new { client_id = "web-shop", aud = Acme.OrdersApi, claims = JsonSerializer.Deserialize<JsonElement>(Claims) });
        var json = (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        json.GetProperty("n").GetRawText().ShouldBe("1.50e2");
        json.GetProperty("big").GetRawText().ShouldBe("123456789012345678901234567890");
        json.GetProperty("s").GetString().ShouldBe("e\u0301 é");
        json.GetProperty("NAME").GetInt32().ShouldBe(1);
        json.GetProperty("name").GetInt32().ShouldBe(2);
        json.GetProperty("").GetArrayLength().ShouldBe(0);
        json.GetProperty("deep").GetRawText().ShouldBe("""[[[{"x":[null,false]}]]]""");
    }

    [Fact]
    public async Task I10_The_same_answer_comes_from_the_store_and_from_the_cache()
    {
        var token = await acme.TokenAsync();
        var first = await acme.OAuth.IntrospectAsync(token, acme.Orders);
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).Shape().ShouldBe(first.Shape());
    }
}
