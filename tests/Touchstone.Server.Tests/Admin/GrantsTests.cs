using Touchstone.Server.Tests.Rfc9449;

namespace Touchstone.Server.Tests.Admin;

/// <summary>What tokens a client may be issued: what can't be is refused, and what was said can be taken back.</summary>
public sealed class GrantsTests(Acme acme) : IClassFixture<Acme>
{
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string Policy = """{"targets":["https://a.test/"],"delegation":true}""";

    [Theory]
    [InlineData("grant_types", """["client_credentials"]""")]
    [InlineData("refresh_token_inactivity_seconds", "600")]
    [InlineData("refresh_token_absolute_seconds", "600")]
    [InlineData("dpop_bound_access_tokens", "true")]
    [InlineData("tls_client_certificate_bound_access_tokens", "false")]
    [InlineData("authorization_details_types", """["payment"]""")]
    [InlineData("token_exchange", Policy)]
    public async Task Of_a_resource_server_only_the_form_of_its_tokens_is_said(string member, string value)
    {
        var grants = $$"""{"{{member}}":{{value}},"access_token_format":"opaque","access_token_signing_alg":"RS256"}""";
        (await acme.Admin.PostAsync(AdminCalls.Clients, $$"""{"client_id":"rs-grants","kind":"resource-server","audience":["https://a.test/"],"grants":{{grants}}}""")).ShouldBeProblem(400).Faults().ShouldBe(["grants." + member]);
        (await SetAsync("rs-orders", grants)).ShouldBeProblem(400).Faults().ShouldBe([member]);
    }

    [Fact]
    public async Task A_resource_server_says_the_form_of_its_tokens() =>
        (await SetAsync("rs-billing", """{"access_token_format":"opaque","access_token_signing_alg":"RS256"}""")).Status.ShouldBe(200);

    [Theory]
    [InlineData("rs-orders", "a resource server is issued no refresh tokens: name a client")]
    [InlineData("warehouse", "this client may not use the grant refresh_token: add it to its grants.grant_types first")]
    public async Task T05_A_refresh_token_that_its_client_could_not_use_is_refused(string client, string detail)
    {
        await ShouldBeRefusedAsync("refresh", new { client_id = client, sub = "u", refresh = true });
        await ShouldBeRefusedAsync("kind", new { client_id = client, sub = "u", kind = "refresh_token" });

        async Task ShouldBeRefusedAsync(string member, object body)
        {
            var error = (await acme.Admin.PostAsync(AdminCalls.Tokens, body)).ShouldBeProblem(400).GetProperty("errors").EnumerateArray().ShouldHaveSingleItem();
            (error.GetProperty("member").GetString(), error.GetProperty("detail").GetString()).ShouldBe((member, detail));
        }
    }

