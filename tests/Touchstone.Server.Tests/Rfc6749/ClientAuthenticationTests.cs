using System.Net.Http.Headers;
using System.Text;

namespace Touchstone.Server.Tests.Rfc6749;

/// <summary>The same rules at all three endpoints, for there is one authenticator.</summary>
public sealed class ClientAuthenticationTests(Acme acme) : IClassFixture<Acme>
{
    public static TheoryData<string> Endpoints => [OAuthCalls.Introspect, OAuthCalls.Revoke, OAuthCalls.Token];

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A01_Basic_is_accepted(string endpoint) => (await SendAsync(endpoint, acme.Shop.Basic)).Status.ShouldBe(200);

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A01_C10_The_name_of_the_scheme_has_no_case(string endpoint)
    {
        foreach (var scheme in (string[])["basic", "BASIC", "bAsIc"]) (await SendAsync(endpoint, scheme + acme.Shop.Basic[5..])).Status.ShouldBe(200);
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A03_Credentials_in_the_body_are_accepted(string endpoint) =>
        (await SendAsync(endpoint, null, ("client_id", acme.Shop.Id), ("client_secret", acme.Shop.Secret!))).Status.ShouldBe(200);

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A02_C42_Both_parts_of_Basic_are_form_decoded(string endpoint)
    {
        // The secret is ours to choose only through rotation, so what needs escapes is the identifier.
        var odd = await acme.Admin.AddClientAsync(new { client_id = $"rs:orders 1+{endpoint.Length}", kind = "client", audience = new[] { Acme.OrdersApi }, may_introspect = true });
        odd.Basic.ShouldStartWith("Basic cnMlM0FvcmRlcnMrM", Case.Sensitive); // rs%3Aorders+1…
        (await SendAsync(endpoint, odd.Basic)).Status.ShouldBe(200);
        var escaped = string.Concat(odd.Id.Select(c => $"%{(int)c:x2}")) + ":" + string.Concat(odd.Secret!.Select(c => $"%{(int)c:X2}"));
        (await SendAsync(endpoint, Basic(escaped))).Status.ShouldBe(200);
        (await SendAsync(endpoint, Basic($"{odd.Id}:{odd.Secret}"))).ShouldBeError(401, "invalid_client"); // "+" and ":" as they are mean something else.
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A04_Two_methods_at_once_are_invalid_request(string endpoint)
    {
        const string Detail = "Use one client authentication method, once.";
        (await SendAsync(endpoint, acme.Shop.Basic, ("client_id", acme.Shop.Id), ("client_secret", acme.Shop.Secret!))).ShouldBeError(400, "invalid_request", Detail);
        (await SendAsync(endpoint, acme.Shop.Basic, ("client_secret", acme.Shop.Secret!))).ShouldBeError(400, "invalid_request", Detail);
        (await SendAsync(endpoint, "Bearer x", ("client_id", acme.Shop.Id), ("client_secret", acme.Shop.Secret!))).ShouldBeError(400, "invalid_request", Detail);
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A04_Two_Authorization_headers_are_invalid_request_even_when_they_agree(string endpoint)
    {
        var answer = await acme.Server.SendRawAsync(
            $"POST {endpoint} HTTP/1.1\nHost: a\nConnection: close\nAuthorization: {acme.Shop.Basic}\nAuthorization: {acme.Shop.Basic}\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 7\n\ntoken=a");
        answer.ShouldBeError(400, "invalid_request", "Use one client authentication method, once.");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A04_Two_credentials_in_one_header_are_refused(string endpoint) =>
        (await SendAsync(endpoint, $"{acme.Shop.Basic}, {acme.Shop.Basic}")).ShouldBeError(401, "invalid_client");

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A04_An_assertion_beside_or_alone_is_invalid_client(string endpoint)
    {
        (await SendAsync(endpoint, acme.Shop.Basic, ("client_assertion", "x"), ("client_assertion_type", "y"))).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, acme.Shop.Basic, ("client_assertion_type", "y"))).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, null, ("client_assertion", "x"))).ShouldBeError(401, "invalid_client");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A07_A08_C08_C09_Missing_and_wrong_credentials_are_401_with_a_challenge(string endpoint)
    {
        (await SendAsync(endpoint, null)).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, new TestClient(acme.Shop.Id, acme.Shop.Secret + "x").Basic)).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, null, ("client_id", acme.Shop.Id), ("client_secret", "wrong"))).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, null, ("client_secret", acme.Shop.Secret!))).ShouldBeError(401, "invalid_client");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A09_An_equal_client_id_beside_Basic_is_allowed_and_another_is_not(string endpoint)
    {
        (await SendAsync(endpoint, acme.Shop.Basic, ("client_id", acme.Shop.Id))).Status.ShouldBe(200);
        (await SendAsync(endpoint, acme.Shop.Basic, ("client_id", "warehouse"))).ShouldBeError(400, "invalid_request");
        (await SendAsync(endpoint, acme.Shop.Basic, ("client_id", "WEB-SHOP"))).ShouldBeError(400, "invalid_request");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A10_Only_the_registered_methods_are_accepted(string endpoint)
    {
        var basic = await acme.Admin.AddClientAsync(new { client_id = "only-basic" + endpoint.Length, kind = "client", auth_methods = new[] { "client_secret_basic" }, audience = new[] { Acme.OrdersApi }, may_introspect = true });
        var post = await acme.Admin.AddClientAsync(new { client_id = "only-post" + endpoint.Length, kind = "client", auth_methods = new[] { "client_secret_post" }, audience = new[] { Acme.OrdersApi }, may_introspect = true });
        (await SendAsync(endpoint, basic.Basic)).Status.ShouldBe(200);
        (await SendAsync(endpoint, null, ("client_id", basic.Id), ("client_secret", basic.Secret!))).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, null, ("client_id", post.Id), ("client_secret", post.Secret!))).Status.ShouldBe(200);
        (await SendAsync(endpoint, post.Basic)).ShouldBeError(401, "invalid_client");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A11_Unknown_client_and_wrong_secret_look_the_same(string endpoint)
    {
        var unknown = await SendAsync(endpoint, new TestClient("nobody", "wrong").Basic);
        unknown.ShouldBeError(401, "invalid_client", "Client authentication failed.");
        (await SendAsync(endpoint, new TestClient(acme.Shop.Id, "wrong").Basic)).Shape().ShouldBe(unknown.Shape());
        (await SendAsync(endpoint, new TestClient(new string('n', 250), "wrong").Basic)).Shape().ShouldBe(unknown.Shape());
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task A12_An_empty_secret_never_authenticates(string endpoint)
    {
        (await SendAsync(endpoint, Basic("web-shop:"))).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, Basic("spa:"))).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, null, ("client_id", acme.Shop.Id), ("client_secret", ""))).ShouldBeError(401, "invalid_client");
        (await SendAsync(endpoint, null, ("client_id", acme.Shop.Id))).ShouldBeError(401, "invalid_client");
    }

    public static TheoryData<string> Unreadable =>
    [
        "Basic", "Basic ", "Basic  ", "Basic =", "Basic !!!!", "Basic YWJj", "Basic YWJjOg", "Basic OmFiYw==", "Basic Og==", "Basic d2ViLXNob3A6JQ==", "Basic d2ViLXNob3A6JTJ6", "Basic /////w==",
        "Basic d2Vi LXNob3A6eA==", "Basic d2ViLXNob3A6eA==\tx", "Digest username=\"x\"", "Bearer", "Bearer a b", "Negotiate", "x", ",", "Basic d2Viw7xzaG9wOng=", "Basic AHdlYi1zaG9wOng=",
    ];

    [Theory, MemberData(nameof(Unreadable))]
    public async Task A02_C43_Credentials_that_cannot_be_read_are_refused_and_nothing_breaks(string header)
    {
        var answer = await SendAsync(OAuthCalls.Introspect, header);
        answer.ShouldBeError(401, "invalid_client");
        acme.Server.Logs.Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task A02_Very_long_credentials_are_refused() => (await SendAsync(OAuthCalls.Introspect, Basic("web-shop:" + new string('s', 20_000)))).ShouldBeError(401, "invalid_client");

    private static string Basic(string pair) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));

    private async Task<Answer> SendAsync(string endpoint, string? authorization, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        var fields = form.Select(field => KeyValuePair.Create(field.Name, field.Value)).Append(new("token", "unknown")).Append(new("grant_type", "client_credentials"));
        request.Content = new FormUrlEncodedContent(fields);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        return await acme.OAuth.SendAsync(request);
    }
}
