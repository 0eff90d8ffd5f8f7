using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Sidecar.Configuration;
using Touchstone.Sidecar.Kubernetes;
using Touchstone.Sidecar.Tests.ForwardAuth;

namespace Touchstone.Sidecar.Tests.Kubernetes;

/// <summary>The webhook that admits requests of a cluster by the token that their object names.</summary>
public sealed class AdmissionTests : IAsyncLifetime
{
    private const string Annotation = "acme.test/token";

    private const string More = """
        log_decisions: all
        kubernetes:
          admission:
            annotation: acme.test/token
            rules:
              - { name: deploys, namespaces: [prod, stage], resources: deployments.apps, operations: [CREATE, UPDATE], scopes: orders:write }
              - { name: removals, resources: deployments.apps, operations: DELETE, claims: { claim: role, equals: admin } }
              - { name: pods, resources: [pods, pods/ephemeralcontainers], annotation: other.test/t }
        """;

    private SidecarSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await SidecarSite.OpenAsync(more: More);

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task A_token_that_meets_the_rule_admits_and_the_answer_names_the_request()
    {
        var (status, answer) = await AskAsync(Review(await _site.TokenAsync("orders:write")));
        status.ShouldBe(HttpStatusCode.OK);
        answer.GetRawText().ShouldBe("""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","allowed":true}}""");
    }

    [Theory]
    [InlineData("orders:read", "CREATE", "deployments", "prod", "insufficient_scope")]
    [InlineData("orders:write", "CREATE", "deployments", "other", "no_rule")]
    [InlineData("orders:write", "CONNECT", "deployments", "prod", "no_rule")]
    [InlineData("orders:write", "CREATE", "daemonsets", "prod", "no_rule")]
    [InlineData("orders:write", "DELETE", "deployments", "prod", "claim")]
    public async Task What_does_not_meet_it_is_refused_with_a_reason(string scope, string operation, string resource, string space, string reason)
    {
        var (status, answer) = await AskAsync(Review(await _site.TokenAsync(scope), operation, resource, space));
        var response = answer.GetProperty("response");
        (status, response.GetProperty("allowed").GetBoolean(), response.GetProperty("status").GetProperty("code").GetInt32()).ShouldBe((HttpStatusCode.OK, false, 403));
        response.GetProperty("status").GetProperty("message").GetString()!.ShouldStartWith(reason + ": ");
        response.GetProperty("uid").GetString().ShouldBe("705ab4f5-6393-11e8-b7cc-42010a800002");
    }

    [Fact]
    public async Task What_names_no_token_or_a_bad_one_is_refused_and_no_token_is_told_or_logged()
    {
        await RefusedAsync(Review(null), "no_token");
        foreach (var bad in new[] { "made-up-token-of-somebody", "a b", "\u00e9", new string('a', 70_000) }) await RefusedAsync(Review(bad), "inactive");
        var revoked = await _site.TokenAsync("orders:write");
        await _site.Server.Admin.RevokeAsync(revoked);
        var text = await RefusedAsync(Review(revoked), "inactive");
        var good = await _site.TokenAsync("orders:write");
        await AskAsync(Review(good));
        foreach (var token in new[] { revoked, good, "made-up-token-of-somebody" }) (text + _site.Logs.Text).ShouldNotContain(token);
        _site.Logs.Text.ShouldContain("allowed by rule deploys of admission: CREATE deployments.apps prod/web, dry run: False; client web-shop");
        (await _site.Http.GetStringAsync(new Uri(_site.Admin, "/metrics"))).ShouldNotContain(good);
    }

    [Fact]
    public async Task What_a_request_names_forges_nothing_in_the_log()
    {
        var review = Review(await _site.TokenAsync("orders:write"));
        review["request"]!["name"] = "web, dry run: True; client root\u001b[2K\r\nallowed";
        await AskAsync(review);
        _site.Logs.Text.ShouldContain("prod/web\\u002C\\u0020dry\\u0020run:\\u0020True\\u003B\\u0020client\\u0020root\\u001B[2K\\u000D\\u000Aallowed, dry run: False; client web-shop");
    }

    [Fact]
    public async Task What_is_deleted_is_asked_about_by_what_is_stored()
    {
        var admin = await _site.TokenAsync(claims: new { role = "admin" });
        var review = Review(admin, "DELETE");
        (await AskAsync(review)).Answer.GetProperty("response").GetProperty("allowed").GetBoolean().ShouldBeTrue();
        var other = Review(admin, "DELETE");
        (other["request"]!["object"], other["request"]!["oldObject"]) = (other["request"]!["oldObject"]!.DeepClone(), null);
        await RefusedAsync(other, "no_token");
    }

