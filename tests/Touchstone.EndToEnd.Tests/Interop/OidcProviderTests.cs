using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Touchstone.AspNetCore;
using Touchstone.Client;
using Touchstone.Protocol.Jwt;

namespace Touchstone.EndToEnd.Tests.Interop;

/// <summary>Bar 8: the client and the handler with a server that is not ours.</summary>
public sealed class OidcProviderTests(OidcProvider provider) : IClassFixture<OidcProvider>
{
    private IntrospectionClient Client(ClientAuthentication caller) => new(new TokenIntrospectionOptions { Issuer = provider.Issuer, Authentication = caller });

    private ClientAuthentication Of(string method)
    {
        var key = new AssertionKey(provider.Key, "k1");
        return method switch
        {
            "client_secret_basic" => ClientAuthentication.Basic("api-basic", provider.ApiSecret),
            "client_secret_post" => ClientAuthentication.Post("api-post", provider.ApiSecret),
            "client_secret_jwt" => ClientAuthentication.ClientSecretJwt("api-secret-jwt", () => provider.ApiSecret),
            _ => ClientAuthentication.PrivateKeyJwt("api-key", () => key),
        };
    }

    [Theory]
    [InlineData("client_secret_basic"), InlineData("client_secret_post"), InlineData("client_secret_jwt"), InlineData("private_key_jwt")]
    public async Task A_token_is_active_with_its_scopes_is_kept_and_is_inactive_once_it_is_revoked(string method)
    {
        provider.Need();
        await using var client = Client(Of(method));
        var token = await provider.TokenAsync("orders:read orders:write");
        var result = await client.IntrospectAsync(token);
        (result.Outcome, result.Source, result.Fault).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Server, IntrospectionFault.None));
        result.Token!.ClientId.ShouldBe("shop");
        result.Token.Scopes.ShouldBe(["orders:read", "orders:write"]);
        result.Token.ExpiresAt.ShouldNotBeNull();
        (await client.IntrospectAsync(token)).Source.ShouldBe(IntrospectionSource.Memory);

        // It has no feed: what is known from elsewhere is told by the application, or waits for PlainTtl.
        await provider.RevokeAsync(token);
        (await client.InvalidateAsync(token)).ShouldBeTrue();
        (await client.IntrospectAsync(token)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task A_wrong_secret_is_refused_and_nothing_is_said_of_the_token()
    {
        provider.Need();
        await using var client = Client(ClientAuthentication.Basic("api-basic", "another secret"));
        var result = await client.IntrospectAsync(await provider.TokenAsync());
        (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Refused));
    }

    [Fact]
    public async Task Answers_that_it_signs_are_verified()
    {
        provider.Need();
        await using var signed = new IntrospectionClient(new TokenIntrospectionOptions { Issuer = provider.Issuer, ClientId = "api-signed", ClientSecret = provider.ApiSecret, RequireSignedAnswers = true });
        var result = await signed.IntrospectAsync(await provider.TokenAsync("orders:read"));
        (result.Outcome, result.Source, result.Fault).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Server, IntrospectionFault.None));
        result.Token!.Scopes.ShouldBe(["orders:read"]);
        (await signed.IntrospectAsync("it never issued this")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Theory]
    [InlineData("ECDH-ES"), InlineData("RSA-OAEP-256")]
    public async Task J23_Answers_that_it_encrypts_are_opened(string algorithm)
    {
        provider.Need();
        var key = new DecryptionKey(algorithm == "ECDH-ES" ? provider.AnswerCurve : provider.AnswerRsa);
        await using var client = new IntrospectionClient(new TokenIntrospectionOptions
        {
            Issuer = provider.Issuer, ClientId = "api-" + algorithm, ClientSecret = provider.ApiSecret, RequireSignedAnswers = true, RequireEncryptedAnswers = true, SignedAnswerKeys = [() => key],
        });
        var result = await client.IntrospectAsync(await provider.TokenAsync("orders:read"));
        (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.Active, IntrospectionFault.None));
        result.Token!.Scopes.ShouldBe(["orders:read"]);
        (await client.IntrospectAsync("it never issued this")).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Theory]
    [InlineData("ECDH-ES", "A128CBC-HS256"), InlineData("ECDH-ES", "A256GCM"), InlineData("RSA-OAEP-256", "A128CBC-HS256"), InlineData("RSA-OAEP-256", "A256GCM")]
    public async Task J23_Answers_that_our_server_encrypts_are_opened_and_verified_by_a_library_of_others(string algorithm, string encryption)
    {
        provider.Need();
        await using var server = await ServerProcess.StartAsync();
        AsymmetricAlgorithm own = algorithm == "ECDH-ES" ? provider.AnswerCurve : provider.AnswerRsa;
        var caller = await server.Admin.AddClientAsync(new
        {
            client_id = "rs", kind = "resource-server", audience = new[] { "https://api.example" }, jwks = new { keys = new[] { OidcProvider.PublicOf(own) } }, introspection_signed_response_alg = "ES256",
            introspection_encrypted_response_alg = algorithm, introspection_encrypted_response_enc = encryption,
        });
        await server.Admin.AddClientAsync("app", "https://api.example");
        var token = (await server.Admin.PostAsync("/admin/tokens", new { client_id = "app", aud = "https://api.example" })).Json.GetProperty("token").GetString()!;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, OAuthCalls.Introspect)) { Content = new FormUrlEncodedContent([new("token", token)]) };
        request.Headers.TryAddWithoutValidation("Authorization", caller.Basic);
        request.Headers.TryAddWithoutValidation("Accept", "application/token-introspection+jwt");
        using var answer = await provider.Http.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var issuer = server.Address.OriginalString.TrimEnd('/');
        var jwks = JsonElement.Parse(await provider.Http.GetByteArrayAsync(new Uri(server.Address, "/.well-known/jwks.json")));
        var claims = await OidcProvider.OpenAsync(new { answer = await answer.Content.ReadAsStringAsync(), key = PrivateOf(own), jwks, issuer, audience = "rs" });
        claims.GetProperty("token_introspection").GetProperty("active").GetBoolean().ShouldBeTrue();
        claims.EnumerateObject().Select(member => member.Name).ShouldBe(["iss", "aud", "iat", "token_introspection", "touchstone"]);
    }

    private static Dictionary<string, string> PrivateOf(AsymmetricAlgorithm key)
    {
        var jwk = OidcProvider.PublicOf(key);
        if (key is ECDiffieHellman curve) jwk["d"] = Base64Url.EncodeToString(curve.ExportParameters(includePrivateParameters: true).D);
        if (key is RSA rsa)
        {
            var numbers = rsa.ExportParameters(includePrivateParameters: true);
            foreach (var (name, value) in new[] { ("d", numbers.D), ("p", numbers.P), ("q", numbers.Q), ("dp", numbers.DP), ("dq", numbers.DQ), ("qi", numbers.InverseQ) }) jwk[name] = Base64Url.EncodeToString(value);
        }
        return jwk;
    }

    [Fact]
    public async Task An_API_with_the_handler_takes_its_tokens()
    {
        provider.Need();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication().AddTokenIntrospection(options =>
        {
            options.Introspection.Issuer = provider.Issuer;
            options.Introspection.Authentication = Of("private_key_jwt");
        });
        builder.Services.AddAuthorization();
        await using var api = builder.Build();
        api.MapGet("/read", () => "read").RequireScope("orders:read");
        api.MapGet("/write", () => "written").RequireScope("orders:write");
        await api.StartAsync();
        var address = new Uri(api.Urls.First());
        var token = await provider.TokenAsync();

        (await GetAsync(address, "/read", token)).Status.ShouldBe(HttpStatusCode.OK);
        (await GetAsync(address, "/write", token)).ShouldBe((HttpStatusCode.Forbidden, "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"orders:write\""));
        (await GetAsync(address, "/read", null)).ShouldBe((HttpStatusCode.Unauthorized, "Bearer realm=\"api\""));
        var revoked = await provider.TokenAsync();
        await provider.RevokeAsync(revoked);
        var refused = await GetAsync(address, "/read", revoked);
        refused.Status.ShouldBe(HttpStatusCode.Unauthorized);
        refused.Challenge.ShouldContain("error=\"invalid_token\"");
    }

    private async Task<(HttpStatusCode Status, string Challenge)> GetAsync(Uri address, string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await provider.Http.SendAsync(request);
        return (answer.StatusCode, answer.Headers.WwwAuthenticate.Where(header => header.Scheme == "Bearer").Select(header => header.ToString()).SingleOrDefault() ?? "");
    }
}
