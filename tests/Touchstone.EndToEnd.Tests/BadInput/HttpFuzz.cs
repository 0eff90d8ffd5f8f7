using System.Globalization;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>Bad HTTP: targets, methods, headers and framing.</summary>
internal sealed class HttpFuzz(FuzzWorld world)
{
    private static readonly string[] Endpoints =
        ["/oauth/introspect", "/oauth/revoke", "/oauth/token", "/admin/clients", "/admin/tokens", "/admin/tokens/lookup", "/admin/revocations", "/health/live",
            "/health/ready", "/metrics", "/.well-known/oauth-authorization-server"];

    private byte[] Form => RequestText.Bytes($"token={world.Marker}");

    /// <summary>Request lines of every kind.</summary>
    internal FuzzRequest Line(Random random)
    {
        var request = new RequestText { Authorization = world.ResourceServer.Basic, Body = Form, Target = random.Of(Endpoints) };
        var after = AfterSending.ReadAndClose;
        switch (random.Next(8))
        {
            case 0:
                request.Method = random.Of(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "post", "Post", "FOO", "QUERY", "PROPFIND", new string('M', 200)]);
                after = AfterSending.Read;
                break;
            case 1:
                request.Target = random.Of([
                    "/", "/oauth", "/oauth/", "/oauth/introspect/", "//oauth/introspect", "/oauth//introspect", "/OAuth/Introspect", "/oauth/introspect;x=1", "/oauth/introspect/../revoke", "/oauth/%69ntrospect", "/oauth%2fintrospect", "/%00", "/a%00b", "/%2e%2e/%2e%2e/etc/passwd",
                    "/../../data/admin.json", "/data/admin.json", "/admin", "/admin/", "/admin/tokens/" + world.Marker, "/%ff%fe", "/%C0%AF", "/%zz", "/%", "/oauth/introspect%20", "/favicon.ico", "/feed", "/console", "/.git/config"]);
                after = AfterSending.Read;
                break;
            case 2:
                request.Target = request.Target + "?token=" + random.Of([world.Marker, world.LiveToken, "%00", random.Letters(6000)]);
                after = AfterSending.Read;
                break;
            case 3:
                request.Target = "/" + random.Letters(random.Next(8_000, 20_000));
                break;
            case 4:
                request.Target = random.Of(["*", "oauth/introspect", "http://127.0.0.1/oauth/introspect", "http://other.example/oauth/introspect", "127.0.0.1:80", "/a b",
                    "/\u00ff", "/\t", "", "/oauth/introspect#x", "\\oauth\\introspect", "http://", "http:///x", "://", "/\0"]);
                break;
            case 5:
                request.Method = random.Of(["", " ", "\0", "P OST", "POST\u00ff", "(", "CONNECT", "PRI", "GET /x"]);
                break;
            case 6:
                request.Version = random.Of(["HTTP/1.0", "HTTP/1.2", "HTTP/0.9", "HTTP/2.0", "HTTP/3", "HTTP/1", "HTTP/11", "http/1.1", "HTTP/1.1 ", "HTTP/a.b", "", "HTTPS/1.1"]);
                break;
            default:
                request.Target = "/" + random.Any(random.Next(1, 60)).Replace('\r', 'x').Replace('\n', 'x').Replace(' ', 'x');
                break;
        }
        return new FuzzRequest("line", request.ToBytes(), Good.Any, after, IsHead: request.Method == "HEAD");
    }

    /// <summary>Headers of every kind.</summary>
    internal FuzzRequest Headers(Random random)
    {
        var request = new RequestText { Authorization = world.ResourceServer.Basic, Body = Form };
        switch (random.Next(10))
        {
            case 0:
                request.Headers.Add("X-Long: " + new string('x', random.Next(33_000, 60_000)));
                break;
            case 1:
                for (var i = random.Next(90, 300); i > 0; i--) request.Headers.Add(string.Create(CultureInfo.InvariantCulture, $"X-{i}: {i}"));
                break;
            case 2:
                request.Headers.Add(random.Of(["NoColon", ": no name", "Bad Name: x", "Name : x", " folded: x", "X: a\0b", "X: \u00ff\u00fe", "X: a\rb", "X: a\nb", "\0: x",
                    "X\u00ff: x", "(): x", "X: \u007f", "X:\t\t", "X: " + random.Any(40).Replace('\n', 'n')]));
                break;
            case 3:
                request.Host = random.Of<string?>([null, "", "a b", "127.0.0.1\r\nHost: two.example", "\u00ff", "[::1", "x:99999999", "evil.example", "127.0.0.1,127.0.0.1"]);
                break;
            case 4:
                request.ContentLength = random.Of(["-1", "abc", "99999999999999999999", "1,1", "+5", "0x10", "5 5", "\t", "1.0", "4294967296"]);
                break;
            case 5:
                request.Headers.Add($"Content-Length: {request.Body.Length + random.Next(-1, 2)}");
                break;
            case 6:
                request.Headers.Add("Transfer-Encoding: " + random.Of(["gzip", "identity", "chunked, gzip", "gzip, chunked", "chunked", "xchunked", "chunked\0"]));
                break;
            case 7:
                request.Headers.Add(random.Of(["Expect: 100-continue", "Expect: a miracle",
                    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", "Upgrade: websocket\r\nConnection: Upgrade",
                    "Connection: close, Authorization", "Content-Encoding: gzip", "X-HTTP-Method-Override: DELETE", "X-Original-URL: /admin/clients", "Range: bytes=0-1",
                    "If-Match: *", "TE: trailers", "Max-Forwards: 0"]));
                break;
            case 8:
                request.Headers.Add(random.Of(["Cookie: " + new string('c', 20_000), "X-Forwarded-For: " + random.Any(20).Replace('\r', 'r').Replace('\n', 'n'),
                    "Forwarded: for=\"_x\"", "traceparent: " + random.Ascii(55), "traceparent: 00-00000000000000000000000000000000-0000000000000000-01",
                    "tracestate: " + random.Ascii(600), "Accept: " + random.Ascii(300), "Accept-Language: *;q=x", "baggage: a=" + world.Marker]));
                break;
            default:
                request.ContentType = random.Mutate(request.ContentType!);
                break;
        }
        return new FuzzRequest("headers", request.ToBytes(), Good.Any, AfterSending.ReadAndClose);
    }

    /// <summary>Bodies that end too early, too late, or in broken chunks.</summary>
    internal FuzzRequest Framing(Random random)
    {
        var isAdmin = random.OneIn(3);
        var body = isAdmin ? RequestText.Bytes($"{{\"token\":\"{world.Marker}\"}}") : Form;
        var request = new RequestText
        {
            Target = isAdmin ? "/admin/tokens/lookup" : random.Of(Endpoints[..3]),
            Authorization = isAdmin ? "Bearer " + world.AdminToken : world.ResourceServer.Basic,
            ContentType = isAdmin ? "application/json" : "application/x-www-form-urlencoded",
            Body = body,
        };
        var (good, after) = (Good.Any, AfterSending.HalfClose);
        switch (random.Next(7))
        {
            case 0:
                request.ContentLength = (body.Length + random.Next(1, 5000)).ToString(CultureInfo.InvariantCulture);
                after = random.OneIn(2) ? AfterSending.Break : after;
                break;
            case 1:
                request.ContentLength = random.Of([70_000, 1 << 20, 5 << 20, int.MaxValue]).ToString(CultureInfo.InvariantCulture);
                after = isAdmin ? after : AfterSending.ReadAndClose;
                good = Good.None;
                break;
            case 2:
                request.ContentLength = null;
                request.Headers.Add("Transfer-Encoding: chunked");
                request.Body = [.. Chunks(random, body), .. "0\r\n\r\n"u8];
                after = AfterSending.Read;
                break;
            case 3:
                request.ContentLength = null;
                request.Headers.Add("Transfer-Encoding: chunked");
                request.Body = RequestText.Bytes(random.Of(["zz\r\nabc\r\n0\r\n\r\n", "ffffffffffffffff\r\nabc", "80000000\r\nabc", "-1\r\n", "3\r\nabcd\r\n0\r\n\r\n",
                    "3\r\nabc0\r\n\r\n", "\r\n", "3;" + new string('e', 20_000) + "\r\nabc\r\n0\r\n\r\n", "0\r\nTrailer: " + world.Marker + "\r\n\r\n",
                    "0\r\nbad trailer\r\n\r\n", "3\nabc\n0\n\n", "5\r\n"]));
                after = random.OneIn(4) ? AfterSending.Break : after;
                break;
            case 4:
                request.ContentLength = null;
                request.Headers.Add("Transfer-Encoding: chunked");
                request.Body = [.. Chunks(random, RequestText.Bytes("token=" + new string('x', random.Next(60_000, 140_000)))), .. "0\r\n\r\n"u8];
                after = AfterSending.ReadAndClose;
                break;
            case 5:
                request.ContentLength = null;
                break;
            default:
                var whole = request.ToBytes();
                return new FuzzRequest("framing", whole[..random.Next(1, whole.Length)], Good.Any, random.OneIn(2) ? AfterSending.Break : AfterSending.HalfClose);
        }
        return new FuzzRequest("framing", request.ToBytes(), good, after);
    }

    /// <summary>A whole good request with something changed anywhere.</summary>
    internal FuzzRequest Bytes(Random random)
    {
        var request = new RequestText { Target = random.Of(Endpoints[..3]), Authorization = world.ResourceServer.Basic, Body = Form };
        var bytes = request.ToBytes();
        for (var changes = random.Next(1, 4); changes > 0; changes--) bytes = random.Mutate(bytes);
        return new FuzzRequest("bytes", bytes, Good.Any, AfterSending.HalfClose);
    }

    private static byte[] Chunks(Random random, byte[] body)
    {
        var chunks = new List<byte>();
        for (var at = 0; at < body.Length;)
        {
            var length = Math.Min(body.Length - at, random.Next(1, Math.Max(2, body.Length / 3)));
            chunks.AddRange(RequestText.Bytes($"{length:x}\r\n"));
            chunks.AddRange(body.AsSpan(at, length));
            chunks.AddRange("\r\n"u8);
            at += length;
        }
        return [.. chunks];
    }
}
