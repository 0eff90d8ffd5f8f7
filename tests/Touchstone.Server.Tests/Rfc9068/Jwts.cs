using System.Text;
using System.Text.Json;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Server.Tests.Rfc9068;

/// <summary>JWTs as a resource server reads them: by <c>jwks.json</c> and nothing else.</summary>
internal static class Jwts
{
    internal static string Jwks => "/.well-known/jwks.json";

    internal static SignedJwt Read(string token)
    {
        SignedJwt.TryRead(Encoding.ASCII.GetBytes(token), out var jwt).ShouldBeTrue(token);
        return jwt!;
    }

    /// <summary>What the keys that are published now say of its signature.</summary>
    internal static async Task<SignatureVerdict> VerifyAsync(this TestServer server, string token)
    {
        var jwt = Read(token);
        KeySet.TryParse((await server.OAuth.GetAsync(Jwks)).Body, out var keys, out var error).ShouldBeTrue(error);
        return keys.Verify(jwt.Algorithm!, jwt.KeyId, jwt.Signed.Span, jwt.Signature.Span);
    }

    /// <summary>What a resource server makes of it.</summary>
    internal static JwtFault Judge(this TestServer server, string token, string audience) => JwtRules.JudgeAccessToken(Read(token), TestServer.DefaultIssuer, [audience], [.. JwtRules.Algorithms], server.Time.Seconds, 0);

    internal static string[] NamesOf(JsonElement json) => [.. json.EnumerateObject().Select(member => member.Name)];

    /// <summary>Whether it has the shape of a JWT.</summary>
    internal static bool IsJwt(string token) => token.Count(c => c == '.') == 2;

    /// <summary>The keys of an algorithm as an administrator sees them.</summary>
    internal static async Task<JsonElement[]> KeysAsync(this TestServer server, string algorithm = "ES256") => [.. (await server.Admin.GetAsync("/admin/keys")).Json.GetProperty("items").EnumerateArray().Where(key => key.GetProperty("alg").GetString() == algorithm)];

    /// <summary>The kids of the published keys of an algorithm.</summary>
    internal static async Task<string[]> PublishedAsync(this TestServer server, string algorithm = "ES256") =>
        [.. (await server.OAuth.GetAsync(Jwks)).Json.GetProperty("keys").EnumerateArray().Where(key => key.GetProperty("alg").GetString() == algorithm).Select(key => key.GetProperty("kid").GetString()!)];
}
