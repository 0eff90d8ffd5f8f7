using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary>A client's key, and the assertions that it signs with it.</summary>
internal sealed class Signer
{
    internal const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    private static readonly RSA Rsa = RSA.Create(2048);
    private static int _id;

    private readonly string _algorithm;
    private readonly Func<byte[], byte[]> _sign;
    private readonly JsonObject? _jwk;

    private Signer(string algorithm, string? keyId, JsonObject? jwk, Func<byte[], byte[]> sign)
    {
        _algorithm = algorithm;
        KeyId = keyId;
        _jwk = jwk;
        if (jwk is not null && keyId is not null) jwk["kid"] = keyId;
        _sign = sign;
    }

    internal string? KeyId { get; init; }

    internal JsonObject Jwk => (JsonObject)_jwk!.DeepClone();

    internal JsonObject Jwks => SetOf(this);

    internal static JsonObject SetOf(params Signer[] signers) => new() { ["keys"] = new JsonArray([.. signers.Select(signer => signer.Jwk)]) };

    /// <summary>A new key for an algorithm; RSA keys are one and the same, since they take long to make.</summary>
    internal static Signer Of(string algorithm, string? keyId = "k1")
    {
        var hash = algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        if (algorithm[0] == 'E')
        {
            var (curve, name) = algorithm switch { "ES256" => (ECCurve.NamedCurves.nistP256, "P-256"), "ES384" => (ECCurve.NamedCurves.nistP384, "P-384"), _ => (ECCurve.NamedCurves.nistP521, "P-521") };
            var key = ECDsa.Create(curve);
            var point = key.ExportParameters(false).Q;
            return new Signer(algorithm, keyId, new JsonObject { ["kty"] = "EC", ["crv"] = name, ["x"] = Text(point.X!), ["y"] = Text(point.Y!) }, data => key.SignData(data, hash));
        }
        var parameters = Rsa.ExportParameters(false);
        var padding = algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
        return new Signer(algorithm, keyId, new JsonObject { ["kty"] = "RSA", ["n"] = Text(parameters.Modulus!), ["e"] = Text(parameters.Exponent!) }, data => Rsa.SignData(data, hash, padding));
    }

    /// <summary>One that uses a secret.</summary>
    internal static Signer OfSecret(byte[] secret, string algorithm = "HS256") => new(algorithm, null, null, data => algorithm switch
    {
        "HS256" => HMACSHA256.HashData(secret, data),
        "HS384" => HMACSHA384.HashData(secret, data),
        _ => HMACSHA512.HashData(secret, data),
    });

    internal static Signer OfSecret(string secret, string algorithm = "HS256") => OfSecret(Encoding.UTF8.GetBytes(secret), algorithm);

    /// <summary>An assertion that is good now, changed where asked.</summary>
    internal string Assertion(string clientId, long now, Action<JsonObject>? claims = null, Action<JsonObject>? header = null)
    {
        var body = new JsonObject
        {
            ["iss"] = clientId, ["sub"] = clientId, ["aud"] = TestServer.DefaultIssuer, ["iat"] = now, ["exp"] = now + 60, ["jti"] = $"id-{Interlocked.Increment(ref _id)}",
        };
        claims?.Invoke(body);
        var head = new JsonObject { ["typ"] = "client-authentication+jwt", ["alg"] = _algorithm };
        if (KeyId is not null) head["kid"] = KeyId;
        header?.Invoke(head);
        return Sign(head, body);
    }

    /// <summary>A DPoP proof for the token endpoint that is good now, changed where asked.</summary>
    internal string Proof(long now, Action<JsonObject>? claims = null, Action<JsonObject>? header = null)
    {
        var body = new JsonObject { ["jti"] = $"id-{Interlocked.Increment(ref _id)}", ["htm"] = "POST", ["htu"] = TestServer.DefaultIssuer + OAuthCalls.Token, ["iat"] = now };
        claims?.Invoke(body);
        var head = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = _algorithm, ["jwk"] = Jwk };
        header?.Invoke(head);
        return Sign(head, body);
    }

    /// <summary>The thumbprint of an EC key (RFC 7638 §3.2), written without a line of what is tested.</summary>
    internal string Thumbprint => Text(SHA256.HashData(Encoding.ASCII.GetBytes($$"""{"crv":"{{_jwk!["crv"]}}","kty":"EC","x":"{{_jwk["x"]}}","y":"{{_jwk["y"]}}"}""")));

    private string Sign(JsonObject head, JsonObject body)
    {
        var signed = $"{Text(JsonSerializer.SerializeToUtf8Bytes(head))}.{Text(JsonSerializer.SerializeToUtf8Bytes(body))}";
        return $"{signed}.{Text(_sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
