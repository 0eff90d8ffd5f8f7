using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using YamlDotNet.RepresentationModel;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>
/// Stands in for Envoy, and does what its documentation says of the settings in envoy.yaml. The check is the request itself, without its body: its method, its host, and its path after <c>path_prefix</c>, with
/// <c>Authorization</c> and the <c>allowed_headers</c>. 200 passes, with the <c>allowed_upstream_headers</c> in the place of the client's own; 5xx, no answer or none in time is an error; all else is the client's answer.
/// </summary>
internal sealed class EnvoyDouble : ProxyDouble
{
    private readonly YamlNode _connections, _check, _host;
    private readonly Uri _service, _sidecar;
    private readonly TimeSpan _timeout;

    private EnvoyDouble(YamlNode config, YamlNode connections)
    {
        _connections = connections;
        _check = connections.Find("http_filters").Named("envoy.filters.http.ext_authz").Find("typed_config")!;
        var host = connections.Find("route_config", "virtual_hosts").Only();
        _host = host;
        var route = host.Find("routes").Only();
        (host.Find("domains").Only().Text(), route.Find("match", "prefix").Text(), route.Find("typed_per_filter_config")).ShouldBe(("*", "/", null), "every request is checked");
        connections.Find("http_filters").All().Select(filter => filter.Find("name").Text()).ShouldBe(["envoy.filters.http.ext_authz", "envoy.filters.http.router"]);
        _service = AddressOf(config, route.Find("route", "cluster").Text()!);
        var server = _check.Find("http_service", "server_uri");
        _sidecar = AddressOf(config, server.Find("cluster").Text()!);
        _timeout = TimeSpan.FromSeconds(double.Parse(server.Find("timeout").Text()!.TrimEnd('s'), CultureInfo.InvariantCulture));
    }

    internal static async Task<IAsyncDisposable> StartAsync(string folder)
    {
        var config = Yaml.Read(Path.Combine(folder, "envoy.yaml"));
        var listener = config.Find("static_resources", "listeners").Only();
        var envoy = new EnvoyDouble(config, listener.Find("filter_chains").Only().Find("filters").Only().Find("typed_config")!);
        await envoy.ListenAsync(int.Parse(listener.Find("address", "socket_address", "port_value").Text()!, CultureInfo.InvariantCulture));
        return envoy;
    }

    protected override async Task ServeAsync(HttpContext http, Asked asked)
    {
        if (IsBad(asked))
        {
            await AnswerAsync(http, StatusCodes.Status400BadRequest);
            return;
        }
        // Its header names are in lower case.
        var patterns = _check.Find("allowed_headers", "patterns").All();
        var sent = asked.Headers.Where(header => header.Key.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || patterns.Any(pattern => Matches(pattern, header.Key)))
            .Select(static header => KeyValuePair.Create(header.Key.ToLowerInvariant(), header.Value)).ToList();
        // Of one name the lines become one, unless headers are raw.
        if (!Is(_check, "encode_raw_headers")) sent = [.. sent.GroupBy(static header => header.Key).Select(static lines => KeyValuePair.Create(lines.Key, string.Join(',', lines.Select(static line => line.Value))))];
        sent.RemoveAll(static header => header.Key is "content-length");
        sent.Add(new("content-length", "0"));
        var answer = await SendAsync(_sidecar, asked with { Target = _check.Find("http_service", "path_prefix").Text() + asked.Target, Headers = sent }, _timeout);

        var isError = answer is null or { Status: >= 500 };
        if (isError && !Is(_check, "failure_mode_allow"))
        {
            await AnswerAsync(http, (int)Enum.Parse<HttpStatusCode>(_check.Find("status_on_error", "code").Text() ?? "Forbidden"));
            return;
        }
        if (!isError && answer!.Status != 200)
        {
            await AnswerAsync(http, answer.Status, answer);
            return;
        }
        foreach (var line in isError ? [] : answer!.Headers.Where(header => _check.Find("http_service", "authorization_response", "allowed_upstream_headers", "patterns").All().Any(pattern => Matches(pattern, header.Key)))) asked.Set(line.Key, line.Value);
        Forward(asked);
        var served = await SendAsync(_service, asked, TimeSpan.FromSeconds(15));
        await AnswerAsync(http, served?.Status ?? StatusCodes.Status503ServiceUnavailable, served);
    }

    // With use_remote_address it adds the peer to what the client said of itself, and tells its own scheme. Then what the file takes away, and what it sets.
    private void Forward(Asked asked)
    {
        Is(_connections, "use_remote_address").ShouldBeTrue("else what a client says of its address counts");
        asked.Set("x-forwarded-for", string.Join(',', asked.All("x-forwarded-for").Append("127.0.0.1")));
        asked.Set("x-forwarded-proto", "http");
        foreach (var name in _host.Find("request_headers_to_remove").All()) asked.Remove(name.Text()!);
        foreach (var added in _host.Find("request_headers_to_add").All())
        {
            added.Find("append_action").Text().ShouldBe("OVERWRITE_IF_EXISTS_OR_ADD");
            asked.Set(added.Find("header", "key").Text()!, added.Find("header", "value").Text() switch
            {
                "%REQ(:AUTHORITY)%" => asked.Host,
                "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%" => "127.0.0.1",
                var other => throw new InvalidOperationException($"{other} is not done here."),
            });
        }
    }

    // A fragment is refused always, the others where the file says so. Paths stay as they are where normalize_path and merge_slashes are off.
    private bool IsBad(Asked asked)
    {
        Is(_connections, "normalize_path").ShouldBeFalse("it is not done here");
        Is(_connections, "merge_slashes").ShouldBeFalse("it is not done here");
        var path = asked.Target.Split('?')[0];
        return asked.Target.Contains('#', StringComparison.Ordinal)
            || (_connections.Find("path_with_escaped_slashes_action").Text() == "REJECT_REQUEST" && (path.Contains("%2f", StringComparison.OrdinalIgnoreCase) || path.Contains("%5c", StringComparison.OrdinalIgnoreCase)))
            || (_connections.Find("common_http_protocol_options", "headers_with_underscores_action").Text() == "REJECT_REQUEST" && asked.Headers.Exists(static header => header.Key.Contains('_', StringComparison.Ordinal)));
    }

    private static bool Matches(YamlNode pattern, string name)
    {
        name = name.ToLowerInvariant();
        return pattern.Find("exact").Text() is { } exact ? name == exact : Regex.IsMatch(name, $"^(?:{pattern.Find("safe_regex", "regex").Text()!})$");
    }

    private static bool Is(YamlNode node, string setting) => node.Find(setting).Text() == "true";

    private static Uri AddressOf(YamlNode config, string cluster)
    {
        var address = config.Find("static_resources", "clusters").Named(cluster).Find("load_assignment", "endpoints").Only().Find("lb_endpoints").Only().Find("endpoint", "address", "socket_address");
        return new Uri($"http://{address.Find("address").Text()}:{address.Find("port_value").Text()}");
    }
}
