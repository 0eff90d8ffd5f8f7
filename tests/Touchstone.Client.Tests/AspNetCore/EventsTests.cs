using System.Net;
using System.Security.Claims;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.AspNetCore;
using Touchstone.Client.Testing;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>Where an application steps in, by functions or by a type of its own.</summary>
public sealed class EventsTests
{
    private readonly FakeAuthorizationServer _server = new();

    [Fact]
    public async Task What_an_application_refuses_is_an_invalid_token_and_what_it_adds_is_there()
    {
        await using var api = await Api.StartAsync(options =>
        {
            _server.Configure(options.Introspection);
            options.Events = new()
            {
                OnTokenIntrospected = context =>
                {
                    if (context.Introspection.Token!.Subject == "mallory") context.Fail("not here");
                    else ((ClaimsIdentity)context.Principal!.Identity!).AddClaim(new Claim("desk", "7"));
                    return Task.CompletedTask;
                },
            };
        });
        var refused = await api.GetAsync("/read", _server.Issue(["orders:read"], "mallory"));
        (refused.StatusCode, refused.Challenge().Contains("invalid_token", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.Unauthorized, true));
        var token = _server.Issue(["orders:read"]);
        // From the server, and from memory: what was added to one request is not in the other.
        for (var i = 0; i < 2; i++) (await (await api.GetAsync("/read", token)).Content.ReadAsStringAsync()).Split('\n').Count(claim => claim.StartsWith("desk=7", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task They_may_be_a_type_that_the_container_makes()
    {
        await using var api = await Api.StartAsync(
            options =>
            {
                _server.Configure(options.Introspection);
                options.EventsType = typeof(TokenFromCookie);
            },
            services: services => services.AddScoped<TokenFromCookie>());
        using var request = new HttpRequestMessage(HttpMethod.Get, "/read") { Headers = { { "Cookie", "token=" + _server.Issue(["orders:read"]) } } };
        (await api.Http.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_application_whose_scheme_is_wrong_does_not_start_and_is_told_all_that_is()
    {
        var thrown = await Should.ThrowAsync<ArgumentException>(() => Api.StartAsync(options => (options.Realm, options.Introspection.MaxEntries) = ("", -1)));
        thrown.Message.ShouldContain("Realm");
        thrown.Message.ShouldContain("Issuer");
        thrown.Message.ShouldContain("ClientSecret");
        thrown.Message.ShouldContain("MaxEntries");
    }

    private sealed class TokenFromCookie : TokenIntrospectionEvents
    {
        public TokenFromCookie() => OnTokenReceiving = context =>
        {
            context.Token = context.Request.Cookies["token"];
            return Task.CompletedTask;
        };
    }
}
