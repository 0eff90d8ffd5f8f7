using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>The handler in a real API, at a real server.</summary>
public sealed class HandlerTests : IAsyncLifetime
{
    private Shop _shop = null!;
    private Api _api = null!;

    public async ValueTask InitializeAsync()
    {
        _shop = await Shop.OpenAsync();
        _api = await Api.StartAsync(Scheme(_shop), _shop.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _shop.DisposeAsync();
    }

    [Fact]
    public async Task An_active_token_with_the_scope_is_let_in_with_its_claims()
    {
        var response = await _api.GetAsync("/read", await _shop.TokenAsync());
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var claims = (await response.Content.ReadAsStringAsync()).Split('\n');
        claims.ShouldContain("sub=u-4821 string");
        claims.ShouldContain("scope=orders:read string");
        claims.ShouldContain($"aud={Shop.Api} string");
        claims.ShouldContain(claim => claim.StartsWith("exp=") && claim.EndsWith(" integer64"));
        claims.ShouldNotContain(claim => claim.StartsWith("active="));
        (await (await _api.GetAsync("/name", await _shop.TokenAsync())).Content.ReadAsStringAsync()).ShouldBe("u-4821");
    }

    [Fact]
    public async Task B05_B06_B20_Without_a_token_the_challenge_has_no_error()
    {
        var response = await _api.GetAsync("/read");
        (response.StatusCode, response.Challenge()).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\""));
    }

    [Fact]
    public async Task B05_B06_B21_Nor_with_credentials_of_another_scheme()
    {
        foreach (var header in new[] { "Basic YTpi", "Bearerer abc", "Digest x" })
        {
            var response = await _api.SendAsync("/read", header);
            (response.StatusCode, response.Challenge()).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\""));
        }
    }

    [Fact]
    public async Task B07_B22_What_is_not_active_is_an_invalid_token()
    {
        var response = await _api.GetAsync("/read", "at.never-seen");
        (response.StatusCode, response.Challenge()).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"orders\", error=\"invalid_token\", error_description=\"The token is not active.\""));
    }

    [Fact]
    public async Task B09_B24_A_missing_scope_is_forbidden_and_named()
    {
        var token = await _shop.TokenAsync();
        var response = await _api.GetAsync("/write", token);
        (response.StatusCode, response.Challenge()).ShouldBe((HttpStatusCode.Forbidden, "Bearer realm=\"orders\", error=\"insufficient_scope\", scope=\"orders:write\""));
        (await _api.GetAsync("/both", token)).Challenge().ShouldEndWith("scope=\"orders:read orders:write\"");
    }

    [Fact]
    public async Task L07_Primed_cache_still_checks_the_scope_of_this_route()
    {
        var token = await _shop.TokenAsync();
        (await _api.GetAsync("/read", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await _api.GetAsync("/write", token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task B25_A_token_for_another_API_is_an_invalid_token()
    {
        await using var api = await Api.StartAsync(options =>
        {
            Scheme(_shop)(options);
            options.Audiences = ["https://billing.acme.test/"];
        }, _shop.Time);
        var response = await api.GetAsync("/read", await _shop.TokenAsync());
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        response.Challenge().ShouldContain("error=\"invalid_token\"");
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer a b")]
    [InlineData("Bearer a,b")]
    [InlineData("Bearer =abc")]
    [InlineData("Bearer \"abc\"")]
    public async Task B11_What_is_no_token_is_a_malformed_request_and_nobody_is_asked(string header)
    {
        var response = await _api.SendAsync("/read", header);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        response.Challenge().ShouldContain("error=\"invalid_request\"");
    }

    [Fact]
    public async Task L45_Two_headers_are_refused()
    {
        var token = await _shop.TokenAsync();
        // Sent raw: an HTTP client would join them.
        var response = await RawHttp.SendAsync(_api.Http.BaseAddress!, $"GET /read HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        response.Status.ShouldBe(400);
    }

    [Fact]
    public async Task B01_The_name_of_the_scheme_is_the_same_in_any_case()
    {
        var token = await _shop.TokenAsync();
        foreach (var scheme in new[] { "bearer", "BEARER", "Bearer" }) (await _api.SendAsync("/read", $"{scheme} {token}")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task B27_A_refused_request_never_reaches_the_endpoint()
    {
        await _api.GetAsync("/read");
        await _api.GetAsync("/read", "at.never-seen");
        await _api.GetAsync("/write", await _shop.TokenAsync());
        _api.Reached.ShouldBe(0);
        (await _api.GetAsync("/open", "at.never-seen")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_revoked_token_is_refused()
    {
        var token = await _shop.TokenAsync();
        (await _api.GetAsync("/read", token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var seq = (await _shop.Server.Admin.RevokeAsync(token)).GetProperty("seq").GetInt64();
        var client = _api.Services.GetRequiredKeyedService<IntrospectionClient>(TokenIntrospectionDefaults.AuthenticationScheme);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (client.Follower.View.Head.Seq < seq)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        (await _api.GetAsync("/read", token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_endpoint_may_have_a_policy_of_its_own()
    {
        var token = await _shop.TokenAsync();
        await _api.GetAsync("/read", token);
        for (var i = 0; i < 2; i++) (await (await _api.GetAsync("/fresh", token)).Content.ReadAsStringAsync()).ShouldBe("Server");
    }

    [Fact]
    public async Task B12_When_nobody_can_be_asked_it_is_503_and_not_401()
    {
        await using var api = await Api.StartAsync(options =>
        {
            options.Introspection = new() { IntrospectionEndpoint = new Uri("http://127.0.0.1:1/"), ClientId = "rs", ClientSecret = "s", Retries = 0 };
            options.RetryAfter = TimeSpan.FromSeconds(3);
        });
        var response = await api.GetAsync("/read", "at.1");
        (response.StatusCode, response.Headers.RetryAfter!.ToString(), response.Challenge()).ShouldBe((HttpStatusCode.ServiceUnavailable, "3", ""));
        (await api.GetAsync("/read")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        var lenient = await api.GetAsync("/lenient", "at.1");
        (lenient.StatusCode, await lenient.Content.ReadAsStringAsync()).ShouldBe((HttpStatusCode.OK, "Open"));
        (await api.SendAsync("/lenient", "Bearer a b")).StatusCode.ShouldBe(HttpStatusCode.BadRequest, "the client's own fault");
    }

    [Fact]
    public async Task Open_has_no_scope()
    {
        await using var api = await Api.StartAsync(options => options.Introspection = new()
        {
            IntrospectionEndpoint = new Uri("http://127.0.0.1:1/"), ClientId = "rs", ClientSecret = "s", Retries = 0, Policy = new() { FailMode = FailMode.FailOpen },
        });
        (await api.GetAsync("/read", "at.1")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await api.GetAsync("/name", "at.1")).StatusCode.ShouldBe(HttpStatusCode.InternalServerError, "it has no name");
    }

    [Fact]
    public async Task A_scheme_is_read_from_the_configuration()
    {
        await using var api = await Api.StartAsync(static _ => { }, _shop.Time, new()
        {
            ["Authentication:Schemes:Bearer:Realm"] = "configured",
            ["Authentication:Schemes:Bearer:Audiences:0"] = Shop.Api,
            ["Authentication:Schemes:Bearer:Introspection:IntrospectionEndpoint"] = new Uri(_shop.Server.Address, "/oauth/introspect").ToString(),
            ["Authentication:Schemes:Bearer:Introspection:FeedEndpoint"] = new Uri(_shop.Server.Address, "/feed").ToString(),
            ["Authentication:Schemes:Bearer:Introspection:ClientId"] = _shop.Orders.Id,
            ["Authentication:Schemes:Bearer:Introspection:ClientSecret"] = _shop.Orders.Secret,
            ["Authentication:Schemes:Bearer:Introspection:Policy:MaxTtl"] = "00:00:07",
        });
        (await api.GetAsync("/read", await _shop.TokenAsync())).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await api.GetAsync("/read")).Challenge().ShouldBe("Bearer realm=\"configured\"");
        api.Services.GetRequiredKeyedService<IntrospectionClient>("Bearer").Policy.MaxTtl.ShouldBe(TimeSpan.FromSeconds(7));
    }

    [Theory]
    [InlineData("a\"b")]
    [InlineData("a\nb")]
    [InlineData("")]
    public async Task B26_What_would_break_the_header_is_refused_when_it_is_configured(string realm)
    {
        await Should.ThrowAsync<ArgumentException>(() => Api.StartAsync(options =>
        {
            Scheme(_shop)(options);
            options.Realm = realm;
        }, _shop.Time));
        Should.Throw<ArgumentException>(() => new RequiredScopeAttribute(realm));
    }

    private static Action<TokenIntrospectionSchemeOptions> Scheme(Shop shop) => options =>
    {
        options.Realm = "orders";
        options.Audiences = [Shop.Api];
        options.Introspection = new()
        {
            IntrospectionEndpoint = new Uri(shop.Server.Address, "/oauth/introspect"), FeedEndpoint = new Uri(shop.Server.Address, "/feed"), ClientId = shop.Orders.Id, ClientSecret = shop.Orders.Secret, Retries = 0,
        };
    };
}
