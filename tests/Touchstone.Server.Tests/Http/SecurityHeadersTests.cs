using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Tests.ClientAuth;

namespace Touchstone.Server.Tests.Http;

public sealed class SecurityHeadersTests(Acme acme) : IClassFixture<Acme>
{
    [Fact]
    public async Task Every_route_has_them_whatever_it_answers()
    {
        var routes = acme.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText!.Replace("{id}", "x", StringComparison.Ordinal)).Distinct().ToArray();
        routes.Length.ShouldBeGreaterThan(15);
        foreach (var route in (string[])[.. routes, "/", "/nowhere", "/admin/nowhere"])
        {
            foreach (var method in (string[])["GET", "POST", "OPTIONS"])
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), route);
                var answer = await acme.OAuth.SendAsync(request);
                answer.ShouldBeGuarded();
                answer.Header("Strict-Transport-Security").ShouldBeNull();
            }
        }
    }

    [Fact]
    public async Task An_answer_about_a_token_has_three_more_headers_its_request_s_identifier_and_no_others() =>
        (await acme.OAuth.IntrospectAsync(await acme.TokenAsync(), acme.Orders)).HeaderNames.ShouldBe(
            ["Cache-Control", "Content-Length", "Content-Security-Policy", "Content-Type", "Pragma", "Referrer-Policy", "X-Content-Type-Options", "X-Request-ID"]);

    [Fact]
    public async Task Over_https_and_where_it_is_configured_https_is_asked_for()
    {
        var tls = new TlsServer { Adjust = options => options.StrictTransportSecurity = TimeSpan.FromDays(365) };
        await tls.InitializeAsync();
        await using var _ = tls;
        (await tls.CallAsync("nobody", null)).ShouldBeGuarded().Header("Strict-Transport-Security").ShouldBe("max-age=31536000");
        (await tls.Server.OAuth.GetAsync("/health/live")).Header("Strict-Transport-Security").ShouldBeNull();
    }
}
