using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Touchstone.Server.Metadata;

/// <summary>
/// <c>GET /openapi.json</c>: every endpoint in OpenAPI 3.1. The document lies in the assembly, made from routes, shapes and docs/api.md by a test, so that serving it needs no description of the routes in memory.
/// </summary>
internal sealed class OpenApiDocument
{
    private const string Resource = "Touchstone.Server.openapi.json";

    // Read at the first question: most servers are never asked.
    private readonly Lazy<EntityTagHeaderValue> _tag = new(() =>
    {
        using var document = Open();
        return new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(document))[..16]}\"");
    });

    internal async Task WriteAsync(HttpContext http)
    {
        var response = http.Response;
        response.Headers.ETag = _tag.Value.ToString();
        response.Headers.CacheControl = "public, max-age=300";
        if (http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Tag == "*" || known.Compare(_tag.Value, useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        await using var document = Open();
        response.ContentType = "application/json";
        response.ContentLength = document.Length;
        await document.CopyToAsync(response.Body, http.RequestAborted);
    }

    private static Stream Open() => typeof(OpenApiDocument).Assembly.GetManifestResourceStream(Resource)!;
}
