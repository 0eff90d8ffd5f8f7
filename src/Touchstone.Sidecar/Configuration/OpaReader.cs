using Touchstone.Sidecar.Opa;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads <c>opa</c>, and the same of a rule.</summary>
internal static class OpaReader
{
    internal static OpaConfig? Read(ConfigNode node)
    {
        var map = node.Map("url", "timeout", "fail_mode", "max_connections", "headers", "allow_insecure_http");
        var timeout = map["timeout"]?.Duration() ?? TimeSpan.FromMilliseconds(100);
        if (timeout < TimeSpan.FromMilliseconds(1) || timeout > TimeSpan.FromSeconds(10)) map["timeout"]!.Fault("It is from 1ms to 10s.");
        var connections = map["max_connections"]?.Number() ?? 64;
        if (connections is < 1 or > 10_000) map["max_connections"]!.Fault("It is from 1 to 10000.");
        var mode = map["fail_mode"]?.Text() ?? "closed";
        if (mode is not ("closed" or "open")) map["fail_mode"]!.Fault("It is closed or open.");
        var headers = map["headers"]?.Items().Where(static item => item.Text() is { } name && RuleReader.IsHeaderName(name, item)).Select(static item => item.Text()!).ToArray() ?? [];
        foreach (var twice in headers.GroupBy(static name => name, StringComparer.OrdinalIgnoreCase).Where(static group => group.Count() > 1)) map["headers"]!.Fault($"'{twice.Key}' stands here twice.");
        return map.Need("url") is { } url && Url(url, map["allow_insecure_http"]?.Truth() ?? false) is { } known ? new OpaConfig(known, timeout, mode == "open", connections, headers) : null;
    }

    /// <summary>The document that a rule asks for: null, none; empty, that of <c>opa.url</c>.</summary>
    internal static string? Path(ConfigNode? node)
    {
        if (node?.Text() is not { } text) return null;
        if (text == "true") return "";
        if (text is "false" or "null" or "True" or "TRUE") node.Fault($"'{text}' asks for no document: write true, or the path of one, or leave it out.");
        else if (text.Split('/').All(static part => part.Length > 0 && part.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))) return text;
        else node.Fault($"'{text}' is neither true nor the path of a document under /v1/data/, such as touchstone/orders/allow.");
        return null;
    }

    private static Uri? Url(ConfigNode node, bool isInsecure)
    {
        if (node.Text() is not { } text) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Query.Length + url.Fragment.Length + url.UserInfo.Length > 0) node.Fault($"'{text}' is no http or https URL without user, query and fragment.");
        else if (url.AbsolutePath.IndexOf(OpaConfig.DataApi, StringComparison.Ordinal) is var at && (at < 0 || url.AbsolutePath.Length == at + OpaConfig.DataApi.Length)) node.Fault("It names a document under /v1/data/, such as http://127.0.0.1:8181/v1/data/touchstone/allow.");
        else if (url.Scheme == "http" && !url.IsLoopback && !isInsecure) node.Fault("Over plain http whoever is on the way lets requests pass. Take https, an agent on this machine, or set allow_insecure_http here where the network is yours.");
        else return url;
        return null;
    }
}
