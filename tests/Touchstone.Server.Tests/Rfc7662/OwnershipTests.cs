using System.Text.Json;

namespace Touchstone.Server.Tests.Rfc7662;

public sealed class OwnershipTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task I42_L01_A_token_for_one_API_is_inactive_for_another()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        (await acme.OAuth.IntrospectAsync(token, acme.Billing)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task I42_The_answer_in_the_cache_is_never_given_to_another_caller()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.IntrospectAsync(token, acme.Billing)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        (await acme.OAuth.IntrospectAsync(token, acme.Warehouse)).ShouldBeInactive();
    }

    [Fact]
    public async Task I42_A_token_for_several_APIs_is_active_for_each_of_them()
    {
        var token = await acme.TokenAsync(new { client_id = "web-shop", aud = new[] { Acme.OrdersApi, Acme.BillingApi } });
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        (await acme.OAuth.IntrospectAsync(token, acme.Billing)).ShouldBeActive();
    }

    [Theory]
    [InlineData("https://orders.acme.test")]
    [InlineData("https://orders.acme.test/x")]
    [InlineData("HTTPS://orders.acme.test/")]
    [InlineData("https://orders.acme.test/ ")]
    [InlineData("rs-orders")]
    public async Task C22_C29_An_audience_that_only_looks_like_ours_is_not_ours(string audience)
    {
        var token = await acme.TokenAsync(new { client_id = "web-shop", aud = audience });
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task L01_A_client_sees_its_own_tokens_and_no_others_even_with_its_name_in_the_audience()
    {
        var own = await acme.OAuth.TokenOfAsync(acme.Shop);
        var named = await acme.TokenAsync(new { client_id = "web-shop", aud = acme.Warehouse.Id });
        (await acme.OAuth.IntrospectAsync(own, acme.Shop)).ShouldBeActive();
        (await acme.OAuth.IntrospectAsync(own, acme.Warehouse)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(named, acme.Warehouse)).ShouldBeInactive();
    }

    [Fact]
    public async Task I44_L09_A_refresh_token_is_inactive_for_every_API_whatever_its_audience()
    {
        var token = await acme.RefreshTokenAsync("grant-44");
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        (await acme.OAuth.IntrospectAsync(token, acme.Shop)).ShouldBeActive();
        (await acme.OAuth.IntrospectAsync(token, acme.Warehouse)).ShouldBeInactive();
    }

    [Fact]
    public async Task L01_The_administrator_client_has_no_more_rights_here_than_any_other()
    {
        var token = await acme.TokenAsync();
        (await acme.OAuth.IntrospectAsync(token, acme.Server.AdminClient)).ShouldBeError(403, "access_denied");
    }

    [Fact]
    public async Task L14_Claims_with_reserved_names_are_refused_at_issue_in_every_spelling()
    {
        foreach (var name in Touchstone.Protocol.Introspection.IntrospectionMembers.All)
        {
            string[] spellings = [name, name.ToUpperInvariant(), $"\\u{(int)name[0]:x4}{name[1..]}"];
            foreach (var spelling in spellings)
            {
                var answer = await acme.Admin.PostAsync(AdminCalls.Tokens, $$$"""{"client_id":"web-shop","aud":"{{{Acme.OrdersApi}}}","claims":{"{{{spelling}}}":true}}""");
                answer.ShouldBeProblem(400).Faults().ShouldBe(["claims"], spelling);
            }
        }
    }

    [Fact]
    public async Task L14_Names_that_only_look_like_reserved_ones_are_other_names()
    {
        var claims = JsonSerializer.Deserialize<JsonElement>("""{"sub ":"x","exp\u200b":1,"aсtive":false}""");
        var token = await acme.TokenAsync(new { client_id = "web-shop", sub = "u-1", aud = Acme.OrdersApi, claims });
        var json = (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();
        json.GetProperty("sub").GetString().ShouldBe("u-1");
        json.GetProperty("sub ").GetString().ShouldBe("x");
        json.EnumerateObject().Count(member => member.Name == "exp").ShouldBe(1);
    }
}
