using Touchstone.Client.Authentication;
using Touchstone.Client.Tests.Authentication;
using Touchstone.Client.Upstream;

namespace Touchstone.Client.Tests.Upstream;

/// <summary>Which endpoints are taken from metadata.</summary>
public sealed class DiscoveryTests
{
    [Fact]
    public async Task M08_Who_shows_a_certificate_goes_where_certificates_are_asked_for()
    {
        await using var server = await OtherServer.StartAsync();
        var issuer = server.Address.GetLeftPart(UriPartial.Authority);
        server.Behavior = http => OtherServer.AnswerAsync(http, $$$"""
            {"issuer":"{{{issuer}}}/","introspection_endpoint":"https://as.acme.test/introspect","token_endpoint":"https://as.acme.test/token","touchstone_introspection_batch_endpoint":"http://as.acme.test/batch",
             "mtls_endpoint_aliases":{"introspection_endpoint":"https://mtls.acme.test/introspect","token_endpoint":7}}
            """);
        using var certificate = CallerShop.SelfSigned("CN=orders");
        var plain = await FindAsync(issuer, ClientAuthentication.Basic("rs", "s"));
        var shown = await FindAsync(issuer, ClientAuthentication.TlsCertificate("rs", () => certificate));
        plain.ShouldBe(new ServerEndpoints(new Uri("https://as.acme.test/introspect"), null, null, new Uri("https://as.acme.test/token"), issuer + "/"), "http to another host is no endpoint");
        shown.ShouldBe(plain! with { Introspection = new Uri("https://mtls.acme.test/introspect") });
    }

