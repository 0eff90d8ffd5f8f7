using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Touchstone.Server.Tests.Rfc9110;

/// <summary>Bar 4: any bytes in bodies, headers, Basic values, tokens and paths give a 4xx of the table, or for a bad token the inactive answer and revocation's 200.</summary>
public sealed class FuzzTests(Acme acme) : IClassFixture<Acme>
{
    private static readonly Gen<byte[]> Bytes = Gen.Frequency(
        (4, Gen.Elements("token=", "&", "=", "%", "+", "client_id=", "client_secret=", "grant_type=", "client_credentials", "scope=", "resource=", "tst_at_", "%00", "%ff", "%u0041", "web-shop").Select(Encoding.ASCII.GetBytes)),
        (1, Gen.Choose(0, 255).Select(i => new[] { (byte)i }))).ArrayOf().Select(parts => parts.SelectMany(part => part).ToArray());

    [Fact]
    public void Bar4_Any_body_at_any_form_endpoint() => Properties.Hold(
        from body in Bytes
        from endpoint in Gen.Elements("/oauth/introspect", "/oauth/revoke", "/oauth/token")
        from isKnown in Gen.Elements(true, false)
        select (body, endpoint, isKnown),
        given => Judge(Send(given.endpoint, given.body, given.isKnown ? acme.Shop.Basic : null)),
        runs: 400);

    [Fact]
    public void Bar4_Any_token() => Properties.Hold(
        Bytes,
        bytes =>
        {
            var body = Encoding.ASCII.GetBytes("token=" + string.Concat(bytes.Select(b => $"%{b:x2}")));
            var (introspected, revoked) = (Send("/oauth/introspect", body, acme.Orders.Basic), Send("/oauth/revoke", body, acme.Shop.Basic));
            if (bytes.Length == 0)
            {
                introspected.ShouldBeError(400, "invalid_request");
                revoked.ShouldBeError(400, "invalid_request");
                return;
            }
            introspected.ShouldBeInactive();
            revoked.ShouldBeEmpty();
        },
        runs: 300);

    [Fact]
    public void Bar4_Any_Basic_value() => Properties.Hold(
        Bytes,
        bytes => Send("/oauth/introspect", "token=x"u8.ToArray(), "Basic " + Convert.ToBase64String(bytes)).ShouldBeError(401, "invalid_client"),
        runs: 300);

    [Fact]
    public void Bar4_Any_path_and_any_query() => Properties.Hold(
        Bytes.Select(bytes => string.Concat(bytes.Where(b => b is > 0x20 and < 0x7f and not (byte)'#').Select(b => (char)b))),
        text =>
        {
            foreach (var path in (string[])["/" + text, "/oauth/" + text, "/admin/clients/" + text, "/oauth/introspect?" + text])
            {
                var answer = RawHttp.SendAsync(acme.Server.Address, $"POST {path} HTTP/1.1\nHost: a\nConnection: close\nContent-Length: 0\n\n").GetAwaiter().GetResult();
                answer.Status.ShouldBeOneOf(400, 401, 404, 405, 414, 415);
            }
        },
        runs: 60);

    [Fact]
    public void Bar4_Any_admin_body() => Properties.Hold(
        Gen.Elements("{", "}", "[", "]", "\"", ":", ",", "null", "1", "1e999", "-", "true", "\"token\"", "\"client_id\"", "\"claims\"", "\\ud800", "\"a\"", " ", "\u00fc").ArrayOf().Select(string.Concat)
            .Zip(Gen.Elements("/admin/clients", "/admin/tokens", "/admin/tokens/lookup", "/admin/revocations", "/admin/clients/web-shop/rotate-secret")),
        given =>
        {
            var answer = acme.Admin.PostAsync(given.Item2, given.Item1).GetAwaiter().GetResult();
            if (answer.Status == 200) given.Item1.Trim().ShouldBe(""); // A rotation without a body.
            else answer.ShouldBeProblem(400);
        },
        runs: 400);

    private void Judge(Answer answer)
    {
        answer.Status.ShouldBeOneOf([200, 400, 401, 403], answer.ToString());
        acme.Server.Logs.Failures.ShouldBeEmpty();
    }

    private Answer Send(string path, byte[] body, string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return acme.OAuth.SendAsync(request).GetAwaiter().GetResult();
    }
}
