using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>
/// One real proxy with the shipped files of its sample, for all tests of a class. The rules of the sample stay the first ones; what the tests need beside them comes after. When the class is done, everything that was printed, counted
/// and traced is searched for its tokens (L49).
/// </summary>
public abstract class ProxyUnderTest : IAsyncLifetime
{
    internal const string Api = "https://api.demo.example";

    // After the rules of the sample, which match first.
    private const string MoreRules = """
          - { name: hosted, hosts: admin.example.test, paths: /hosted, headers: { X-User: sub } }
          - { name: note, paths: /note, headers: { X-User: /note, X-Scope: scope } }
          - { name: any, paths: /any, headers: { X-User: sub } }
          - { name: any stale, paths: /any/stale, max_ttl: 20ms, fail_mode: stale_if_error, max_stale: 5m, headers: { X-User: sub } }
          - { name: audience, paths: /audience, audiences: "https://other.example" }
          - { name: audience stale, paths: /audience/stale, audiences: "https://other.example", max_ttl: 20ms, fail_mode: stale_if_error, max_stale: 5m }
          - { name: issuer, paths: /issuer, issuers: "https://other.example" }
          - { name: issuer stale, paths: /issuer/stale, issuers: "https://other.example", max_ttl: 20ms, fail_mode: stale_if_error, max_stale: 5m }
          - { name: scope, paths: /scope, scopes: refunds }
          - { name: scope stale, paths: /scope/stale, scopes: refunds, max_ttl: 20ms, fail_mode: stale_if_error, max_stale: 5m }
          - { name: open, paths: /open, fail_mode: open, headers: { X-User: sub } }

        """;

    private readonly ConcurrentBag<string> _tokens = [];
    private readonly TempFolder _folder = new();

    private OtlpReceiver? _collector;
    private ProxySite? _site;
    private string? _missing;
    private int _asked;

    private protected abstract SampleProxy Sample { get; }

    /// <summary>How its sample asks: the last part of <c>/auth/…</c>.</summary>
    internal virtual string Adapter => Sample.Sample;

    /// <summary>The headers by which it tells of method, host and target.</summary>
    internal virtual IReadOnlyList<string> Control => ["X-Original-Method", "X-Original-Host", "X-Original-URI"];

    /// <summary>What a client is told of a request that is malformed or ambiguous.</summary>
    internal virtual int Malformed => 400;

    /// <summary>What a client is told of something that is no token.</summary>
    internal virtual int NotAToken => 400;

    /// <summary>Whether a header of a client whose name is no letters, digits and hyphens goes no further than to the proxy.</summary>
    internal virtual bool DropsOddNames => false;

    /// <summary>The file of the sample that says how it asks.</summary>
    internal abstract string File { get; }

    /// <summary>That file without one of the <see cref="Control"/> headers.</summary>
    internal abstract string Without(string file, string header);

    /// <summary>What runs. Skips where the proxy or a port is missing.</summary>
    internal ProxySite Site
    {
        get
        {
            Assert.SkipWhen(_missing is not null, _missing ?? "");
            return _site!;
        }
    }

    /// <summary>A Redis that sidecars share; null where none is installed.</summary>
    internal RedisServer? Redis { get; private set; }

    public async ValueTask InitializeAsync()
    {
        _missing = ProxySite.Missing(Sample);
        if (_missing is not null) return;
        _collector = await OtlpReceiver.StartAsync();
        if (RedisServer.Missing is null) Redis = await RedisServer.StartAsync();
        await System.IO.File.WriteAllTextAsync(_folder.File("l2.key"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        _site = await ProxySite.StartAsync(Sample, More, ServerSetup.Demo with { Environment = ServerSetup.NoLimits });
        _tokens.Add(_site.Server.DemoToken);
    }

    /// <summary>The same proxy with one file changed.</summary>
    internal Task<ProxyBeside> StartBesideAsync(string file, Func<string, string> change) => Site.StartBesideAsync(Sample, file, change);

    /// <summary>A token for the API of the demo, and its <c>jti</c>.</summary>
    internal async Task<string> IssueAsync(string subject = "alice", string scope = "orders:read", object? cnf = null, object? claims = null)
    {
        var token = new Dictionary<string, object> { ["client_id"] = Site.Server.DemoClient.Id, ["sub"] = subject, ["scope"] = scope, ["aud"] = Api };
        if (cnf is not null) token["cnf"] = cnf;
        if (claims is not null) token["claims"] = claims;
        var issued = await Site.Server.Admin.IssueAsync(token);
        _tokens.Add(issued);
        return issued;
    }

    /// <summary>A text that a client sends in the place of a token.</summary>
    internal string Remember(string token)
    {
        _tokens.Add(token);
        return token;
    }

    /// <summary>Sends a request as it is: the target in UTF-8, or as bytes of Latin-1 where it says so.</summary>
    internal static Task<Answer> AskAsync(string target, string? token, string more = "", string method = "GET", string host = "a.test", Uri? front = null, bool isLatin = false)
    {
        var text = $"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{(token is null ? "" : $"Authorization: Bearer {token}\r\n")}{(more.Length > 0 ? more.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n" : "")}Content-Length: 0\r\nConnection: close\r\n\r\n";
        return RawHttp.SendAsync(front ?? ProxySite.Front, (isLatin ? Encoding.Latin1 : Encoding.UTF8).GetBytes(text));
    }

