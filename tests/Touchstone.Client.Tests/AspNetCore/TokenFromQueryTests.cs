using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Touchstone.AspNetCore;
using Touchstone.AspNetCore.Binding;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Tokens in the query, where an API asks for that.</summary>
public sealed class TokenFromQueryTests : IAsyncLifetime
{
    private BoundApi _api = null!;

    public async ValueTask InitializeAsync() => _api = await BoundApi.StartAsync(options => options.TokenFromQuery = new() { Paths = ["/hubs"] }, app =>
    {
        app.MapMethods("/hubs/orders", ["GET", "POST"], () => "in").RequireAuthorization();
        app.MapGet("/hubs/cached", (HttpContext http) =>
        {
            http.Response.Headers.CacheControl = "no-store";
            return "in";
        }).RequireAuthorization();
    });

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task B03_A_token_in_the_query_is_taken_where_it_is_allowed_and_its_answer_is_private()
    {
        var token = _api.Token();
        var response = await _api.SendAsync($"/hubs/orders?access_token={token}", null);
        (response.StatusCode, response.Headers.CacheControl!.ToString()).ShouldBe((HttpStatusCode.OK, "private"));
        (await _api.SendAsync($"/hubs/cached?access_token={token}", null)).Headers.CacheControl!.ToString().ShouldBe("no-store");
        (await _api.SendAsync("/hubs/orders?access_token=at.never-seen", null)).Challenge().ShouldContain("invalid_token");
    }

    [Fact]
    public async Task B03_Elsewhere_and_by_default_it_is_not_read()
    {
        var token = _api.Token();
        (await _api.SendAsync($"/orders?access_token={token}", null)).Challenge().ShouldBe("Bearer realm=\"orders\"");
        await using var other = await BoundApi.StartAsync();
        (await other.SendAsync($"/orders?access_token={other.Token()}", null)).Challenge().ShouldBe("Bearer realm=\"orders\"");
        (await other.SendAsync("/orders?access_token=x", "Bearer " + other.Token())).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/orders"), InlineData("/hubs/orders")]
    public async Task B02_A_token_in_a_body_is_not_read(string path)
    {
        using var content = new FormUrlEncodedContent([new("access_token", _api.Token())]);
        var response = await _api.Http.PostAsync(path, content);
        (response.StatusCode, response.Challenge(), _api.Asked).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\"", 0));
    }

    [Fact]
    public async Task B04_B23_Two_tokens_at_once_are_a_malformed_request_and_nobody_is_asked()
    {
        var token = _api.Token();
        string[] paths = [$"/hubs/orders?access_token={token}&access_token={token}", "/hubs/orders?access_token=a%20b"];
        foreach (var path in paths) (await _api.SendAsync(path, null)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var response = await _api.SendAsync($"/hubs/orders?access_token={token}", "Bearer " + token);
        (response.StatusCode, response.Challenge()).ShouldBe((HttpStatusCode.BadRequest, "Bearer realm=\"orders\", error=\"invalid_request\", error_description=\"The request holds more than one token.\""));
        _api.Asked.ShouldBe(0);
        (await _api.SendAsync("/hubs/orders?access_token=", "Bearer " + token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task O29_A_token_that_is_bound_to_a_key_is_refused_there()
    {
        var key = new DPoPKey();
        (await _api.SendAsync($"/hubs/orders?access_token={_api.Token(key)}", null, key.Proof(_api.Url("/hubs/orders"), "x", _api.Time.Seconds))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public void With_bound_tokens_alone_it_is_refused_when_it_is_configured() =>
        Should.Throw<ArgumentException>(new TokenIntrospectionSchemeOptions { DPoP = new() { Mode = DPoPMode.Required }, TokenFromQuery = new() { Paths = ["/hubs"] } }.Validate).Message.ShouldContain("TokenFromQuery");

    [Fact]
    public void A_plain_token_is_read_and_found_unbound_without_an_allocation()
    {
        var (http, options, header) = (new DefaultHttpContext(), new TokenIntrospectionSchemeOptions(), new StringValues("Bearer at.7Qm2hV0pXc9rK4sLbN8tYw"));
        http.Request.Headers.Authorization = header;
        var passed = 0;
        for (var i = 0; i < 100; i++) Pass();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Pass();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
        passed.ShouldBe(1100);

        void Pass()
        {
            if (PresentedToken.Read(http.Request, options, out _, out _) is Presented.Token && SenderBinding.Holds(null, null, http)) passed++;
        }
    }
}
