using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using YamlDotNet.RepresentationModel;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>
/// Stands in for Traefik, and does what its documentation says of the settings in traefik.yaml and dynamic.yaml. The check is a GET of <c>address</c> with the client's headers, without those of the connection, and with
/// <c>X-Forwarded-Method</c>, <c>-Proto</c>, <c>-Host</c>, <c>-Uri</c> and <c>-For</c>. 2xx passes, with the <c>authResponseHeaders</c> in the place of the client's own; no answer is 500; all else is the client's answer.
/// </summary>
internal sealed partial class TraefikDouble : ProxyDouble
{
    private static readonly string[] OfTheConnection = ["Connection", "Keep-Alive", "Te", "Trailers", "Transfer-Encoding", "Upgrade"];
    private static readonly string[] Forwarded = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Prefix", "X-Real-Ip"];

    private readonly YamlNode _entry, _check;
    private readonly string[] _cleared;
    private readonly Uri _sidecar, _service;

    private TraefikDouble(YamlNode entry, YamlNode dynamic)
    {
        _entry = entry;
        var (_, router) = dynamic.Find("http", "routers").ShouldBeOfType<YamlMappingNode>().Children.ShouldHaveSingleItem();
        router.Find("rule").Text().ShouldBe("PathPrefix(`/`)", "every request is checked");
        router.Find("middlewares").All().Select(static name => name.Text()).ShouldBe(["sidecar", "forwarding"], "whatever changes a request comes after the check");
        _check = dynamic.Find("http", "middlewares", "sidecar", "forwardAuth")!;
        var set = dynamic.Find("http", "middlewares", "forwarding", "headers", "customRequestHeaders").ShouldBeOfType<YamlMappingNode>().Children;
        set.ShouldAllBe(static header => header.Value.Text() == "", "nothing else is done here");
        _cleared = [.. set.Select(static header => header.Key.Text()!)];
        _sidecar = new Uri(_check.Find("address").Text()!);
        _service = new Uri(dynamic.Find("http", "services", router.Find("service").Text()!, "loadBalancer", "servers").Only().Find("url").Text()!);
    }

    internal static async Task<IAsyncDisposable> StartAsync(string folder)
    {
        var config = Yaml.Read(Path.Combine(folder, "traefik.yaml"));
        var (_, entry) = config.Find("entryPoints").ShouldBeOfType<YamlMappingNode>().Children.ShouldHaveSingleItem();
        var traefik = new TraefikDouble(entry, Yaml.Read(Path.Combine(folder, config.Find("providers", "file", "filename").Text()!)));
        await traefik.ListenAsync(int.Parse(entry.Find("address").Text()!.Split(':')[^1], CultureInfo.InvariantCulture));
        return traefik;
    }

    protected override async Task ServeAsync(HttpContext http, Asked asked)
    {
        // 1. Go reads a target that is none as a bad request. The others are made normal, and have no dot segment and no empty one.
        if (!asked.Target.StartsWith('/') || BadEscape().IsMatch(asked.Target.Split('?')[0]))
        {
            await AnswerAsync(http, StatusCodes.Status400BadRequest);
            return;
        }
        asked = asked with { Target = Normal(asked.Target, _entry.Find("http", "sanitizePath").Text() != "false") };
        // 2. What a client says of forwarding counts from trusted addresses alone.
        (_entry.Find("forwardedHeaders", "insecure").Text(), _entry.Find("forwardedHeaders", "trustedIPs")).ShouldBe((null, null), "it is not done here");
        var said = asked.Headers.ToList();
        foreach (var name in Forwarded) asked.Remove(name);

        // 3. The check.
        var trusts = _check.Find("trustForwardHeader").Text() == "true";
        var check = new Asked("GET", _sidecar.PathAndQuery, _sidecar.Authority, [.. asked.Headers]);
        foreach (var name in asked.All("Connection").SelectMany(static value => value.Split(',', StringSplitOptions.TrimEntries)).Concat(OfTheConnection)) check.Remove(name);
        if (_check.Find("authRequestHeaders").All() is { Count: > 0 } some) check.Headers.RemoveAll(header => !some.Any(name => header.Key.Equals(name.Text(), StringComparison.OrdinalIgnoreCase)));
        check.Remove("Host");
        check.Remove("Content-Length");
        foreach (var (name, value) in new[] { ("X-Forwarded-Method", asked.Method), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", asked.Host), ("X-Forwarded-Uri", asked.Target), ("X-Forwarded-For", "127.0.0.1") })
        {
            var own = trusts ? said.Find(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value : null;
            check.Set(name, own ?? value);
        }
        var answer = await SendAsync(_sidecar, check, TimeSpan.FromSeconds(30));
        if (answer is not { Status: >= 200 and < 300 })
        {
            await AnswerAsync(http, answer?.Status ?? StatusCodes.Status500InternalServerError, answer);
            return;
        }

        // 4. It passes.
        foreach (var name in _check.Find("authResponseHeaders").All().Select(static name => name.Text()!))
        {
            asked.Remove(name);
            foreach (var value in answer.All(name)) asked.Headers.Add(new(name, value));
        }
        foreach (var name in _cleared) asked.Remove(name);
        foreach (var (name, value) in new[] { ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", asked.Host), ("X-Forwarded-Proto", "http") }) asked.Set(name, value);
        var served = await SendAsync(_service, asked, TimeSpan.FromSeconds(30));
        await AnswerAsync(http, served?.Status ?? StatusCodes.Status502BadGateway, served);
    }

    // RFC 3986 §6.2.2 and §5.2.4: what need not be encoded is not, and the rest in capitals; what Go takes for no part of a path is.
    internal static string Normal(string target, bool sanitize)
    {
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = Escape().Replace(query < 0 ? target : target[..query], static escape =>
        {
            var letter = (char)Convert.ToByte(escape.Value[1..], 16);
            return char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_' or '~' ? letter.ToString() : escape.Value.ToUpperInvariant();
        });
        path = NotOfAPath().Replace(path, static text => string.Concat(Encoding.Latin1.GetBytes(text.Value).Select(static letter => $"%{letter:X2}")));
        if (sanitize)
        {
            var kept = new List<string>();
            var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
            foreach (var part in parts)
            {
                if (part is ".." && kept.Count > 0) kept.RemoveAt(kept.Count - 1);
                else if (part is not ("." or "..")) kept.Add(part);
            }
            path = "/" + string.Join('/', kept) + (path.EndsWith('/') && kept.Count > 0 ? "/" : "");
        }
        return query < 0 ? path : path + target[query..];
    }

    [GeneratedRegex("%(?![0-9A-Fa-f]{2})")]
    private static partial Regex BadEscape();

    [GeneratedRegex("%[0-9A-Fa-f]{2}")]
    private static partial Regex Escape();

    [GeneratedRegex("[\"<>{}|^`#\\\\]")]
    private static partial Regex NotOfAPath();
}
