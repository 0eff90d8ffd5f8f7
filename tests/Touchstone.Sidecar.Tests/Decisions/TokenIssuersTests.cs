using Microsoft.Extensions.Logging.Abstractions;
using Touchstone.Client;
using Touchstone.Sidecar.Configuration;

namespace Touchstone.Sidecar.Tests.Decisions;

/// <summary>Of several issuers none is another: not by a token that is registered there from elsewhere, and not by what it answers.</summary>
public sealed class TokenIssuersTests : IAsyncLifetime
{
    private const string Api = "https://orders.acme.test/", Other = "https://other.test";

    private TestServer _server = null!;
    private TestClient _caller = null!;
    private string _own = "", _foreign = "";

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(options => options.Unlimit());
        _caller = await _server.Admin.AddClientAsync(new { client_id = "sidecar", kind = "resource-server", audience = new[] { Api } });
        await _server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Api }, scope = "orders:read" });
        _own = await _server.Admin.IssueAsync(new { client_id = "web-shop", sub = "alice", scope = "orders:read", aud = Api });
        _foreign = await _server.Admin.IssueAsync(new { token = "foreign-token", iss = Other, client_id = "web-shop", sub = "root", scope = "orders:read", aud = Api, expires_in = 60 });
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task W07_An_answer_about_the_token_of_another_issuer_is_none_where_there_are_several()
    {
        var own = $"token_issuers: {TestServer.DefaultIssuer}";
        (await AskAsync(own, _own)).Outcome.ShouldBe(IntrospectionOutcome.Active);
        // Also where only a slash at the end is different.
        (await AskAsync(own + "/", _own)).Outcome.ShouldBe(IntrospectionOutcome.Active);
        var other = await AskAsync(own, _foreign);
        (other.Outcome, other.Fault, other.Token).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Malformed, null));
        // Where it may, by the file.
        (await AskAsync($"token_issuers: [\"{TestServer.DefaultIssuer}\", \"{Other}\"]", _foreign)).Token!.Issuer.ShouldBe(Other);
        // One alone may tell of what it knows.
        (await AskAsync("", _foreign)).Outcome.ShouldBe(IntrospectionOutcome.Active);
    }

    [Fact]
    public void W07_Of_several_each_tells_of_its_own_tokens_and_of_those_that_the_file_names()
    {
        const string Rules = "rules: { name: r, paths: /** }\n", Who = "client_id: a, client_secret: b";
        Read($"issuers: {{ issuer: https://a.test, {Who} }}\n" + Rules).Issuers[0].Options.TokenIssuers.ShouldBeNull();
        var several = Read($"issuers:\n- {{ issuer: https://a.test, {Who} }}\n- {{ issuer: https://b.test, token_issuers: https://legacy.test, {Who} }}\n- {{ introspection_endpoint: https://c.test/i, {Who} }}\n" + Rules).Issuers;
        several[0].Options.TokenIssuers.ShouldBe(["https://a.test"]);
        several[1].Options.TokenIssuers.ShouldBe(["https://b.test", "https://legacy.test"]);
        several[2].Options.TokenIssuers.ShouldBeNull();
    }

    private static SidecarConfig Read(string text)
    {
        var (config, faults) = SidecarConfigReader.Read(text, ".");
        return config.ShouldNotBeNull(string.Join('\n', faults));
    }

    private async Task<IntrospectionResult> AskAsync(string more, string token)
    {
        var config = Read($"""
            issuers:
              introspection_endpoint: {new Uri(_server.Address, "/oauth/introspect")}
              client_id: {_caller.Id}
              client_secret: "{_caller.Secret}"
              retries: 0
              {more}
            rules: []
            """);
        await using var upstreams = new Upstreams(config, static () => [], NullLoggerFactory.Instance, _server.Time);
        return await upstreams.Tokens.IntrospectAsync(token);
    }
}
