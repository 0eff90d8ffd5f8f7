using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Touchstone.Client.Jwt;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>What is refused, why, and that nobody is asked about it.</summary>
public sealed class JwtRefusalTests
{
    // Each is a JWT of a known issuer with one thing wrong, signed by the issuer where it can be.
    private static readonly Dictionary<string, (JwtFault Fault, Func<JwtServer, string> Token)> Wrongs = new()
    {
        ["H02 no typ"] = (JwtFault.OtherKind, s => Head(s, "typ", null)),
        ["H20 ID token"] = (JwtFault.OtherKind, s => Head(s, "typ", "JWT")),
        ["O01 DPoP proof"] = (JwtFault.OtherKind, s => Head(s, "typ", "dpop+jwt")),
        ["K11 client assertion"] = (JwtFault.OtherKind, s => Head(s, "typ", "client-authentication+jwt")),
        ["J12 introspection answer"] = (JwtFault.OtherKind, s => Head(s, "typ", "token-introspection+jwt")),
        ["W11 logout token"] = (JwtFault.OtherKind, s => Head(s, "typ", "logout+jwt")),
        ["W11 security event"] = (JwtFault.OtherKind, s => Head(s, "typ", "secevent+jwt")),
        ["W11 event with the right typ"] = (JwtFault.OtherKind, s => Claim(s, "events", new JsonObject())),
        ["L09 answer with the right typ"] = (JwtFault.OtherKind, s => Claim(s, "token_introspection", new JsonObject())),
        ["L14 says that it is active"] = (JwtFault.OtherKind, s => Claim(s, "active", true)),
        ["W21 None"] = (JwtFault.Algorithm, s => Head(s, "alg", "None")),
        ["W21 nOnE"] = (JwtFault.Algorithm, s => Head(s, "alg", "nOnE")),
        ["H01 none"] = (JwtFault.Algorithm, s => Head(s, "alg", "none")),
        ["H01 none without a signature"] = (JwtFault.Malformed, s => JwtKey.Part("""{"typ":"at+jwt","alg":"none"}""") + "." + JwtKey.Part(s.Claims().ToJsonString()) + "."),
        ["W20 HS256 by the public key"] = (JwtFault.Algorithm, ByPublicKey),
        ["W01 es256"] = (JwtFault.Algorithm, s => Head(s, "alg", "es256")),
        ["W01 algorithm of another key"] = (JwtFault.UnknownKey, s => Head(s, "alg", "ES384")),
        ["crit"] = (JwtFault.Extended, s => Head(s, "crit", new JsonArray("b64"))),
        ["b64"] = (JwtFault.Extended, s => Head(s, "b64", false)),
        ["W02 nested"] = (JwtFault.Extended, s => Head(s, "cty", "JWT")),
        ["W05 compressed"] = (JwtFault.Extended, s => Head(s, "zip", "DEF")),
        ["W23 kid with a path"] = (JwtFault.UnknownKey, s => Head(s, "kid", "../../etc/passwd")),
        ["W23 kid with SQL"] = (JwtFault.UnknownKey, s => Head(s, "kid", "' or 1=1 --")),
        ["kid without end"] = (JwtFault.Malformed, s => Head(s, "kid", new string('k', 300))),
        ["W24 jwk of its own"] = (JwtFault.Signature, OwnKey),
        ["H23 aud of a sibling"] = (JwtFault.Audience, s => Claim(s, "aud", "https://billing.acme.test/")),
        ["W08 no aud"] = (JwtFault.Audience, s => Claim(s, "aud", null)),
        ["W08 aud of another type"] = (JwtFault.Audience, s => Claim(s, "aud", new JsonArray(JwtServer.Api, 17))),
        ["L11 no exp"] = (JwtFault.NoExpiry, s => Claim(s, "exp", null)),
        ["L11 no iat"] = (JwtFault.NoIssueTime, s => Claim(s, "iat", null)),
        ["H24 exp is now"] = (JwtFault.Expired, s => Claim(s, "exp", s.Time.Seconds)),
        ["exp is a text"] = (JwtFault.Malformed, s => Claim(s, "exp", "9999999999")),
        ["C26 nbf ahead"] = (JwtFault.NotYetValid, s => Claim(s, "nbf", s.Time.Seconds + 6)),
        ["iat ahead"] = (JwtFault.NotYetValid, s => Claim(s, "iat", s.Time.Seconds + 6)),
        ["H03 no sub"] = (JwtFault.Incomplete, s => Claim(s, "sub", null)),
        ["H21 no client_id"] = (JwtFault.Incomplete, s => Claim(s, "client_id", null)),
        ["H21 no jti"] = (JwtFault.Incomplete, s => Claim(s, "jti", null)),
        ["scope of another type"] = (JwtFault.Malformed, s => Claim(s, "scope", 17)),
        ["W25 a claim twice"] = (JwtFault.Malformed, s => s.Key.Sign(s.Key.Header().ToJsonString(), s.Claims().ToJsonString().Replace("{\"iss\"", "{\"sub\":\"eve\",\"iss\"", StringComparison.Ordinal))),
        ["W25 a header twice"] = (JwtFault.Malformed, s => s.Key.Sign(s.Key.Header().ToJsonString().Replace("{", "{\"alg\":\"none\",", StringComparison.Ordinal), s.Claims().ToJsonString())),
        ["W26 too long"] = (JwtFault.TooLong, s => Claim(s, "more", new string('m', LocalJwts.MaxLength))),
        ["W06 padding"] = (JwtFault.Malformed, s => s.Token() + "="),
        ["L10 suffix"] = (JwtFault.Malformed, s => s.Token() + "\n"),
    };