    /// <summary>Asks, and gives what the sidecar logged of its decision too: it is the one about a host that nobody else asks for.</summary>
    internal async Task<(Answer Answer, string Decision)> DecideAsync(string target, string token)
    {
        var host = string.Create(CultureInfo.InvariantCulture, $"q{Interlocked.Increment(ref _asked)}.test");
        var answer = await AskAsync(target, token, host: host);
        var decision = "";
        await Until.TrueAsync(() => (decision = Site.Printed.FirstOrDefault(line => line.Contains($" at {host}, asked by {Adapter}", StringComparison.Ordinal), "")).Length > 0, "the decision is logged");
        return (answer, decision);
    }

    /// <summary>Everything that was printed, counted, traced and kept, but where the token belongs: the service, and the server's own files.</summary>
    internal async Task<string> EverythingAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var pages = "";
        foreach (var page in new[] { "metrics", "status" }) pages += await http.GetStringAsync(new Uri("http://127.0.0.1:9081/" + page));
        var keys = Redis is null ? "" : await Redis.RunAsync("KEYS", "*");
        return string.Join('\n', Site.Printed.Concat(Site.Service.Requests.Select(static request => request.Target))) + pages + keys + _collector!.Everything + Site.Server.Output.Replace(Site.Server.DemoToken, "", StringComparison.Ordinal) + Site.Server.Error;
    }

    /// <summary>Fails where a token of this class stands in a text, in any form.</summary>
    internal void ShouldHoldNoToken(string text)
    {
        foreach (var token in _tokens)
        {
            foreach (var form in new[] { token, Uri.EscapeDataString(token), Convert.ToBase64String(Encoding.UTF8.GetBytes(token)).TrimEnd('=')[..^2] }) text.Contains(form, StringComparison.Ordinal).ShouldBeFalse("a token is told");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // Whatever a test did before: it is looked for after the last one.
            if (_site is not null) ShouldHoldNoToken(await EverythingAsync());
        }
        finally
        {
            if (_site is not null) await _site.DisposeAsync();
            if (Redis is not null) await Redis.DisposeAsync();
            if (_collector is not null) await _collector.DisposeAsync();
            _folder.Dispose();
        }
        GC.SuppressFinalize(this);
    }

    private string More(string shipped)
    {
        var shared = Redis is null ? "" : $"shared_cache: {{ redis: \"{Redis.Address}\", key_file: \"{_folder.File("l2.key")}\", deadline: 1s }}\n";
        return string.Create(CultureInfo.InvariantCulture, $"log_decisions: all\notlp: {{ endpoint: \"{_collector!.Url}\", protocol: http/protobuf, sample_one_in: 1 }}\n{shared}{shipped}{MoreRules}");
    }
}

/// <summary>samples/nginx.</summary>
public sealed class NginxUnderTest : ProxyUnderTest
{
    private protected override SampleProxy Sample => SampleProxy.Nginx;

    // Of any other status than 401 and 403 it makes a 500.
    internal override int Malformed => 403;

    internal override int NotAToken => 401;

    // As long as underscores_in_headers and ignore_invalid_headers are what they are by default.
    internal override bool DropsOddNames => true;

    internal override string File => "nginx.conf";

    internal override string Without(string file, string header) => string.Join('\n', file.Split('\n').Where(line => !line.Contains("proxy_set_header " + header, StringComparison.Ordinal)));
}

/// <summary>samples/caddy.</summary>
public sealed class CaddyUnderTest : ProxyUnderTest
{
    private protected override SampleProxy Sample => SampleProxy.Caddy;

    internal override IReadOnlyList<string> Control => ["X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri"];

    internal override string File => "Caddyfile";

    // It always sets them: they are taken away again.
    internal override string Without(string file, string header) => file.Replace("uri /auth/caddy\n", $"uri /auth/caddy\n\t\theader_up -{header}\n", StringComparison.Ordinal);
}

/// <summary>samples/haproxy.</summary>
public sealed class HaproxyUnderTest : ProxyUnderTest
{
    private protected override SampleProxy Sample => SampleProxy.Haproxy;

    internal override string File => "ask-sidecar.lua";

    internal override string Without(string file, string header) => string.Join('\n', file.Split('\n').Where(line => !line.Contains($"headers[\"{header.ToLowerInvariant()}\"] =", StringComparison.Ordinal)));
}
