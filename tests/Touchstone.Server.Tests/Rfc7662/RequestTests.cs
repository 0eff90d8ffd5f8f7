namespace Touchstone.Server.Tests.Rfc7662;

public sealed class RequestTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task I01_C01_An_access_token_is_found_by_POST_of_a_form()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task I01_A_refresh_token_is_found_by_its_own_client()
    {
        var token = await acme.RefreshTokenAsync("grant-i01");
        (await acme.OAuth.IntrospectAsync(token, acme.Shop)).ShouldBeActive();
    }

    [Theory]
    [InlineData("")]
    [InlineData("token=")]
    [InlineData("token")]
    [InlineData("Token=tst_at_x")]
    [InlineData("token_type_hint=access_token")]
    [InlineData("access_token=x&tokens=y")]
    public async Task I02_Missing_or_empty_token_is_invalid_request(string body)
    {
        var answer = await PostRawAsync(body, acme.Orders.Basic);
        answer.ShouldBeError(400, "invalid_request", "The parameter token is missing.");
    }

    [Fact]
    public async Task I02_Who_is_not_known_is_told_so_before_the_token_is_missed() =>
        (await PostRawAsync("", null)).ShouldBeError(401, "invalid_client");

    [Theory]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("pairing_code")]
    [InlineData("")]
    [InlineData("%00\"\n")]
    public async Task I03_I04_I05_No_hint_changes_the_answer(string hint)
    {
        var access = await acme.TokenAsync();
        var refresh = await acme.RefreshTokenAsync("grant-i04");
        foreach (var token in (string[])[access, refresh, "unknown"])
        {
            var without = await acme.OAuth.IntrospectAsync(token, acme.Shop);
            var with = await acme.OAuth.IntrospectAsync(token, acme.Shop, ("token_type_hint", hint));
            with.Shape().ShouldBe(without.Shape());
        }
    }

    [Fact]
    public async Task I06_C12_Parameters_that_are_not_known_are_ignored()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders, ("client_ip", "192.0.2.7"), ("active", "false"), ("", "x"))).ShouldBeActive();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    [InlineData("QUERY")]
    public async Task I18_C02_C03_Only_POST_is_answered_and_a_token_in_the_query_is_not_read(string method)
    {
        var token = await acme.TokenAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/oauth/introspect?token={token}");
        request.Headers.TryAddWithoutValidation("Authorization", acme.Orders.Basic);
        (await acme.OAuth.SendAsync(request)).ShouldBeError(405, "invalid_request");
    }

    [Fact]
    public async Task I18_A03_Nothing_of_the_query_is_read_on_POST_either()
    {
        var token = await acme.TokenAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/oauth/introspect?token={token}&client_id={acme.Orders.Id}&client_secret={acme.Orders.Secret}")
        {
            Content = new FormUrlEncodedContent([]),
        };
        (await acme.OAuth.SendAsync(request)).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task C12_A_parameter_without_a_value_counts_as_omitted_so_it_may_stand_beside_one_with_a_value()
    {
        var token = await acme.TokenAsync();
        (await PostRawAsync($"token=&token={token}&token=", acme.Orders.Basic)).ShouldBeActive();
    }

    [Theory]
    [InlineData("token=a&token=a")]
    [InlineData("token=a&to%6ben=b")]
    [InlineData("token=a&x=1&x=2")]
    [InlineData("token=a&token_type_hint=access_token&token_type_hint=access_token")]
    public async Task C12_C13_A_parameter_that_stands_twice_is_invalid_request(string body) =>
        (await PostRawAsync(body, acme.Orders.Basic)).ShouldBeError(400, "invalid_request", "A parameter stands in the body twice.");

    [Fact]
    public async Task C13_Resource_may_not_repeat_here() =>
        (await PostRawAsync("token=a&resource=https://a.test&resource=https://b.test", acme.Orders.Basic)).ShouldBeError(400, "invalid_request");

    private Task<Answer> PostRawAsync(string body, string? authorization)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/oauth/introspect") { Content = new StringContent(body, null, "application/x-www-form-urlencoded") };
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return acme.OAuth.SendAsync(request);
    }
}
