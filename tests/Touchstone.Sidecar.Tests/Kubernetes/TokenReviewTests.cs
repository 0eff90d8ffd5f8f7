using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Sidecar.Kubernetes;
using Touchstone.Sidecar.Tests.ForwardAuth;

namespace Touchstone.Sidecar.Tests.Kubernetes;

/// <summary>The webhook that authenticates tokens for a cluster.</summary>
public sealed class TokenReviewTests : IAsyncLifetime
{
    private const string More = """
        kubernetes:
          audiences: https://orders.acme.test/
          prefix: "acme:"
          extra: { acme.test/scopes: scope, acme.test/tenant: tenant }
        """;

    private SidecarSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await SidecarSite.OpenAsync(more: More);

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Theory]
    [InlineData("v1"), InlineData("v1beta1")]
    public async Task KR01_KR03_An_active_token_is_its_user_in_the_version_that_was_asked(string version)
    {
        var (status, answer) = await ReviewAsync(await _site.TokenAsync("orders:read orders:write"), version, SidecarSite.Api, "https://other.test");
        status.ShouldBe(HttpStatusCode.OK);
        (answer.GetProperty("apiVersion").GetString(), answer.GetProperty("kind").GetString()).ShouldBe(("authentication.k8s.io/" + version, "TokenReview"));
        answer.GetProperty("status").GetRawText().ShouldBe("""{"authenticated":true,"user":{"username":"acme:alice","uid":"alice","groups":[],"extra":{"acme.test/scopes":["orders:read","orders:write"]}},"audiences":["https://orders.acme.test/"]}""");
    }

    [Fact]
    public async Task KR01_Where_the_API_server_names_nobody_those_of_the_file_count()
    {
        var token = await _site.TokenAsync();
        (await ReviewAsync(token, "v1")).Answer.GetProperty("status").GetProperty("audiences").GetRawText().ShouldBe("[\"https://orders.acme.test/\"]");
        (await ReviewAsync(token, "v1", "https://other.test")).Answer.GetProperty("status").GetRawText().ShouldBe("{\"authenticated\":false}");
    }

    [Fact]
    public async Task KR02_A_bad_token_is_no_error()
    {
        foreach (var token in new[] { "made-up", "a b", "\u00e9" })
        {
            var (status, answer) = await ReviewAsync(token, "v1", SidecarSite.Api);
            (status, answer.GetProperty("status").GetRawText()).ShouldBe((HttpStatusCode.OK, "{\"authenticated\":false}"));
        }
    }

    [Theory]
    [InlineData("v1"), InlineData("v1beta1")]
    public async Task KR03_A_bad_token_is_answered_in_the_version_that_was_asked_for_the_API_server_takes_no_other(string version)
    {
        var answer = (await ReviewAsync("made-up", version)).Answer;
        (answer.GetProperty("apiVersion").GetString(), answer.GetProperty("kind").GetString()).ShouldBe(("authentication.k8s.io/" + version, "TokenReview"));
    }

    [Fact]
    public async Task W07_A_token_of_another_issuer_than_those_of_the_file_is_nobody()
    {
        await using var site = await SidecarSite.OpenAsync(more: More + "\n  issuers: " + TestServer.DefaultIssuer);
        var foreign = new { token = "foreign-token", iss = "https://other.test", client_id = "web-shop", sub = "root", aud = SidecarSite.Api, expires_in = 60 };
        foreach (var (token, isUser) in new[] { (await site.TokenAsync(), true), (await site.Server.Admin.IssueAsync(foreign), false) })
        {
            using var content = new StringContent($$$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"{{{token}}}"}}""", Encoding.UTF8, "application/json");
            using var response = await site.Http.PostAsync(new Uri(site.Address, "/k8s/tokenreview"), content);
            JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()).GetProperty("status").GetProperty("authenticated").GetBoolean().ShouldBe(isUser);
        }
    }

    [Fact]
    public async Task KR04_That_nobody_can_be_asked_is_an_outage()
    {
        var token = await _site.TokenAsync();
        await _site.Server.DisposeAsync();
        (await ReviewAsync(token, "v1")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"apiVersion":"authentication.k8s.io/v2","kind":"TokenReview","spec":{"token":"t"}}""")]
    [InlineData("""{"apiVersion":"authentication.k8s.io/v1","kind":"Pod","spec":{"token":"t"}}""")]
    [InlineData("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":""}}""")]
    [InlineData("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"a","token":"b"}}""")]
    [InlineData("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"t","audiences":"x"}}""")]
    [InlineData("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"\ud800"}}""")]
    public async Task L47_What_is_no_review_is_a_fault_of_who_asks(string body) => (await PostAsync(body)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

    [Fact]
    public async Task L41_Nobody_else_than_the_cluster_may_ask()
    {
        await using var site = await SidecarSite.OpenAsync(more: More + "\ntrusted_proxies: 10.0.0.0/8");
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        (await site.Http.PostAsync(new Uri(site.Address, "/k8s/tokenreview"), content)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("""{"sub":"alice","groups":["dev","system:masters"]}""", "", "alice", "dev")]
    [InlineData("""{"sub":"alice","groups":["dev","system:masters"]}""", "acme:", "acme:alice", "acme:dev acme:system:masters")]
    [InlineData("""{"sub":"system:admin","groups":[]}""", "", null, "")]
    [InlineData("""{"sub":"alice","groups":"dev"}""", "", "alice", "dev")]
    [InlineData("""{"sub":"alice","groups":[1,null,""]}""", "", "alice", "")]
    [InlineData("""{"sub":""}""", "acme:", null, "")]
    [InlineData("{}", "acme:", null, "")]
    [InlineData("""{"sub":["a","b"]}""", "", null, "")]
    public void Nobody_becomes_what_is_the_clusters_own(string claims, string prefix, string? name, string groups)
    {
        var user = ClusterUser.Of(JsonElement.Parse(claims), new UserMapping("sub", "sub", "groups", [], prefix));
        user?.Username.ShouldBe(name);
        (user is null).ShouldBe(name is null);
        string.Join(' ', user?.Groups ?? []).ShouldBe(groups);
    }

    private async Task<(HttpStatusCode Status, JsonElement Answer)> ReviewAsync(string token, string version, params string[] audiences)
    {
        var spec = new JsonObject { ["token"] = token };
        if (audiences.Length > 0) spec["audiences"] = new JsonArray([.. audiences.Select(audience => (JsonNode?)audience)]);
        using var response = await PostAsync(new JsonObject { ["apiVersion"] = "authentication.k8s.io/" + version, ["kind"] = "TokenReview", ["metadata"] = new JsonObject { ["creationTimestamp"] = null }, ["spec"] = spec }.ToJsonString());
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    private Task<HttpResponseMessage> PostAsync(string body) => _site.Http.PostAsync(new Uri(_site.Address, "/k8s/tokenreview?timeout=30s"), new StringContent(body, Encoding.UTF8, "application/json"));
}
