using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Touchstone.Client.Tests.AspNetCore;

/// <summary>A client's key of DPoP, written without a line of what is tested.</summary>
internal sealed class DPoPKey
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private (string X, string Y) Point
    {
        get
        {
            var point = _key.ExportParameters(false).Q;
            return (Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
        }
    }

    internal string Thumbprint => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{Point.X}}","y":"{{Point.Y}}"}""")));

    internal string Proof(string uri, string token, long now, string method = "GET", string? nonce = null, string? id = null, string algorithm = "ES256", bool isPrivate = false)
    {
        var jwk = new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Point.X, ["y"] = Point.Y };
        if (isPrivate) jwk["d"] = Base64Url.EncodeToString(_key.ExportParameters(true).D);
        var claims = new JsonObject { ["jti"] = id ?? Guid.NewGuid().ToString(), ["htm"] = method, ["htu"] = uri, ["iat"] = now, ["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(token))) };
        if (nonce is not null) claims["nonce"] = nonce;
        var signed = Part(new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = algorithm, ["jwk"] = jwk }) + "." + Part(claims);
        return signed + "." + Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
    }

    private static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
