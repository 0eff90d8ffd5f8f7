using System.Net;
using Touchstone.AspNetCore;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>The metadata of an API (RFC 9728).</summary>
public sealed class ProtectedResourceTests
{
    [Fact]
    public async Task P01_P03_The_document_says_what_the_scheme_is()
    {
        await using var api = await BoundApi.StartAsync(options =>
        {
            options.Resource = new Uri("https://orders.acme.test/");
            options.DPoP.Algorithms = ["ES256"];
            options.Metadata = new() { AuthorizationServers = ["https://as.acme.test"], ScopesSupported = ["orders:read", "orders:write"], Name = "Orders", Documentation = new Uri("https://docs.acme.test/orders"), CertificateBoundTokens = true };
        }, app => app.MapProtectedResourceMetadata());
        var response = await api.SendAsync("/.well-known/oauth-protected-resource", null);
        (response.StatusCode, response.Content.Headers.ContentType!.ToString()).ShouldBe((HttpStatusCode.OK, "application/json"));
        (await response.Content.ReadAsStringAsync()).ShouldBe("{\"resource\":\"https://orders.acme.test/\",\"authorization_servers\":[\"https://as.acme.test\"],\"scopes_supported\":[\"orders:read\",\"orders:write\"],"
            + "\"bearer_methods_supported\":[\"header\"],\"dpop_signing_alg_values_supported\":[\"ES256\"],\"tls_client_certificate_bound_access_tokens\":true,\"resource_name\":\"Orders\",\"resource_documentation\":\"https://docs.acme.test/orders\"}");
    }

    [Fact]
    public async Task P03_Nothing_that_is_empty_or_the_default()
    {
        await using var api = await BoundApi.StartAsync(options => (options.Resource, options.DPoP.Mode) = (new Uri("https://orders.acme.test"), DPoPMode.Off), app => app.MapProtectedResourceMetadata());
        (await api.Http.GetStringAsync("/.well-known/oauth-protected-resource")).ShouldBe("{\"resource\":\"https://orders.acme.test\",\"bearer_methods_supported\":[\"header\"]}");
    }

    [Fact]
    public async Task P03_Bound_tokens_alone_are_said_to_be_required()
    {
        await using var api = await BoundApi.StartAsync(options =>
        {
            (options.Resource, options.DPoP.Mode, options.DPoP.Algorithms) = (new Uri("https://orders.acme.test/"), DPoPMode.Required, ["ES256"]);
            options.Introspection = new() { Issuer = new Uri("https://as.acme.test/a"), ClientId = "rs", ClientSecret = "s" };
        }, app => app.MapProtectedResourceMetadata());
        (await api.Http.GetStringAsync("/.well-known/oauth-protected-resource")).ShouldBe("{\"resource\":\"https://orders.acme.test/\",\"authorization_servers\":[\"https://as.acme.test/a\"],\"dpop_signing_alg_values_supported\":[\"ES256\"],\"dpop_bound_access_tokens_required\":true}");
    }

