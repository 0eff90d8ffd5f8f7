using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Protocol.DPoP;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Feed;
using Touchstone.Server.Http;
using Touchstone.Server.Revocation;
using Touchstone.Server.Signing;
using Touchstone.Server.TokenIssue;

namespace Touchstone.Server.Metadata;

/// <summary><c>GET /.well-known/oauth-authorization-server</c> (RFC 8414): what this server offers and where.</summary>
internal sealed class MetadataDocument(ServerOptions options, DetailTypes types)
{
    private readonly byte[] _json = Write(options.EffectiveIssuer, options.ClientCertificates, types.Names);

    /// <summary>Where it stands: the well-known path comes between the host and the path of the issuer (RFC 8414 §3.1).</summary>
    internal string Path { get; } = "/.well-known/oauth-authorization-server" + new Uri(options.EffectiveIssuer).AbsolutePath.TrimEnd('/');

    internal Task WriteAsync(HttpContext http)
    {
        Responses.WriteJson(http.Response, StatusCodes.Status200OK, _json);
        http.Response.Headers.CacheControl = "public, max-age=300";
        http.Response.Headers.Remove("Pragma");
        return Task.CompletedTask;
    }

    private static byte[] Write(string issuer, ClientCertificateOptions certificates, IReadOnlyList<string> detailTypes)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("issuer", issuer);
        json.WriteString("jwks_uri", JwksDocument.UriOf(issuer));
        json.WriteString("token_endpoint", issuer + "/oauth/token");
        json.WriteString("introspection_endpoint", issuer + "/oauth/introspect");
        json.WriteString("touchstone_introspection_batch_endpoint", issuer + "/oauth/introspect/batch"); // An extension of ours; called as the one above.
        json.WriteString("touchstone_feed_endpoint", issuer + FeedEndpoint.Path); // What was revoked, for caches: docs/feed.md.
        json.WriteString("revocation_endpoint", issuer + "/oauth/revoke");
        json.WriteString("global_token_revocation_endpoint", issuer + GlobalRevocationEndpoint.Path);
        Write(json, "global_token_revocation_endpoint_auth_methods_supported", ["Bearer"]);
        Write(json, "grant_types_supported", GrantTypes.All);
        Write(json, "response_types_supported", []); // Required by RFC 8414 §2, and there is no authorization endpoint.
        var readsCertificates = certificates.Enabled || certificates.TrustedProxies.Count > 0;
        IReadOnlyList<string> methods = readsCertificates ? ClientAuthMethods.All : [.. ClientAuthMethods.All.Where(name => !name.EndsWith("tls_client_auth", StringComparison.Ordinal))];
        WriteMethods(json, "token", [.. methods, "none"]);
        WriteMethods(json, "introspection", [.. methods, "Bearer"]);
        Write(json, "introspection_signing_alg_values_supported", SigningKey.Algorithms); // RFC 9701 §7.
        Write(json, "introspection_encryption_alg_values_supported", EncryptedJwt.Algorithms);
        Write(json, "introspection_encryption_enc_values_supported", EncryptedJwt.Encryptions);
        WriteMethods(json, "revocation", [.. methods, "none"]);
        Write(json, "dpop_signing_alg_values_supported", DPoPRules.Algorithms); // RFC 9449 §5.1.
        json.WriteBoolean("tls_client_certificate_bound_access_tokens", readsCertificates); // RFC 8705 §3.3.
        if (detailTypes.Count > 0) Write(json, "authorization_details_types_supported", detailTypes); // RFC 9396 §10.
        if (certificates.AliasBase is { } alias)
        {
            json.WriteStartObject("mtls_endpoint_aliases"); // RFC 8705 §5.
            json.WriteString("token_endpoint", alias + "/oauth/token");
            json.WriteString("introspection_endpoint", alias + "/oauth/introspect");
            json.WriteString("touchstone_introspection_batch_endpoint", alias + "/oauth/introspect/batch");
            json.WriteString("touchstone_feed_endpoint", alias + FeedEndpoint.Path);
            json.WriteString("revocation_endpoint", alias + "/oauth/revoke");
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    // The algorithms have to be there wherever a JWT method is listed (RFC 8414 §2).
    private static void WriteMethods(Utf8JsonWriter json, string endpoint, IReadOnlyList<string> methods)
    {
        Write(json, endpoint + "_endpoint_auth_methods_supported", methods);
        Write(json, endpoint + "_endpoint_auth_signing_alg_values_supported", [.. ClientAssertionRules.Asymmetric, .. ClientAssertionRules.Symmetric]);
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
