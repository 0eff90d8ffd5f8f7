using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Touchstone.AspNetCore;
using Touchstone.Client.Testing;

namespace Touchstone.Client.Tests.Testing;

public sealed class UseFakeAuthorizationServerTests
{
    private readonly FakeAuthorizationServer _server = new();
    private readonly ServiceCollection _services = new();

    [Fact]
    public async Task Every_client_of_the_container_asks_it()
    {
        _services.AddTokenIntrospection(options => options.Issuer = new Uri("https://as.acme.test"));
        _services.AddTokenIntrospection("billing", options => (options.IntrospectionEndpoint, options.FeedEndpoint, options.ClientId, options.ClientSecret) = (new("https://b.test/i"), new("https://b.test/f"), "b", "s"));
        _services.UseFakeAuthorizationServer(_server);
        await using var parts = _services.BuildServiceProvider();
        foreach (var client in new[] { parts.GetRequiredService<IntrospectionClient>(), parts.GetRequiredKeyedService<IntrospectionClient>("billing") }) (await client.IntrospectAsync(_server.Issue())).IsActive.ShouldBeTrue();
        _server.Calls.ShouldBe(2);
    }

    [Fact]
    public async Task Everything_but_the_server_stays_as_it_is_configured_whichever_line_comes_first()
    {
        var bearer = ClientAuthentication.Bearer(_ => new("at.1"));
        _services.UseFakeAuthorizationServer(_server);
        _services.AddLogging().AddAuthentication().AddTokenIntrospection("api", options =>
        {
            options.Audiences = ["https://orders.acme.test/"];
            options.Introspection = new() { Issuer = new Uri("https://as.acme.test"), Authentication = bearer, Retries = 1, Policy = new() { MaxTtl = TimeSpan.FromSeconds(7) } };
        });
        await using var parts = _services.BuildServiceProvider();
        var scheme = parts.GetRequiredService<IOptionsMonitor<TokenIntrospectionSchemeOptions>>().Get("api");
        (scheme.Introspection.Issuer, scheme.Introspection.Retries, scheme.Introspection.Policy.MaxTtl, scheme.Introspection.ClientSecret).ShouldBe((_server.Issuer, 1, TimeSpan.FromSeconds(7), null));
        scheme.Introspection.Authentication.ShouldBeSameAs(bearer);
        scheme.Audiences.ShouldBe(["https://orders.acme.test/"]);
    }

    [Fact]
    public async Task A_handler_that_is_brought_is_asked_for_once_and_disposed_with_its_client()
    {
        var made = new List<Brought>();
        var options = new TokenIntrospectionOptions();
        _server.Configure(options);
        options.Backchannel = () =>
        {
            made.Add(new Brought(_server.CreateHandler()));
            return made[^1];
        };
        await using (var client = new IntrospectionClient(options))
        {
            for (var i = 0; i < 3; i++) (await client.IntrospectAsync(_server.Issue())).IsActive.ShouldBeTrue();
            made.Single().IsDisposed.ShouldBeFalse();
        }
        made.Single().IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task With_a_clock_that_is_moved_a_token_expires_and_another_is_revoked()
    {
        var time = new ManualTime();
        var server = new FakeAuthorizationServer(time);
        var options = new TokenIntrospectionOptions { Retries = 0 };
        server.Configure(options);
        await using var client = new IntrospectionClient(options, time: time);
        var (brief, lasting) = (server.Issue(expiresIn: TimeSpan.FromSeconds(60)), server.Issue());
        (await client.IntrospectAsync(brief)).IsActive.ShouldBeTrue();
        (await client.IntrospectAsync(lasting)).IsActive.ShouldBeTrue();

        time.Advance(TimeSpan.FromSeconds(60));
        (await client.IntrospectAsync(brief)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        (await client.IntrospectAsync(lasting)).IsActive.ShouldBeTrue();
        await server.RevokeAsync(lasting);
        (await client.IntrospectAsync(lasting)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    private sealed class Brought(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        internal bool IsDisposed { get; private set; }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
