using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Touchstone.Client.Tests.Authentication;

/// <summary>Keys of callers, and how they are registered.</summary>
internal static class Keys
{
    private static readonly RSA Rsa = RSA.Create(2048);

    internal static AsymmetricAlgorithm Of(string algorithm) => algorithm switch
    {
        "ES256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        "ES384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        "ES512" => ECDsa.Create(ECCurve.NamedCurves.nistP521),
        _ => Rsa, // One for all: it takes long to make.
    };

    internal static JsonObject Jwk(AsymmetricAlgorithm key, string? keyId = null)
    {
        JsonObject jwk;
        if (key is ECDsa ec)
        {
            var parameters = ec.ExportParameters(false);
            jwk = new JsonObject { ["kty"] = "EC", ["crv"] = $"P-{ec.KeySize}", ["x"] = Base64Url.EncodeToString(parameters.Q.X), ["y"] = Base64Url.EncodeToString(parameters.Q.Y) };
        }
        else
        {
            var parameters = ((RSA)key).ExportParameters(false);
            jwk = new JsonObject { ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent) };
        }
        if (keyId is not null) jwk["kid"] = keyId;
        return jwk;
    }

    internal static JsonObject Set(params JsonObject[] keys) => new() { ["keys"] = new JsonArray([.. keys]) };

    internal static JsonObject Set(params X509Certificate2[] certificates) => Set([.. certificates.Select(one => new JsonObject { ["kty"] = "EC", ["x5c"] = new JsonArray(Convert.ToBase64String(one.RawData)) })]);
}
