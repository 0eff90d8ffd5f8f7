using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>A key that signs JWTs for a test, and what is published of it.</summary>
internal sealed class JwtKey(string id, string algorithm = "ES256", int rsaBits = 2048)
{
    private readonly ECDsa _curve = ECDsa.Create(algorithm switch { "ES384" => ECCurve.NamedCurves.nistP384, "ES512" => ECCurve.NamedCurves.nistP521, _ => ECCurve.NamedCurves.nistP256 });
    private readonly RSA _rsa = RSA.Create(rsaBits);

    private bool IsCurve => algorithm[0] == 'E';

    internal byte[] PublicRsa => _rsa.ExportSubjectPublicKeyInfo();

    internal JsonObject Jwk()
    {
        if (IsCurve)
        {
            var point = _curve.ExportParameters(false);
            return new JsonObject { ["kty"] = "EC", ["kid"] = id, ["crv"] = algorithm switch { "ES384" => "P-384", "ES512" => "P-521", _ => "P-256" }, ["x"] = Base64Url.EncodeToString(point.Q.X!), ["y"] = Base64Url.EncodeToString(point.Q.Y!) };
        }
        var key = _rsa.ExportParameters(false);
        return new JsonObject { ["kty"] = "RSA", ["kid"] = id, ["n"] = Base64Url.EncodeToString(key.Modulus!), ["e"] = Base64Url.EncodeToString(key.Exponent!) };
    }

    internal JsonObject Header(string type = "at+jwt") => new() { ["typ"] = type, ["alg"] = algorithm, ["kid"] = id };

    internal string Sign(JsonObject header, JsonObject claims) => Sign(header.ToJsonString(), claims.ToJsonString());

    internal string Sign(string header, string claims)
    {
        var signed = Part(header) + "." + Part(claims);
        var bytes = Encoding.ASCII.GetBytes(signed);
        var hash = algorithm[2..] switch { "384" => HashAlgorithmName.SHA384, "512" => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 };
        var signature = IsCurve ? _curve.SignData(bytes, hash) : _rsa.SignData(bytes, hash, algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
        return signed + "." + Base64Url.EncodeToString(signature);
    }

    internal static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