    [Fact]
    public async Task A_foreign_refresh_token_is_its_issuers_affair() =>
        (await acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "warehouse", kind = "refresh_token", token = "foreign-refresh", iss = "https://other.test", expires_in = 60 })).ShouldBeJson(201);

    [Fact]
    public async Task X10_Exchange_is_named_only_beside_a_policy()
    {
        await AddAsync("unpolicied", "{}");
        var refused = (await SetAsync("unpolicied", $$"""{"grant_types":["{{Exchange}}"]}""")).ShouldBeProblem(400);
        refused.GetProperty("errors")[0].GetProperty("detail").GetString()!.ShouldContain("give token_exchange");
        (await SetAsync("unpolicied", $$"""{"grant_types":["{{Exchange}}"],"token_exchange":{{Policy}}}""")).Status.ShouldBe(200);
        // Taken back, it takes its grant type along; named anew without one, that is refused.
        (await SetAsync("unpolicied", $$"""{"grant_types":["{{Exchange}}"],"token_exchange":null}""")).ShouldBeProblem(400);
        (await SetAsync("unpolicied", """{"token_exchange":null}""")).Json.GetProperty("grants").GetRawText().ShouldBe("""{"grant_types":[]}""");
    }

    [Fact]
    public async Task What_is_null_is_as_by_default_again_and_the_rest_stays()
    {
        await AddAsync("taken-back", $$"""{"grant_types":["refresh_token"],"token_exchange":{{Policy}},"dpop_bound_access_tokens":true,"refresh_token_absolute_seconds":600}""");
        (await SetAsync("taken-back", """{"token_exchange":null,"dpop_bound_access_tokens":null,"access_token_format":"jwt"}""")).Json.GetProperty("grants").GetRawText()
            .ShouldBe("""{"grant_types":["refresh_token"],"access_token_format":"jwt","refresh_token_absolute_seconds":600}""");
        (await SetAsync("taken-back", """{"grant_types":null,"access_token_format":null,"refresh_token_absolute_seconds":null}""")).Json.TryGetProperty("grants", out _).ShouldBeFalse();
        (await acme.Admin.GetAsync($"{AdminCalls.Clients}/taken-back")).Json.TryGetProperty("grants", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_body_that_is_no_object_or_has_other_members_is_refused()
    {
        foreach (var body in (string[])["[]", "null", "1", """{"token_exchnage":null}"""]) (await SetAsync("warehouse", body)).ShouldBeProblem(400);
        (await SetAsync("warehouse", """{"grant_types":[null],"authorization_details_types":[null]}""")).ShouldBeProblem(400).GetProperty("errors")[0].GetProperty("detail").GetString().ShouldBe("null is no grant type");
    }

    [Fact]
    public async Task What_a_known_client_was_refused_is_among_its_failures()
    {
        await AddAsync("refused-app", $$"""{"token_exchange":{{Policy}}}""");
        var client = new TestClient("refused-app", (await acme.Admin.PostAsync($"{AdminCalls.Clients}/refused-app/rotate-secret")).Json.GetProperty("client_secret").GetString());
        await acme.OAuth.PostAsync(OAuthCalls.Token, client, ("grant_type", "refresh_token"), ("refresh_token", "x"));
        await acme.OAuth.PostAsync(OAuthCalls.Token, client, ("grant_type", Exchange), ("subject_token", "x"), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"), ("actor_token", "y"), ("actor_token_type", "urn:ietf:params:oauth:token-type:access_token"));
        await acme.OAuth.ProveAsync(client, "no proof");

        var items = (await acme.Admin.GetAsync($"{AdminCalls.Clients}/refused-app/failures")).Json.GetProperty("items").EnumerateArray();
        items.Select(item => item.GetProperty("reason").GetString()).ShouldBe(["dpop_proof_refused", "subject_unknown", "grant_type_not_registered"]);
    }

    [Fact]
    public async Task What_anybody_can_send_in_a_public_client_s_name_is_not_among_its_failures()
    {
        (await acme.Admin.PostAsync(AdminCalls.Clients, """{"client_id":"anybody","kind":"client","public":true,"grants":{"grant_types":["refresh_token"]}}""")).Status.ShouldBe(201);
        var anybody = new TestClient("anybody", null);
        (await acme.OAuth.PostAsync(OAuthCalls.Token, anybody, ("grant_type", Exchange), ("subject_token", "x"), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"))).ShouldBeError(400, "unauthorized_client");
        (await acme.OAuth.PostAsync(OAuthCalls.Token, anybody, ("grant_type", "client_credentials"))).Status.ShouldBe(400);
        using var unproven = new HttpRequestMessage(HttpMethod.Post, OAuthCalls.Token) { Content = new FormUrlEncodedContent([new("client_id", "anybody"), new("grant_type", "refresh_token"), new("refresh_token", "x")]) };
        unproven.Headers.Add("DPoP", "no proof");
        (await acme.OAuth.SendAsync(unproven)).ShouldBeError(400, "invalid_dpop_proof");
        (await acme.Admin.GetAsync($"{AdminCalls.Clients}/anybody/failures")).Json.GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    private Task<Answer> SetAsync(string id, string grants) => acme.Admin.PostAsync($"{AdminCalls.Clients}/{id}/grants", grants);

    private async Task AddAsync(string id, string grants) => (await acme.Admin.PostAsync(AdminCalls.Clients, $$"""{"client_id":"{{id}}","kind":"client","grants":{{grants}}}""")).Status.ShouldBe(201);
}
