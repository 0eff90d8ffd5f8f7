using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Concurrency;

/// <summary>One client assertion, used by many at once over HTTP: it is good once (RFC 7523).</summary>
[Collection(LoadCollection.Name)]
public sealed class AssertionRaceTests
{
    private const int Parallel = 200;
    private const string Caller = "signing-api";

    [Fact]
    public async Task L13_K07_Of_200_parallel_uses_of_one_assertion_exactly_one_wins_in_every_round()
    {
        await using var server = await ServerProcess.StartAsync(new ServerSetup { Environment = ServerSetup.NoLimits });
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(false).Q;
        var jwk = new { kty = "EC", crv = "P-256", x = Base64Url.EncodeToString(point.X), y = Base64Url.EncodeToString(point.Y) };
        await server.Admin.AddClientAsync(new { client_id = Caller, kind = "resource-server", audience = new[] { "https://api.example" }, auth_methods = new[] { "private_key_jwt" }, jwks = new { keys = new[] { jwk } } });
        var issuer = (await server.OAuth.MetadataAsync()).GetProperty("issuer").GetString()!;

        for (var round = 0; round < Bars.AssertionRounds; round++)
        {
            var assertion = Assertion(key, issuer, $"round-{round}");
            var answers = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => Task.Run(() => server.OAuth.PostAsync(
                OAuthCalls.Introspect, null, ("token", "unknown"), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", assertion)))));
            answers.Count(answer => answer.Status == 200).ShouldBe(1, $"round {round}");
            answers.Count(answer => answer.Status == 401).ShouldBe(Parallel - 1, $"round {round}");
        }
        Bars.Tell($"{Bars.AssertionRounds} rounds of {Parallel} parallel uses of one assertion: one winner in each");
    }

    private static string Assertion(ECDsa key, string issuer, string id)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var signed = Part(new { typ = "client-authentication+jwt", alg = "ES256" }) + "." + Part(new { iss = Caller, sub = Caller, aud = issuer, iat = now, exp = now + 60, jti = id });
        return signed + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
    }

    private static string Part(object json) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(json));
}