    public static TheoryData<string> Names => [.. Wrongs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task H07_H20_H21_H23_H24_J12_What_is_wrong_is_refused_and_nobody_is_asked(string name)
    {
        await using var server = await JwtServer.StartAsync();
        server.Introspection = http => OtherServer.AnswerAsync(http, OtherServer.Active);
        await using var client = server.Client();
        (await client.IntrospectAsync(server.Token())).IsActive.ShouldBeTrue("the client works");
        var token = Wrongs[name].Token(server);
        var judged = await client.Jwts!.JudgeAsync(token, client.Policy, TestContext.Current.CancellationToken);
        (judged.Verdict, judged.Fault).ShouldBe((LocalVerdict.Refused, Wrongs[name].Fault));
        var result = await client.IntrospectAsync(token);
        (result.Outcome, result.Source).ShouldBe((IntrospectionOutcome.Inactive, IntrospectionSource.Jwt));
        server.Introspections.ShouldBe(0);
        (await client.IntrospectAsync(token, client.Policy with { FailMode = FailMode.FailOpen })).IsActive.ShouldBeFalse();
    }

    [Fact]
    public async Task H22_Another_issuers_key_signs_nothing_for_this_one()
    {
        await using var server = await JwtServer.StartAsync();
        await using var other = await JwtServer.StartAsync();
        await using var client = server.Client(options => options.Jwt.Issuers.Add(other.Known()));
        (await client.IntrospectAsync(other.Token())).Source.ShouldBe(IntrospectionSource.Jwt);
        (await client.IntrospectAsync(other.Key.Sign(other.Key.Header(), server.Claims()))).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        server.Introspections.ShouldBe(0);
    }

    [Theory]
    [InlineData("use", "enc")]
    [InlineData("alg", "ES384")]
    [InlineData("kty", "oct")]
    [InlineData("key_ops", "sign")]
    public async Task W01_A_key_for_something_else_verifies_nothing(string name, string value)
    {
        await using var server = await JwtServer.StartAsync();
        server.Published[0]![name] = name == "key_ops" ? new JsonArray(value) : value;
        await using var client = server.Client();
        (await client.IntrospectAsync(server.Token())).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    [Fact]
    public async Task W04_A_small_RSA_key_verifies_nothing()
    {
        await using var server = await JwtServer.StartAsync();
        var small = new JwtKey("small", "RS256", 1024);
        server.Published.Add(small.Jwk());
        await using var client = server.Client();
        (await client.IntrospectAsync(small.Sign(small.Header(), server.Claims()))).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
    }

    private static string Head(JwtServer server, string name, JsonNode? value)
    {
        var header = server.Key.Header();
        header.Remove(name);
        if (value is not null) header[name] = value;
        return server.Key.Sign(header, server.Claims());
    }

    private static string Claim(JwtServer server, string name, JsonNode? value) => server.Key.Sign(server.Key.Header(), server.With(name, value));

    private static string ByPublicKey(JwtServer server)
    {
        var signed = JwtKey.Part("""{"typ":"at+jwt","alg":"HS256","kid":"k1"}""") + "." + JwtKey.Part(server.Claims().ToJsonString());
        return signed + "." + System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(server.Key.PublicRsa, Encoding.ASCII.GetBytes(signed)));
    }

    private static string OwnKey(JwtServer server)
    {
        var own = new JwtKey("k1");
        var header = own.Header();
        (header["jwk"], header["jku"], header["x5u"]) = (own.Jwk(), server.Issuer + "/evil", server.Issuer + "/evil");
        return own.Sign(header, server.Claims());
    }
}