    [Fact]
    public async Task A_client_that_follows_nothing_looks_for_its_server_too_when_it_starts()
    {
        await using var server = await OtherServer.StartAsync();
        var issuer = server.Address.GetLeftPart(UriPartial.Authority);
        server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"issuer":"{{issuer}}","introspection_endpoint":"{{server.Endpoint}}"}""");
        await using var client = server.Client(options => (options.IntrospectionEndpoint, options.Issuer, options.Feed) = (null, new Uri(issuer), FeedMode.Off));
        client.Status.IsServerFound.ShouldBeFalse();
        await client.StartAsync();
        client.Status.IsServerFound.ShouldBeTrue();
    }

    [Fact]
    public async Task A_caller_that_is_refused_with_Basic_and_gets_no_token_is_tried_as_at_first()
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.RefuseAsync(http, 400);
        using var http = new HttpClient();
        var options = new TokenIntrospectionOptions { IntrospectionEndpoint = server.Endpoint, TokenEndpoint = new Uri(server.Address, "/token") };
        using var discovery = new Discovery(options, http, TimeProvider.System);
        var caller = ClientAuthentication.Post("rs", "secret of rs").AtFeed(new AskedServer(discovery, http, TimeProvider.System));
        (await SchemeAsync(caller)).ShouldBe("Basic");
        caller.Renews().ShouldBeTrue();
        (await Should.ThrowAsync<HttpRequestException>(() => SchemeAsync(caller))).IsRefusal().ShouldBeTrue();
        (await SchemeAsync(caller)).ShouldBe("Basic");
        server.Calls.ShouldBe(1);
    }

    [Theory]
    [InlineData("\"https://other.test\"")]
    [InlineData("\"ISSUER/tenant\"")]
    [InlineData("\"ISSUER.other.test\"")]
    [InlineData("\"ISSUER?\"")]
    [InlineData("[\"ISSUER\"]")]
    [InlineData("null")]
    public async Task E20_Metadata_of_another_issuer_is_none_and_the_endpoints_in_it_are_not_asked(string said)
    {
        await using var server = await OtherServer.StartAsync();
        var issuer = server.Address.GetLeftPart(UriPartial.Authority);
        var asked = new System.Collections.Concurrent.ConcurrentQueue<string>();
        server.Behavior = http =>
        {
            asked.Enqueue(http.Request.Path.Value!);
            return http.Request.Path == "/introspect"
                ? OtherServer.AnswerAsync(http, OtherServer.Active)
                : OtherServer.AnswerAsync(http, $$"""{"issuer":{{said.Replace("ISSUER", issuer, StringComparison.Ordinal)}},"introspection_endpoint":"{{server.Endpoint}}"}""");
        };
        await using var client = server.Client(options => (options.IntrospectionEndpoint, options.Issuer) = (null, new Uri(issuer)));
        (await client.IntrospectAsync("t")).Outcome.ShouldBe(IntrospectionOutcome.CannotTell);
        asked.ShouldNotBeEmpty();
        asked.ShouldNotContain("/introspect");

        server.Behavior = http => http.Request.Path == "/introspect" ? OtherServer.AnswerAsync(http, OtherServer.Active) : OtherServer.AnswerAsync(http, $$"""{"issuer":"{{issuer}}","introspection_endpoint":"{{server.Endpoint}}"}""");
        await using var other = server.Client(options => (options.IntrospectionEndpoint, options.Issuer) = (null, new Uri(issuer)));
        (await other.IntrospectAsync("t")).IsActive.ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"issuer":"\ud800"}""")]
    [InlineData("""{"issuer":"ISSUER","introspection_endpoint":"http://127.0.0.1/\udc00"}""")]
    [InlineData("""{"issuer":"ISSUER","introspection_endpoint":"http://127.0.0.1/","token_endpoint":"\ud800"}""")]
    public async Task Metadata_that_is_no_text_is_none(string metadata)
    {
        await using var server = await OtherServer.StartAsync();
        var issuer = server.Address.GetLeftPart(UriPartial.Authority);
        server.Behavior = http => OtherServer.AnswerAsync(http, metadata.Replace("ISSUER", issuer, StringComparison.Ordinal));
        (await FindAsync(issuer, ClientAuthentication.Basic("rs", "s"))).ShouldBeNull();
    }

    [Fact]
    public async Task Metadata_that_hangs_when_it_is_looked_at_again_holds_up_nobody_else()
    {
        var time = new ManualTime();
        await using var server = await OtherServer.StartAsync();
        var issuer = server.Address.GetLeftPart(UriPartial.Authority);
        server.Behavior = http => OtherServer.AnswerAsync(http, $$"""{"issuer":"{{issuer}}","introspection_endpoint":"{{server.Endpoint}}"}""");
        using var sender = new HttpClient();
        using var discovery = new Discovery(new TokenIntrospectionOptions { Issuer = new Uri(issuer) }, sender, time);
        await discovery.FindAsync(default);
        var hangs = new TaskCompletionSource();
        server.Behavior = http =>
        {
            hangs.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        };
        time.Advance(TimeSpan.FromHours(1));
        using var impatience = new CancellationTokenSource();
        var first = discovery.FindAsync(impatience.Token).AsTask();
        await hangs.Task;
        (await discovery.FindAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(20))).ShouldNotBeNull("what was found stays in use");
        await impatience.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(first);
        (await discovery.FindAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(20))).ShouldNotBeNull();
    }

    private static async Task<ServerEndpoints?> FindAsync(string issuer, ClientAuthentication caller)
    {
        using var http = new HttpClient();
        using var discovery = new Discovery(new TokenIntrospectionOptions { Issuer = new Uri(issuer), Authentication = caller }, http, TimeProvider.System);
        return await discovery.FindAsync(default);
    }

    private static async Task<string> SchemeAsync(ClientAuthentication caller)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://127.0.0.1/feed");
        await caller.ApplyAsync(request, form: null, default);
        return request.Headers.Authorization!.Scheme;
    }

    [Theory]
    [InlineData(404, true), InlineData(401, true), InlineData(503, false), InlineData(429, false)]
    public async Task Metadata_that_can_not_be_read_now_is_not_replaced_by_the_other_document(int status, bool isFound)
    {
        await using var server = await OtherServer.StartAsync();
        var issuer = server.Address.GetLeftPart(UriPartial.Authority);
        server.Behavior = http => http.Request.Path.Value!.EndsWith("/openid-configuration", StringComparison.Ordinal)
            ? OtherServer.AnswerAsync(http, $$"""{"issuer":"{{issuer}}","introspection_endpoint":"{{server.Endpoint}}"}""")
            : OtherServer.RefuseAsync(http, status);
        (await FindAsync(issuer, ClientAuthentication.Basic("rs", "s")) is not null).ShouldBe(isFound);
    }
}
