using System.Text;

namespace Touchstone.Server.Tests.Rfc9110;

/// <summary>Requests that no well-behaved client sends: a 4xx of the table, never 5xx, and nothing in the log.</summary>
public sealed class RawRequestTests(Acme acme) : IClassFixture<Acme>
{
    private const string Form = "Content-Type: application/x-www-form-urlencoded\n";

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("PROPFIND")]
    [InlineData("P0ST")]
    public async Task C02_C03_Every_other_method_is_405_with_Allow(string method)
    {
        var answer = await acme.Server.SendRawAsync($"{method} /oauth/introspect HTTP/1.1\nHost: a\nConnection: close\nAuthorization: {acme.Orders.Basic}\n\n");
        answer.Status.ShouldBe(405);
        answer.Header("Allow").ShouldBe("POST");
        answer.Header("Cache-Control").ShouldBe("no-store");
        if (method == "HEAD") answer.Body.ShouldBeEmpty();
        else answer.ShouldBeError(405, "invalid_request");
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/x-www-form-urlencoded;charset=UTF-8")]
    [InlineData("application/x-www-form-urlencoded ; charset=\"utf-8\"")]
    [InlineData("Application/X-WWW-Form-URLencoded")]
    [InlineData("application/x-www-form-urlencoded;")]
    [InlineData("application/x-www-form-urlencoded; charset=iso-8859-1; x=y")]
    public async Task C04_Parameters_of_the_media_type_do_not_matter(string type) => (await IntrospectAsync($"Content-Type: {type}\n")).ShouldBeInactive();

    [Theory]
    [InlineData("")]
    [InlineData("Content-Type:\n")]
    [InlineData("Content-Type: application/json\n")]
    [InlineData("Content-Type: multipart/form-data; boundary=x\n")]
    [InlineData("Content-Type: application/x-www-form-urlencoded-not\n")]
    [InlineData("Content-Type: text/plain; application/x-www-form-urlencoded\n")]
    [InlineData("Content-Type: application/x-www-form-urlencoded, application/json\n")]
    [InlineData("Content-Type: application/x-www-form-urlencoded\nContent-Type: application/json\n")]
    public async Task C04_Any_other_media_type_and_none_is_415(string header) =>
        (await IntrospectAsync(header)).ShouldBeError(415, "invalid_request", "Send application/x-www-form-urlencoded.");

    [Theory]
    [InlineData("xyz\r\n")]
    [InlineData("5\r\ntoken==\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("fffffffff\r\n")]
    public async Task Bar4_A_broken_chunk_is_400(string chunks)
    {
        (await RawHttp.SendAsync(acme.Server.Address, Chunked("/oauth/introspect", acme.Orders, chunks))).ShouldBeError(400, "invalid_request", "The request body could not be read.");
        NothingWasLogged();
    }

    [Theory]
    [InlineData("/oauth/introspect")]
    [InlineData("/oauth/revoke")]
    public async Task R35_A_body_that_ends_too_soon_is_never_answered_200(string endpoint)
    {
        // The caller ends its sending side and would read an empty 200 as "revoked".
        for (var i = 0; i < 20; i++)
        {
            var cut = await SendAndFinishAsync(Encoding.Latin1.GetString(Chunked(endpoint, acme.Shop, "5\r\ntoken")));
            (cut?.Status ?? 400).ShouldBe(400);
            var shorter = await SendAndFinishAsync($"POST {endpoint} HTTP/1.1\r\nHost: a\r\nAuthorization: {acme.Shop.Basic}\r\n{Form.TrimEnd()}\r\nContent-Length: 100\r\n\r\ntoken=x");
            (shorter?.Status ?? 400).ShouldBe(400);
        }
        NothingWasLogged();
    }

    [Theory]
    [InlineData("POST /oauth/introspect HTTP/1.1\nContent-Length: 0\n\n", 400)] // no Host
    [InlineData("POST /oauth/introspect HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 2\n\nx", 400)]
    [InlineData("POST /oauth/introspect HTTP/1.1\nHost: a\nContent-Length: -1\n\n", 400)]
    [InlineData("POST /oauth/introspect HTTP/1.1\nHost: a\nContent-Length: 1x\n\n", 400)]
    [InlineData("POST /oauth/introspect HTTP/1.1\nHost: a\nTransfer-Encoding: gzip\n\n", 400)]
    [InlineData("POST /oauth/introspect HTTP/9.9\nHost: a\n\n", 505)]
    [InlineData("POST /oauth/intro spect HTTP/1.1\nHost: a\n\n", 400)]
    [InlineData("NONSENSE\n\n", 400)]
    [InlineData("POST oauth/introspect HTTP/1.1\nHost: a\n\n", 400)]
    [InlineData("POST /oauth/introspect HTTP/1.1\nHost: a\nBad Header: x\n\n", 400)]
    [InlineData("POST /oauth/introspect HTTP/1.1\nHost: a\nX: \0\n\n", 400)]
    public async Task Bar4_What_is_not_HTTP_is_refused_by_the_server_itself(string request, int status)
    {
        (await acme.Server.SendRawAsync(request)).Status.ShouldBe(status);
        NothingWasLogged();
    }

    [Fact]
    public async Task Bar4_A_request_line_that_is_too_long_is_414() =>
        (await acme.Server.SendRawAsync($"POST /oauth/introspect?{new string('q', 9000)} HTTP/1.1\nHost: a\n\n")).Status.ShouldBe(414);

    [Fact]
    public async Task Bar4_Headers_that_are_too_large_are_431() =>
        (await acme.Server.SendRawAsync($"POST /oauth/introspect HTTP/1.1\nHost: a\nX: {new string('h', 40_000)}\n\n")).Status.ShouldBe(431);

    [Fact]
    public async Task Bar4_Headers_that_are_too_many_are_431() =>
        (await acme.Server.SendRawAsync($"POST /oauth/introspect HTTP/1.1\nHost: a\n{string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: y\n"))}\n")).Status.ShouldBe(431);

    [Fact]
    public async Task Bar4_Headers_that_are_not_ASCII_are_400_or_401()
    {
        (await acme.Server.SendRawAsync($"POST /oauth/introspect HTTP/1.1\nHost: a\nConnection: close\n{Form}Authorization: Basic \u00ff\u00fe\nContent-Length: 7\n\ntoken=a")).Status.ShouldBeOneOf(400, 401);
        NothingWasLogged();
    }

    [Fact]
    public async Task Bar4_A_caller_that_goes_away_in_the_middle_is_no_error_of_ours()
    {
        await RawHttp.SendAndBreakAsync(acme.Server.Address, $"POST /oauth/introspect HTTP/1.1\nHost: a\nAuthorization: {acme.Orders.Basic}\n{Form}Content-Length: 100\n\ntoken=x");
        await RawHttp.SendAndBreakAsync(acme.Server.Address, $"POST /admin/clients HTTP/1.1\nHost: a\nAuthorization: Bearer {await acme.Admin.TokenAsync()}\nContent-Type: application/json\nContent-Length: 100\n\n{{\"client");
        // What the two left behind has been dealt with when the server has stopped.
        await using (var other = await TestServer.StartAsync())
        {
            await RawHttp.SendAndBreakAsync(other.Address, $"POST /oauth/introspect HTTP/1.1\nHost: a\nAuthorization: Basic x\n{Form}Content-Length: 100\n\ntoken=x");
            await other.App.DisposeAsync();
            other.Logs.Failures.ShouldBeEmpty();
        }
        (await acme.OAuth.IntrospectAsync("x", acme.Orders)).ShouldBeInactive();
        NothingWasLogged();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/oauth")]
    [InlineData("/oauth/introspect/x")]
    [InlineData("/oauth//introspect")]
    [InlineData("/oauth/%2e%2e/introspect/x")]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/%00")]
    [InlineData("/administrator")]
    [InlineData("/metrics/x")]
    public async Task C09_What_is_not_there_is_404(string path)
    {
        var answer = await acme.Server.SendRawAsync($"POST {path} HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 0\n\n");
        if (answer.Status == 400) answer.Body.ShouldBeEmpty(); // %00: the server's own refusal.
        else answer.ShouldBeError(404, "not_found", "There is nothing at this path.");
    }

    [Theory]
    [InlineData("/admin")]
    [InlineData("/admin/")]
    [InlineData("/admin/nothing")]
    [InlineData("/ADMIN/x")]
    public async Task C09_Below_admin_it_is_a_problem(string path) =>
        (await acme.OAuth.GetAsync(path)).ShouldBeProblem(404, "There is nothing at this path.");

    private Task<Answer> IntrospectAsync(string headers) =>
        acme.Server.SendRawAsync($"POST /oauth/introspect HTTP/1.1\nHost: a\nConnection: close\nAuthorization: {acme.Orders.Basic}\n{headers}Content-Length: 7\n\ntoken=x");

    // Ends the sending side, so that the server doesn't wait for more.
    private Task<Answer?> SendAndFinishAsync(string request) => RawHttp.SendAndFinishAsync(acme.Server.Address, request);

    private static byte[] Chunked(string endpoint, TestClient caller, string chunks) => Encoding.Latin1.GetBytes(
        $"POST {endpoint} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: {caller.Basic}\r\n{Form.TrimEnd()}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");

    private void NothingWasLogged() => acme.Server.Logs.Failures.ShouldBeEmpty();
}