    [Theory]
    [InlineData("https://acme.test/orders", "/.well-known/oauth-protected-resource/orders")]
    [InlineData("https://acme.test/a%20b/{c}", "/.well-known/oauth-protected-resource/a%20b/%7Bc%7D")]
    public async Task P01_The_path_of_the_identifier_follows(string resource, string path)
    {
        await using var api = await BoundApi.StartAsync(options => options.Resource = new Uri(resource), app => app.MapProtectedResourceMetadata());
        (await api.SendAsync(path, null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await api.SendAsync("/.well-known/oauth-protected-resource", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("https://orders.acme.test")]
    [InlineData("https://orders.acme.test/")]
    [InlineData("https://acme.test/orders")]
    [InlineData("https://acme.test/a%20b/orders")]
    public async Task P02_What_is_found_through_the_challenge_says_the_identifier_that_its_URL_is_made_of(string resource)
    {
        await using var api = await BoundApi.StartAsync(options => options.Resource = new Uri(resource), app => app.MapProtectedResourceMetadata());
        var found = new Uri((await api.SendAsync("/orders", null)).Challenge().Split("resource_metadata=")[1].Trim('"'));
        using var document = System.Text.Json.JsonDocument.Parse(await api.Http.GetStringAsync(found.AbsolutePath));
        var said = document.RootElement.GetProperty("resource").GetString()!;
        said.ShouldBe(resource, "to the letter");
        // RFC 9728 §3.1: between host and path, and a slash after the host goes.
        var path = new Uri(said).AbsolutePath;
        found.ToString().ShouldBe(new Uri(new Uri(said), "/.well-known/oauth-protected-resource" + (path == "/" ? "" : path)).ToString());
    }

    [Theory]
    [InlineData("https://\u00e4pi.test/x")]
    [InlineData("https://api.test/\u00e4")]
    [InlineData("https://api.test/\u0001")]
    public void What_no_header_can_hold_is_said_when_it_is_configured(string url)
    {
        Should.Throw<ArgumentException>(new TokenIntrospectionSchemeOptions { Resource = new Uri(url) }.Validate).Message.ShouldContain("visible ASCII");
        Should.Throw<ArgumentException>(new TokenIntrospectionSchemeOptions { ResourceMetadata = url }.Validate).Message.ShouldContain("visible ASCII");
    }

    [Fact]
    public async Task P04_The_challenge_names_it_once_it_is_served()
    {
        await using var api = await BoundApi.StartAsync(options => options.Resource = new Uri("https://acme.test/orders"), app => app.MapProtectedResourceMetadata());
        const string Url = "resource_metadata=\"https://acme.test/.well-known/oauth-protected-resource/orders\"";
        var response = await api.SendAsync("/orders", null);
        response.Challenge().ShouldBe("Bearer realm=\"orders\", " + Url);
        response.Challenge("DPoP").ShouldEndWith(", " + Url);

        await using var other = await BoundApi.StartAsync(options => (options.Resource, options.ResourceMetadata) = (new Uri("https://acme.test/orders"), "https://elsewhere.test/"), app => app.MapProtectedResourceMetadata());
        (await other.SendAsync("/orders", null)).Challenge().ShouldBe("Bearer realm=\"orders\", resource_metadata=\"https://elsewhere.test/\"");
        await using var unmapped = await BoundApi.StartAsync(options => options.Resource = new Uri("https://acme.test/orders"));
        (await unmapped.SendAsync("/orders", null)).Challenge().ShouldBe("Bearer realm=\"orders\"");
    }

    [Fact]
    public async Task Without_an_identifier_it_is_not_served() =>
        (await Should.ThrowAsync<InvalidOperationException>(() => BoundApi.StartAsync(map: app => app.MapProtectedResourceMetadata()))).Message.ShouldContain("Resource");

    [Fact]
    public async Task All_of_it_may_stand_in_the_configuration()
    {
        await using var api = await BoundApi.StartAsync(map: app => app.MapProtectedResourceMetadata(), configuration: new()
        {
            ["Authentication:Schemes:Bearer:Resource"] = "https://acme.test/orders", ["Authentication:Schemes:Bearer:Metadata:Name"] = "Orders", ["Authentication:Schemes:Bearer:Metadata:ScopesSupported:0"] = "a",
            ["Authentication:Schemes:Bearer:DPoP:Algorithms:0"] = "PS256", ["Authentication:Schemes:Bearer:DPoP:NonceKey"] = Convert.ToBase64String(new byte[32]), ["Authentication:Schemes:Bearer:DPoP:ProofWindow"] = "00:00:30",
            ["Authentication:Schemes:Bearer:TokenFromQuery:Paths:0"] = "/hubs",
        });
        (await api.Http.GetStringAsync("/.well-known/oauth-protected-resource/orders")).ShouldBe("{\"resource\":\"https://acme.test/orders\",\"scopes_supported\":[\"a\"],\"bearer_methods_supported\":[\"header\",\"query\"],\"dpop_signing_alg_values_supported\":[\"PS256\"],\"resource_name\":\"Orders\"}");
    }
}
