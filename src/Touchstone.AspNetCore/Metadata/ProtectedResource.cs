using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Touchstone.AspNetCore.Metadata;

/// <summary>The metadata document of an API, and where it is (RFC 9728 §3).</summary>
internal static class ProtectedResource
{
    private const string WellKnown = "/.well-known/oauth-protected-resource";

    // Read by JSON parsers, never placed into HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The path, between host and path of the identifier; a lone slash after the host is left away.</summary>
    internal static string PathOf(Uri resource) => WellKnown + (resource.AbsolutePath == "/" ? "" : resource.AbsolutePath);

    internal static string UrlOf(Uri resource) => resource.GetLeftPart(UriPartial.Authority) + PathOf(resource);

    /// <summary>The document. Empty lists and what is false by default are left out (RFC 9728 §3.2).</summary>
    internal static byte[] Write(TokenIntrospectionSchemeOptions options)
    {
        var told = options.Metadata;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("resource", options.Resource!.OriginalString);
            WriteTexts(json, "authorization_servers", told.AuthorizationServers.Count > 0 ? told.AuthorizationServers : options.Introspection.Issuer is { } issuer ? [issuer.OriginalString] : []);
            WriteTexts(json, "scopes_supported", told.ScopesSupported);
            WriteTexts(json, "bearer_methods_supported", options.DPoP.Mode is DPoPMode.Required ? [] : options.TokenFromQuery is null ? ["header"] : ["header", "query"]);
            WriteTexts(json, "dpop_signing_alg_values_supported", options.DPoP.Mode is DPoPMode.Off ? [] : options.DPoP.EffectiveAlgorithms);
            if (options.DPoP.Mode is DPoPMode.Required) json.WriteBoolean("dpop_bound_access_tokens_required", true);
            if (told.CertificateBoundTokens) json.WriteBoolean("tls_client_certificate_bound_access_tokens", true);
            if (told.Name is not null) json.WriteString("resource_name", told.Name);
            if (told.Documentation is not null) json.WriteString("resource_documentation", told.Documentation.OriginalString);
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        if (!texts.Any()) return;
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}

/// <summary>Where the metadata of each scheme is served, for its challenges.</summary>
internal sealed class MappedMetadata
{
    private readonly ConcurrentDictionary<string, string> _urls = new(StringComparer.Ordinal);

    internal void Add(string scheme, string url) => _urls[scheme] = url;

    internal string? Find(string scheme) => _urls.GetValueOrDefault(scheme);
}
