using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>What an answer that is kept does not save, and what is not kept of a request.</summary>
public sealed class EachRequestTests
{
    [Fact]
    public async Task I51_What_is_kept_is_judged_anew_at_each_request()
    {
        await using var api = await BoundApi.StartAsync(options => (options.Audiences, options.Introspection.Policy) = ([Shop.Api], new() { PlainTtl = TimeSpan.FromMinutes(10), NegativeTtl = default }),
            static app => app.MapGet("/write", static () => "written").RequireScope("orders:write"));
        var (key, now) = (new DPoPKey(), api.Time.Seconds);
        var mine = $"\"aud\":\"{Shop.Api}\"";
        var good = api.Token($"{mine},\"exp\":{now + 60}");
        var elsewhere = api.Token("\"aud\":\"https://billing.acme.test/\"");
        var bound = api.Token($$"""{{mine}},"cnf":{"jkt":"{{key.Thumbprint}}"}""");
        for (var i = 0; i < 3; i++)
        {
            (await api.SendAsync("/orders", "Bearer " + good)).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await api.SendAsync("/write", "Bearer " + good)).StatusCode.ShouldBe(HttpStatusCode.Forbidden, "scope");
            (await api.SendAsync("/orders", "Bearer " + elsewhere)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "aud");
            (await api.SendAsync("/orders", "Bearer " + bound)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "cnf");
        }
        api.Asked.ShouldBe(3, "all of it was kept");

        // The server goes on saying that they are active.
        api.Time.AdvanceSeconds(60);
        (await api.SendAsync("/orders", "Bearer " + good)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "exp");
        var early = api.Token($"{mine},\"nbf\":{api.Time.Seconds + 7}");
        (await api.SendAsync("/orders", "Bearer " + early)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "nbf");
        api.Time.AdvanceSeconds(2);
        (await api.SendAsync("/orders", "Bearer " + early)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task F11_The_token_stays_with_the_request_alone_and_only_where_the_application_wants_it(bool isSaved)
    {
        await using var api = await BoundApi.StartAsync(options => options.SaveToken = isSaved, static app => app.MapGet("/kept", static async (HttpContext http) =>
            $"{await http.GetTokenAsync("access_token")}|{string.Join(' ', http.User.Claims.Select(static claim => claim.ToString()))}|{http.Features.Get<ITokenIntrospectionFeature>()!.Result}").RequireAuthorization());
        var token = api.Token();
        for (var i = 0; i < 2; i++)
        {
            var parts = (await (await api.SendAsync("/kept", "Bearer " + token)).Content.ReadAsStringAsync()).Split('|', 2);
            parts[0].ShouldBe(isSaved ? token : "");
            parts[1].ShouldNotContain(token);
        }
    }
}
