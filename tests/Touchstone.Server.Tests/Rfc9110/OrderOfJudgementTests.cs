using System.Globalization;

namespace Touchstone.Server.Tests.Rfc9110;

/// <summary>405, 413, 415, 400 for what can't be read, 401, 403, 400 for the rest, 200: each request here is wrong in every way that comes after its own.</summary>
public sealed class OrderOfJudgementTests(Acme acme) : IClassFixture<Acme>
{
    private const string Form = "application/x-www-form-urlencoded";
    private const string TooLarge = "The body may have at most 65536 bytes.";

    private static string Huge { get; } = "token=%zz&a=1&a=2&x=" + new string('x', 70_000);

    public static TheoryData<string> Endpoints => [OAuthCalls.Introspect, OAuthCalls.Revoke, OAuthCalls.Token];

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C02_C03_405_comes_first(string endpoint) =>
        (await SendAsync("PUT", endpoint, null, Huge)).ShouldBeError(405, "invalid_request", "Use POST.");

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C05_413_comes_before_415(string endpoint) =>
        (await SendAsync("POST", endpoint, "text/plain", Huge)).ShouldBeError(413, "invalid_request", TooLarge);

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C05_413_by_what_comes_when_no_length_is_told(string endpoint) =>
        (await SendChunkedAsync(endpoint, Form, Huge)).ShouldBeError(413, "invalid_request", TooLarge);

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C04_415_comes_before_400_unreadable(string endpoint)
    {
        (await SendAsync("POST", endpoint, "text/plain", "%zz&a=1&a=2")).ShouldBeError(415, "invalid_request");
        (await SendChunkedAsync(endpoint, "text/plain", "%zz&a=1&a=2")).ShouldBeError(415, "invalid_request");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C12_400_unreadable_comes_before_401(string endpoint)
    {
        (await SendAsync("POST", endpoint, Form, "a=%zz")).ShouldBeError(400, "invalid_request");
        (await SendAsync("POST", endpoint, Form, "a=1&a=2")).ShouldBeError(400, "invalid_request");
        (await SendAsync("POST", endpoint, Form, "client_id=a&client_secret=b", "Basic x")).ShouldBeError(400, "invalid_request");
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task C09_401_comes_before_what_is_missing(string endpoint) => (await SendAsync("POST", endpoint, Form, "")).ShouldBeError(401, "invalid_client");

    [Fact]
    public async Task I02_I08_403_comes_before_the_missing_token() => (await SendAsync("POST", OAuthCalls.Introspect, Form, "", acme.Mute.Basic)).ShouldBeError(403, "access_denied");

    [Theory, MemberData(nameof(Endpoints))]
    public async Task I02_What_is_missing_comes_last(string endpoint) => (await SendAsync("POST", endpoint, Form, "", acme.Shop.Basic)).ShouldBeError(400, "invalid_request");

    [Fact]
    public async Task T02_The_token_endpoint_judges_grant_type_client_scope_resource_in_this_order()
    {
        (await SendAsync("POST", OAuthCalls.Token, Form, "grant_type=password&scope=x&resource=x", acme.Orders.Basic)).ShouldBeError(400, "unsupported_grant_type");
        (await SendAsync("POST", OAuthCalls.Token, Form, "grant_type=client_credentials&scope=x&resource=x", acme.Orders.Basic)).ShouldBeError(400, "unauthorized_client");
        (await SendAsync("POST", OAuthCalls.Token, Form, "grant_type=client_credentials&scope=x&resource=x", acme.Shop.Basic)).ShouldBeError(400, "invalid_scope");
        (await SendAsync("POST", OAuthCalls.Token, Form, "grant_type=client_credentials&resource=x", acme.Shop.Basic)).ShouldBeError(400, "invalid_target");
    }

    [Fact]
    public async Task C05_The_largest_body_is_read_and_one_byte_more_is_not()
    {
        var body = "token=x&pad=";
        body += new string('p', 65_536 - body.Length);
        (await SendAsync("POST", OAuthCalls.Introspect, Form, body, acme.Orders.Basic)).ShouldBeInactive();
        (await SendAsync("POST", OAuthCalls.Introspect, Form, body + "p", acme.Orders.Basic)).ShouldBeError(413, "invalid_request");
        (await SendChunkedAsync(OAuthCalls.Introspect, Form, body, acme.Orders.Basic)).ShouldBeInactive();
        (await SendChunkedAsync(OAuthCalls.Introspect, Form, body + "p", acme.Orders.Basic)).ShouldBeError(413, "invalid_request");
    }

    private Task<Answer> SendAsync(string method, string endpoint, string? type, string body, string? authorization = null) =>
        acme.Server.SendRawAsync(Head(method, endpoint, type, authorization) + $"Content-Length: {body.Length}\n\n{body}");

    private Task<Answer> SendChunkedAsync(string endpoint, string type, string body, string? authorization = null)
    {
        var chunks = string.Concat(body.Chunk(1000).Select(chunk => string.Create(CultureInfo.InvariantCulture, $"{chunk.Length:x}\r\n{new string(chunk)}\r\n")));
        return acme.Server.SendRawAsync((Head("POST", endpoint, type, authorization) + "Transfer-Encoding: chunked\n\n").Replace("\n", "\r\n", StringComparison.Ordinal) + chunks + "0\r\n\r\n");
    }

    private static string Head(string method, string endpoint, string? type, string? authorization) =>
        $"{method} {endpoint} HTTP/1.1\nHost: a\nConnection: close\n" + (type is null ? "" : $"Content-Type: {type}\n") + (authorization is null ? "" : $"Authorization: {authorization}\n");
}
