using System.Text.Json;

namespace Touchstone.Server.Tests.Rfc8414;

public sealed class MetadataTests(Acme acme) : IClassFixture<Acme>
{
    private const string Methods = "\"client_secret_basic\",\"client_secret_post\",\"client_secret_jwt\",\"private_key_jwt\",\"tls_client_auth\",\"self_signed_tls_client_auth\"";
    private const string Asymmetric = "\"ES256\",\"ES384\",\"ES512\",\"PS256\",\"PS384\",\"PS512\",\"RS256\",\"RS384\",\"RS512\"";
    private const string Algorithms = "\"ES256\",\"ES384\",\"ES512\",\"PS256\",\"PS384\",\"PS512\",\"RS256\",\"RS384\",\"RS512\",\"HS256\",\"HS384\",\"HS512\"";
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
            """{"issuer":"https://as.acme.test","jwks_uri":"https://as.acme.test/.well-known/jwks.json","token_endpoint":"https://as.acme.test/oauth/token","introspection_endpoint":"https://as.acme.test/oauth/introspect","touchstone_introspection_batch_endpoint":"https://as.acme.test/oauth/introspect/batch","touchstone_feed_endpoint":"https://as.acme.test/feed","revocation_endpoint":"https://as.acme.test""" +
            """/oauth/revoke","global_token_revocation_endpoint":"https://as.acme.test/oauth/global-token-revocation","global_token_revocation_endpoint_auth_methods_supported":["Bearer"],"grant_types_supported":["client_credentials","refresh_token","urn:ietf:params:oauth:grant-type:token-exchange"],"response_types_supported":[],"token_endpoint_auth_methods_supported":[{Methods},"none"],"token_endpoint_auth_signing_alg_values_supported":[{Algorithms}]""".Replace("{Methods}", Methods, StringComparison.Ordinal).Replace("{Algorithms}", Algorithms, StringComparison.Ordinal) +
            $$""","introspection_endpoint_auth_methods_supported":[{{Methods}},"Bearer"],"introspection_endpoint_auth_signing_alg_values_supported":[{{Algorithms}}]""" +
            ""","introspection_signing_alg_values_supported":["ES256","RS256"],"introspection_encryption_alg_values_supported":["RSA-OAEP-256","ECDH-ES"],"introspection_encryption_enc_values_supported":["A128CBC-HS256","A256GCM"]""" +
            $$""","revocation_endpoint_auth_methods_supported":[{{Methods}},"none"],"revocation_endpoint_auth_signing_alg_values_supported":[{{Algorithms}}],"dpop_signing_alg_values_supported":[{{Asymmetric}}],"tls_client_certificate_bound_access_tokens":true}""");
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
                // Certificates need TLS: MutualTlsTests.
                if (method.GetString()!.EndsWith("tls_client_auth", StringComparison.Ordinal)) continue;
                (await CallAsync(path, method.GetString()!, isRefresh: true)).Status.ShouldBe(200, $"{endpoint} {method}");
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

    private async Task<Answer> CallAsync(string path, string method, bool isRefresh = false)
    {
        (string, string)[] form = [("token", "x"), ("grant_type", "client_credentials")];
        return method switch
        {
            "client_secret_basic" => await acme.OAuth.PostAsync(path, acme.Shop, form),
            "client_secret_post" => await acme.OAuth.PostAsync(path, null, [("client_id", acme.Shop.Id), ("client_secret", acme.Shop.Secret!), .. form]),
            "none" when path == OAuthCalls.Token && isRefresh => await RefreshAsync(),
            "none" => await acme.OAuth.PostAsync(path, acme.Spa, form),
            "client_secret_jwt" => await AssertAsync(path, method, body => { }, client => ClientAuth.Signer.OfSecret(client.Secret!)),
            "private_key_jwt" => await AssertAsync(path, method, body => body["jwks"] = Key.Jwks, _ => Key),
            "Bearer" => await BearAsync(path),
            _ => throw new JsonException(method),
        };
    }

    // The only grant here for a client without credentials.
    private async Task<Answer> RefreshAsync()
    {
        var phone = await acme.Admin.AddClientAsync(new { client_id = "metadata-phone", kind = "client", @public = true, grants = new { grant_types = new[] { "refresh_token" } } });
        return await acme.OAuth.RefreshAsync(await acme.Admin.IssueAsync(new { client_id = phone.Id, kind = "refresh_token" }), phone);
    }

    private static readonly ClientAuth.Signer Key = ClientAuth.Signer.Of("ES256");

    private async Task<Answer> AssertAsync(string path, string method, Action<System.Text.Json.Nodes.JsonObject> more, Func<TestClient, ClientAuth.Signer> signer)
    {
        var client = await ClientAuth.CallerServer.AddAsync(acme.Server, method + path.Replace('/', '-'), method, body =>
        {
            (body["kind"], body["may_introspect"]) = ("client", true);
            more(body);
        });
        var assertion = signer(client).Assertion(client.Id, acme.Time.Seconds);
        return await acme.OAuth.PostAsync(path, null, ("token", "x"), ("grant_type", "client_credentials"), ("client_assertion_type", ClientAuth.Signer.Type), ("client_assertion", assertion));
    }

    private async Task<Answer> BearAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent([new("token", "x")]) };
        request.Headers.Authorization = new("Bearer", await acme.Admin.IssueAsync(new { client_id = acme.Orders.Id, scope = "touchstone:introspect", aud = TestServer.DefaultIssuer }));
        return await acme.OAuth.SendAsync(request);
    }
}
