using Touchstone.Client;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads one authorization server.</summary>
internal static class IssuerReader
{
    private static readonly string[] Known = ["issuer", "introspection_endpoint", "feed_endpoint", "client_id", "client_secret", "client_secret_file", "token_prefix", "token_issuers", "allow_insecure_http", "timeout", "try_timeout", "retries", .. SignedAnswerReader.Known];

    internal static IssuerConfig? Read(ConfigNode node, string? folder)
    {
        var map = node.Map(Known);
        var options = new TokenIntrospectionOptions
        {
            Issuer = Url(map["issuer"]),
            IntrospectionEndpoint = Url(map["introspection_endpoint"]),
            FeedEndpoint = Url(map["feed_endpoint"]),
            ClientId = map.Need("client_id")?.Text(),
            AllowInsecureHttp = map["allow_insecure_http"]?.Truth() ?? false,
        };
        if ((options.Issuer ?? options.IntrospectionEndpoint) is { } named) options.Name = named.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
        if (map["token_issuers"]?.Texts() is { } others) options.TokenIssuers = options.Issuer is { } own ? [own.OriginalString, .. others] : others;
        if (map["timeout"]?.Duration() is { } timeout) options.Timeout = timeout;
        if (map["try_timeout"]?.Duration() is { } tryTimeout) options.TryTimeout = tryTimeout;
        if (map["retries"]?.Number() is { } retries) options.Retries = retries;
        SignedAnswerReader.Read(map, folder, options);
        if (SecretReader.Read(map, folder) is { } secret && options.ClientId is { } id) options.Authentication = ClientAuthentication.Basic(id, secret);
        // Of what could not be read something was said already.
        if (options.ClientId is null || options.Authentication is null) return null;
        if (new[] { ("issuer", options.Issuer), ("introspection_endpoint", options.IntrospectionEndpoint), ("feed_endpoint", options.FeedEndpoint) }.Any(url => map[url.Item1] is not null && url.Item2 is null)) return null;
        var faults = options.Faults();
        OptionNames.Tell(map, faults);
        return faults.Count > 0 ? null : new IssuerConfig(options, map["token_prefix"]?.Text());
    }

    private static Uri? Url(ConfigNode? node)
    {
        if (node?.Text() is not { } text) return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri)) return uri;
        node.Fault($"'{text}' is no URL such as https://tokens.example.com.");
        return null;
    }
}
