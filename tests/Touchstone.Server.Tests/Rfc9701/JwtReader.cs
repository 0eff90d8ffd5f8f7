using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Introspection;
using Touchstone.Server.Signing;

namespace Touchstone.Server.Tests.Rfc9701;

/// <summary>Asks for signed answers, and reads them.</summary>
internal static class JwtReader
{
    internal static async Task<Answer> SignedAsync(this OAuthCalls oauth, string token, TestClient? caller, string? accept = AnswerForms.SignedType, string path = OAuthCalls.Introspect, string? follow = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        List<KeyValuePair<string, string>> form = [new("token", token)];
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        if (follow is not null) request.Headers.TryAddWithoutValidation("Touchstone-Follow", follow);
        if (caller is { Secret: null }) form.Add(new("client_id", caller.Id));
        else if (caller is not null) request.Headers.TryAddWithoutValidation("Authorization", caller.Basic);
        request.Content = new FormUrlEncodedContent(form);
        return await oauth.SendAsync(request);
    }

    /// <summary>A signed answer with the usual headers, signed by the key of its <c>kid</c>.</summary>
    internal static SignedJwt ShouldBeSigned(this Answer answer, TestServer server, string algorithm = "RS256", params string[] moreHeaders)
    {
        answer.Status.ShouldBe(200, answer.ToString());
        answer.Header("Content-Type").ShouldBe("application/token-introspection+jwt");
        answer.ShouldNotBeKept();
        return Read(answer.Body, server, algorithm);
    }

    internal static SignedJwt Read(byte[] body, TestServer server, string algorithm = "RS256")
    {
        SignedJwt.TryRead(body, out var jwt).ShouldBeTrue(Encoding.UTF8.GetString(body));
        var key = server.Services.GetRequiredService<SigningKeys>().Current(algorithm);
        jwt!.Header.GetRawText().ShouldBe($$"""{"typ":"token-introspection+jwt","alg":"{{algorithm}}","kid":"{{key.Kid}}"}""");
        KeySet.TryParse(Encoding.UTF8.GetBytes($$"""{"keys":[{{key.Jwk}}]}"""), out var keys, out _).ShouldBeTrue();
        keys.Verify(algorithm, key.Kid, jwt.Signed.Span, jwt.Signature.Span).ShouldBe(SignatureVerdict.Good);
        return jwt;
    }

    /// <summary>A key to encrypt for, as a set, and its private half.</summary>
    internal static (JsonObject Jwks, DecryptionKey Key) NewRecipient(string algorithm, string keyId = "enc-1")
    {
        if (algorithm == "RSA-OAEP-256")
        {
            var rsa = RSA.Create(2048);
            var numbers = rsa.ExportParameters(includePrivateParameters: false);
            return (SetOf(new JsonObject { ["kty"] = "RSA", ["use"] = "enc", ["kid"] = keyId, ["n"] = Base64Url.EncodeToString(numbers.Modulus), ["e"] = Base64Url.EncodeToString(numbers.Exponent) }), new DecryptionKey(rsa, keyId));
        }
        var curve = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var point = curve.ExportParameters(includePrivateParameters: false).Q;
        return (SetOf(new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["alg"] = algorithm, ["kid"] = keyId, ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) }), new DecryptionKey(curve, keyId));
    }

    internal static JsonElement Said(this SignedJwt jwt) => jwt.Claims.GetProperty("token_introspection");

    private static JsonObject SetOf(JsonObject key) => new() { ["keys"] = new JsonArray(key) };
}
