using System.Text.Json;

namespace Touchstone.Server.Tests.Rfc8414;

public sealed class MetadataTests(Acme acme) : IClassFixture<Acme>
{
    private const string Path = "/.well-known/oauth-authorization-server";

    [Fact]
    public async Task E01_E02_E03_F13_The_whole_document()
    {
        var answer = await acme.OAuth.GetAsync(Path);
        answer.Status.ShouldBe(200);
        answer.Header("Content-Type").ShouldBe("application/json");
        answer.Header("Cache-Control").ShouldBe("public, max-age=300");
        answer.Header("Pragma").ShouldBeNull();
        answer.Text.ShouldBe(
            """{"issuer":"https://as.acme.test","token_endpoint":"https://as.acme.test/oauth/token","introspection_endpoint":"https://as.acme.test/oauth/introspect","revocation_endpoint":"https://as.acme.test""" +
            """/oauth/revoke","grant_types_supported":["client_credentials"],"response_types_supported":[],"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"]""" +
            ""","introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],"revocation_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"]}""");
    }

    [Fact]
    public async Task E22_Every_listed_endpoint_answers_with_every_listed_method()
    {
        var metadata = await acme.OAuth.MetadataAsync();
        foreach (var endpoint in (string[])["token", "introspection", "revocation"])
        {
            var path = new Uri(metadata.GetProperty(endpoint + "_endpoint").GetString()!).AbsolutePath;
            foreach (var method in metadata.GetProperty(endpoint + "_endpoint_auth_methods_supported").EnumerateArray())
            {
                (await CallAsync(path, method.GetString()!)).Status.ShouldBe(200, $"{endpoint} {method}");
            }
        }
        (await CallAsync("/oauth/introspect", "none")).ShouldBeError(401, "invalid_client");
        (await CallAsync("/oauth/token", "none")).ShouldBeError(400, "unauthorized_client");
    }

    [Fact]
    public async Task E22_R15_No_published_URL_is_plain_http() =>
        (await acme.OAuth.GetAsync(Path)).Text.ShouldNotContain("http:");

    [Theory]
    [InlineData("https://as.acme.test/tenants/north", "/tenants/north")]
    [InlineData("https://as.acme.test:8443/as", "/as")]
    public async Task E01_E21_The_metadata_of_an_issuer_with_a_path_stands_between_host_and_path(string issuer, string path)
    {
        await using var server = await TestServer.StartAsync(options => options.Issuer = issuer);
        var json = (await server.OAuth.GetAsync(Path + path)).Json;
        json.GetProperty("issuer").GetString().ShouldBe(issuer);
        var introspection = json.GetProperty("introspection_endpoint").GetString()!;
        introspection.ShouldBe(issuer + "/oauth/introspect");
        (await server.OAuth.GetAsync(Path)).Status.ShouldBe(404);

        // What it lists is there.
        var client = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        (await server.OAuth.PostAsync(new Uri(introspection).AbsolutePath, client, ("token", "x"))).ShouldBeInactive();
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task C02_Only_GET_is_answered(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Path);
        var answer = await acme.OAuth.SendAsync(request);
        answer.Status.ShouldBe(405);
        answer.Header("Allow").ShouldBe("GET");
    }

    private Task<Answer> CallAsync(string path, string method)
    {
        (string, string)[] form = [("token", "x"), ("grant_type", "client_credentials")];
        return method switch
        {
            "client_secret_basic" => acme.OAuth.PostAsync(path, acme.Shop, form),
            "client_secret_post" => acme.OAuth.PostAsync(path, null, [("client_id", acme.Shop.Id), ("client_secret", acme.Shop.Secret!), .. form]),
            "none" => acme.OAuth.PostAsync(path, acme.Spa, form),
            _ => throw new JsonException(method),
        };
    }
}
