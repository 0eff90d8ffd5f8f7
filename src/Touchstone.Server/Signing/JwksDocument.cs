using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Touchstone.Protocol;
using Touchstone.Server.Http;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Signing;

/// <summary><c>GET /.well-known/jwks.json</c> (RFC 7517 §5): the public halves of the keys that this server signs with, or signed with until lately, or will sign with soon.</summary>
internal sealed class JwksDocument(SigningKeys keys, ServerOptions options, FaultLog faults, TimeProvider time)
{
    /// <summary>How long it may be cached, in seconds. A new key is published at least twice as long before it signs.</summary>
    internal const int MaxAge = 300;

    private Written? _last;

    /// <summary>Where it stands: as the metadata, between the host and the path of the issuer.</summary>
    internal string Path { get; } = PathOf(options.EffectiveIssuer);

    internal static string PathOf(string issuer) => "/.well-known/jwks.json" + new Uri(issuer).AbsolutePath.TrimEnd('/');

    /// <summary>The same as an address.</summary>
    internal static string UriOf(string issuer) => new Uri(issuer).GetLeftPart(UriPartial.Authority) + PathOf(issuer);

    internal async Task WriteAsync(HttpContext http)
    {
        KeyRing ring;
        try
        {
            ring = await keys.ReadAsync();
        }
        catch (StoreException failed)
        {
            faults.StoreFailed("jwks", http, failed);
            Responses.WriteError(http.Response, OAuthError.TemporarilyUnavailable);
            return;
        }
        var document = Find(ring);
        if (http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Tag == "*" || known.Compare(document.Tag, useStrongComparison: false))) http.Response.StatusCode = StatusCodes.Status304NotModified;
        else Responses.WriteJson(http.Response, StatusCodes.Status200OK, document.Json);
        http.Response.Headers.ETag = document.Tag.ToString();
        http.Response.Headers.CacheControl = $"public, max-age={MaxAge}";
        http.Response.Headers.Remove("Pragma");
    }

    // Made anew when the keys were read again, and each second that may end one's publication.
    private Written Find(KeyRing ring)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (Volatile.Read(ref _last) is { } last && last.Ring == ring && last.At == now) return last;
        var json = ring.WriteSet(now);
        var written = new Written(ring, now, json, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(json))[..16]}\""));
        Volatile.Write(ref _last, written);
        return written;
    }

    private sealed record Written(KeyRing Ring, long At, byte[] Json, EntityTagHeaderValue Tag);
}
