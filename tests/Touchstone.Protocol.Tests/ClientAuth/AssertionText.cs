using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Protocol.ClientAuth;

namespace Touchstone.Protocol.Tests.ClientAuth;

/// <summary>Assertions as text, with a signature that nobody checks here.</summary>
internal static class AssertionText
{
    internal const string Issuer = "https://as.acme.test";
    internal const string TokenEndpoint = Issuer + "/oauth/token";
    internal const long Now = 1_790_000_000;

    internal static readonly JsonObject Header = new() { ["alg"] = "ES256", ["kid"] = "k1" };

    internal static JsonObject Claims => new() { ["iss"] = "rs", ["sub"] = "rs", ["aud"] = Issuer, ["iat"] = Now, ["exp"] = Now + 60, ["jti"] = "j1" };

    internal static string Of(JsonObject? claims = null, JsonObject? header = null) => Of((header ?? Header).ToJsonString(), (claims ?? Claims).ToJsonString());

    internal static string Of(string header, string claims) => $"{Part(header)}.{Part(claims)}.c2ln";

    /// <summary>Claims with a member changed, or taken away by null.</summary>
    internal static JsonObject With(string name, JsonNode? value)
    {
        var claims = Claims;
        claims.Remove(name);
        if (value is not null) claims[name] = value;
        return claims;
    }

    internal static JsonObject HeaderWith(string name, JsonNode? value)
    {
        var header = (JsonObject)Header.DeepClone();
        header.Remove(name);
        if (value is not null) header[name] = value;
        return header;
    }

    internal static ClientAssertionFault Read(string jwt) => ClientAssertion.TryRead(Encoding.UTF8.GetBytes(jwt), out _);

    internal static ClientAssertionFault Judge(JsonObject claims, string clientId = "", bool legacy = false, long now = Now)
    {
        var fault = ClientAssertion.TryRead(Encoding.UTF8.GetBytes(Of(claims)), out var assertion);
        return assertion is null ? fault : ClientAssertionRules.Judge(assertion, Encoding.UTF8.GetBytes(clientId), Issuer, legacy ? TokenEndpoint : null, now);
    }

    internal static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    internal static JsonNode Json(string json) => JsonNode.Parse(json)!;
}