    [Fact]
    public async Task A_part_of_a_resource_is_another_resource_and_a_rule_may_have_its_own_annotation()
    {
        var review = Review(await _site.TokenAsync(), resource: "pods", group: "");
        await RefusedAsync(review, "no_token");
        var annotations = review["request"]!["object"]!["metadata"]!["annotations"]!;
        annotations["other.test/t"] = annotations[Annotation]!.DeepClone();
        (await AskAsync(review)).Answer.GetProperty("response").GetProperty("allowed").GetBoolean().ShouldBeTrue();
        review["request"]!["subResource"] = "ephemeralcontainers";
        (await AskAsync(review)).Answer.GetProperty("response").GetProperty("allowed").GetBoolean().ShouldBeTrue();
        review["request"]!["subResource"] = "exec";
        await RefusedAsync(review, "no_rule");
    }

    [Fact]
    public async Task A_dry_run_is_answered_as_it_would_be()
    {
        var review = Review(await _site.TokenAsync("orders:write"));
        review["request"]!["dryRun"] = true;
        (await AskAsync(review)).Answer.GetProperty("response").GetProperty("allowed").GetBoolean().ShouldBeTrue();
        _site.Logs.Text.ShouldContain("dry run: True");
    }

    [Fact]
    public async Task KR04_That_nobody_can_be_asked_is_an_outage_and_no_answer()
    {
        var review = Review(await _site.TokenAsync("orders:write"));
        await _site.Server.DisposeAsync();
        (await AskAsync(review)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData("\"kind\":\"AdmissionReview\"", "\"kind\":\"TokenReview\""), InlineData("admission.k8s.io/v1", "admission.k8s.io/v1beta1"), InlineData("admission.k8s.io/v1", "v1"), InlineData("\"uid\":\"705ab4f5-6393-11e8-b7cc-42010a800002\"", "\"uid\":\"\""), InlineData("\"operation\":\"CREATE\"", "\"operation\":\"create\"")]
    [InlineData("\"request\":{", "\"request\":[{"), InlineData("\"operation\":\"CREATE\"", "\"operation\":\"DELETE\",\"operation\":\"CREATE\""), InlineData("\"resource\":\"deployments\"", "\"resource\":7")]
    public async Task L47_What_is_no_review_is_a_fault_of_who_asks(string from, string to)
    {
        var body = Review(await _site.TokenAsync("orders:write")).ToJsonString();
        body.ShouldContain(from);
        (await PostAsync(body.Replace(from, to, StringComparison.Ordinal))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_body_may_be_as_large_as_the_API_server_sends_and_no_larger()
    {
        var review = Review(await _site.TokenAsync("orders:write"));
        review["request"]!["object"]!["data"] = new string('x', 2 << 20);
        (await AskAsync(review)).Answer.GetProperty("response").GetProperty("allowed").GetBoolean().ShouldBeTrue();
        review["request"]!["object"]!["data"] = new string('x', 3 << 20);
        using var large = new HttpRequestMessage(HttpMethod.Post, new Uri(_site.Address, "/k8s/admission")) { Content = new StringContent(review.ToJsonString(), Encoding.UTF8, "application/json"), Headers = { ExpectContinue = true } };
        (await _site.Http.SendAsync(large)).StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await _site.Http.GetAsync(new Uri(_site.Address, "/k8s/admission"))).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        (await _site.Http.PostAsync(new Uri(_site.Address, "/k8s/tokenreview"), null)).StatusCode.ShouldBe(HttpStatusCode.NotFound, "it is not asked for by admission alone");
    }

    [Fact]
    public async Task L41_Nobody_else_than_the_cluster_may_ask()
    {
        await using var site = await SidecarSite.OpenAsync(more: More + "\ntrusted_proxies: 10.0.0.0/8");
        using var content = new StringContent("{}", Encoding.UTF8, "application/json");
        (await site.Http.PostAsync(new Uri(site.Address, "/k8s/admission"), content)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_annotation_can_be_taken_out_so_that_no_token_is_stored()
    {
        await using var site = await SidecarSite.OpenAsync(more: More.Replace("    rules:", "    remove_annotation: true\n    rules:", StringComparison.Ordinal));
        using var response = await site.Http.PostAsync(new Uri(site.Address, "/k8s/admission"), new StringContent(Review(await site.TokenAsync("orders:write")).ToJsonString(), Encoding.UTF8, "application/json"));
        var answer = JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()).GetProperty("response");
        answer.GetProperty("patchType").GetString().ShouldBe("JSONPatch");
        Encoding.UTF8.GetString(answer.GetProperty("patch").GetBytesFromBase64()).ShouldBe("""[{"op":"remove","path":"/metadata/annotations/acme.test~1token"}]""");
    }

    [Fact]
    public void Nothing_prints_the_annotations()
    {
        var review = AdmissionReview.Read(Encoding.UTF8.GetBytes(Review("secret-token").ToJsonString())).ShouldNotBeNull();
        review.Annotation(Annotation).ShouldBe("secret-token");
        review.ToString().ShouldBe("CREATE deployments.apps");
    }

    [Theory]
    [InlineData("{}", "'rules' is missing"), InlineData("{ rules: [] }", "one rule at least"), InlineData("{ rules: { name: r } }", "Name the annotation"), InlineData("{ annotation: \"a b\", rules: { name: r } }", "no name of an annotation"), InlineData("{ annotation: a, rules: [{ name: r }, { name: r }] }", "two rules 'r'")]
    [InlineData("{ annotation: a, rules: { name: r, operations: create } }", "CREATE, UPDATE, DELETE and CONNECT"), InlineData("{ annotation: a, rules: { name: r, resources: Pods } }", "no resource"), InlineData("{ annotation: a, rules: { name: r, fail_mode: open } }", "failurePolicy"), InlineData("{ annotation: a, rules: { name: r, namespaces: [] } }", "empty list"), InlineData("{ annotation: a, rules: { name: r, paths: /a } }", "'paths' is not known")]
    public void L47_What_is_wrong_is_told_with_its_line(string admission, string says)
    {
        var (config, faults) = SidecarConfigReader.Read("issuers: { issuer: https://as.acme.test, client_id: a, client_secret: s }\nrules: { name: r, paths: /** }\nkubernetes: { admission: " + admission + " }", ".");
        config.ShouldBeNull();
        faults.ShouldContain(fault => fault.Line == 3 && fault.Message.Contains(says, StringComparison.Ordinal), string.Join('\n', faults));
    }

    // As the API server sends it (AdmissionReview v1).
    private static JsonNode Review(string? token, string operation = "CREATE", string resource = "deployments", string space = "prod", string group = "apps")
    {
        var subject = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = space, ["annotations"] = token is null ? new JsonObject() : new JsonObject { [Annotation] = token } } };
        return new JsonObject
        {
            ["kind"] = "AdmissionReview",
            ["apiVersion"] = "admission.k8s.io/v1",
            ["request"] = new JsonObject
            {
                ["uid"] = "705ab4f5-6393-11e8-b7cc-42010a800002",
                ["kind"] = new JsonObject { ["group"] = group, ["version"] = "v1", ["kind"] = "Thing" },
                ["resource"] = new JsonObject { ["group"] = group, ["version"] = "v1", ["resource"] = resource },
                ["name"] = "web",
                ["namespace"] = space,
                ["operation"] = operation,
                ["userInfo"] = new JsonObject { ["username"] = "alice", ["groups"] = new JsonArray("dev") },
                ["object"] = operation == "DELETE" ? null : subject,
                ["oldObject"] = operation == "DELETE" ? subject : null,
                ["dryRun"] = false,
                ["options"] = null,
            },
        };
    }

    private async Task<string> RefusedAsync(JsonNode review, string reason)
    {
        var (status, answer) = await AskAsync(review);
        status.ShouldBe(HttpStatusCode.OK);
        answer.GetProperty("response").GetProperty("allowed").GetBoolean().ShouldBeFalse();
        answer.GetProperty("response").GetProperty("status").GetProperty("message").GetString()!.ShouldStartWith(reason + ": ");
        return answer.GetRawText();
    }

    private async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(JsonNode review)
    {
        using var response = await PostAsync(review.ToJsonString());
        return (response.StatusCode, JsonElement.Parse(await response.Content.ReadAsByteArrayAsync()));
    }

    private Task<HttpResponseMessage> PostAsync(string body) => _site.Http.PostAsync(new Uri(_site.Address, "/k8s/admission?timeout=10s"), new StringContent(body, Encoding.UTF8, "application/json"));
}
