using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Touchstone.Protocol.DPoP;

namespace Touchstone.Protocol.Tests.DPoP;

/// <summary>Proofs as text, really signed.</summary>
internal static class ProofText
{
    internal const string Target = "https://orders.acme.test/orders/17", Token = "at.7Qm2hV0pXc9rK4sLbN8tYw";
    internal const long Now = 1_790_000_000, Window = 60;

    internal static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    internal static JsonObject Header => new() { ["typ"] = "dpop+jwt", ["alg"] = "ES256", ["jwk"] = Jwk(Key, "P-256") };

    internal static JsonObject Claims => new() { ["jti"] = "q1x", ["htm"] = "GET", ["htu"] = Target, ["iat"] = Now, ["ath"] = Hash(Token) };

    internal static string Hash(string token) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(token)));

    internal static JsonObject Jwk(ECDsa key, string curve)
    {
        var point = key.ExportParameters(false).Q;
        return new JsonObject { ["kty"] = "EC", ["crv"] = curve, ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) };
    }

    internal static JsonObject Jwk(RSA key)
    {
        var parameters = key.ExportParameters(false);
        return new JsonObject { ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent) };
    }

    /// <summary>A proof with a member of the header or the claims changed, or taken away by null.</summary>
    internal static string With(string? header = null, string? claim = null, JsonNode? value = null)
    {
        var (head, claims) = (Header, Claims);
        var (changed, name) = header is null ? (claims, claim) : (head, header);
        if (name is not null) changed.Remove(name);
        if (name is not null && value is not null) changed[name] = value;
        return Sign(head.ToJsonString(), claims.ToJsonString());
    }

    internal static string Sign(string header, string claims, Func<byte[], byte[]>? sign = null)
    {
        var signed = Encode(header) + "." + Encode(claims);
        return signed + "." + Base64Url.EncodeToString((sign ?? (data => Key.SignData(data, HashAlgorithmName.SHA256)))(Encoding.ASCII.GetBytes(signed)));
    }

    internal static DPoPFault Judge(string text, string method = "GET", string uri = Target, string token = Token, long now = Now)
    {
        var fault = DPoPProof.TryRead(text, out var proof);
        return proof is null ? fault : DPoPRules.Judge(proof, DPoPRules.Algorithms, method, uri, token, now, Window);
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
