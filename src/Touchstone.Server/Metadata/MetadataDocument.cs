using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.ClientAuth;
using Touchstone.Server.Http;

namespace Touchstone.Server.Metadata;

/// <summary><c>GET /.well-known/oauth-authorization-server</c> (RFC 8414): what this server offers and where.</summary>
internal sealed class MetadataDocument(ServerOptions options)
{
    private readonly byte[] _json = Write(options.EffectiveIssuer);

    /// <summary>Where it stands: the well-known path comes between the host and the path of the issuer (RFC 8414 §3.1).</summary>
    internal string Path { get; } = "/.well-known/oauth-authorization-server" + new Uri(options.EffectiveIssuer).AbsolutePath.TrimEnd('/');

    internal Task WriteAsync(HttpContext http)
    {
        Responses.WriteJson(http.Response, StatusCodes.Status200OK, _json);
        http.Response.Headers.CacheControl = "public, max-age=300";
        http.Response.Headers.Remove("Pragma");
        return Task.CompletedTask;
    }

    private static byte[] Write(string issuer)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("issuer", issuer);
        json.WriteString("token_endpoint", issuer + "/oauth/token");
        json.WriteString("introspection_endpoint", issuer + "/oauth/introspect");
        json.WriteString("revocation_endpoint", issuer + "/oauth/revoke");
        Write(json, "grant_types_supported", ["client_credentials"]);
        Write(json, "response_types_supported", []); // Required by RFC 8414 §2, and there is no authorization endpoint.
        Write(json, "token_endpoint_auth_methods_supported", ClientAuthMethods.All);
        Write(json, "introspection_endpoint_auth_methods_supported", ClientAuthMethods.All);
        Write(json, "revocation_endpoint_auth_methods_supported", [.. ClientAuthMethods.All, "none"]);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
