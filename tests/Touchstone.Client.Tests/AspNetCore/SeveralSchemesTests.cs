using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>An endpoint that takes tokens of several servers.</summary>
public sealed class SeveralSchemesTests
{
    [Theory]
    [InlineData("one", "two")]
    [InlineData("two", "one")]
    public async Task B12_An_outage_of_one_server_is_503_whatever_the_other_says(params string[] schemes)
    {
        await using var down = await OtherServer.StartAsync();
        await using var other = await OtherServer.StartAsync();
        down.Behavior = http => OtherServer.RefuseAsync(http, 500);
        other.Behavior = http => OtherServer.AnswerAsync(http, OtherServer.Inactive);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication()
            .AddTokenIntrospection("one", options => Asks(options, "of one", down))
            .AddTokenIntrospection("two", options => Asks(options, "of two", other));
        builder.Services.AddAuthorization();
        await using var app = builder.Build();
        app.MapGet("/", static () => "reached").RequireAuthorization(new AuthorizeAttribute { AuthenticationSchemes = string.Join(',', schemes) });
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()), DefaultRequestHeaders = { { "Authorization", "Bearer t" } } };
        var response = await http.GetAsync("/");
        (response.StatusCode, response.Headers.RetryAfter?.Delta).ShouldBe((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)));
        down.Behavior = other.Behavior;
        var refused = await http.GetAsync("/");
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        refused.Headers.WwwAuthenticate.Where(challenge => challenge.Scheme == "Bearer").Select(challenge => challenge.Parameter!.Split(',')[0]).ShouldBe(["realm=\"of one\"", "realm=\"of two\""], ignoreOrder: true);
    }

    private static void Asks(TokenIntrospectionSchemeOptions options, string realm, OtherServer server)
    {
        options.Realm = realm;
        options.Introspection = new() { IntrospectionEndpoint = server.Endpoint, ClientId = "rs", ClientSecret = "s", Retries = 0 };
    }

    [Fact]
    public void L28_A_scheme_and_a_client_of_one_name_are_refused_for_they_would_be_one()
    {
        var services = new ServiceCollection();
        services.AddTokenIntrospection("orders", static _ => { });
        services.AddTokenIntrospection("orders", static _ => { });
        Should.Throw<InvalidOperationException>(() => services.AddAuthentication().AddTokenIntrospection("orders", static _ => { })).Message.ShouldContain("'orders'");
        services.AddAuthentication().AddTokenIntrospection("billing", static _ => { });
        Should.Throw<InvalidOperationException>(() => services.AddTokenIntrospection("billing", static _ => { })).Message.ShouldContain("'billing'");
    }
}
