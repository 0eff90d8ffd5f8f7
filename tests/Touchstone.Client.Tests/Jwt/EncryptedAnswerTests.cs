using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Protocol.Jwt;

namespace Touchstone.Client.Tests.Jwt;

/// <summary>Signed answers that the server encrypted besides (RFC 9701 §5).</summary>
public sealed class EncryptedAnswerTests
{
    private const string Type = "application/token-introspection+jwt";

    private readonly ECDiffieHellman _curve = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _rsa = RSA.Create(2048);

    [Fact]
    public async Task J23_An_encrypted_answer_is_opened_by_the_key_that_fits()
    {
        await using var server = await JwtServer.StartAsync();
        foreach (var recipient in (EncryptionKey[])[Public(_curve), Public(_rsa)])
        {
            foreach (var encryption in EncryptedJwt.Encryptions)
            {
                Serve(server, EncryptedJwt.Encrypt(recipient, encryption, Signed(server)));
                await using var client = ClientOf(server, new DecryptionKey(_rsa), new DecryptionKey(_curve));
                var result = await client.IntrospectAsync("t");
                (result.Outcome, result.Token?.Subject).ShouldBe((IntrospectionOutcome.Active, "alice"));
            }
        }
    }

    [Fact]
    public async Task W02_J21_What_opens_has_to_be_signed_all_the_same()
    {
        await using var server = await JwtServer.StartAsync();
        var stranger = new JwtKey("k1");
        var recipient = Public(_curve);
        var cases = new Dictionary<string, byte[]>
        {
            ["plain JSON within"] = Encrypt(OtherServer.Active),
            ["the answer without a signature"] = Encrypt(Answer(server).ToJsonString()),
            ["none"] = Encrypt(JwtKey.Part("""{"typ":"token-introspection+jwt","alg":"none"}""") + "." + JwtKey.Part(Answer(server).ToJsonString()) + ".AA"),
            ["another's key"] = Encrypt(stranger.Sign(stranger.Header("token-introspection+jwt"), Answer(server))),
            ["for another"] = Encrypt(Sign(server, "aud", "rs-other")),
            ["an old one"] = Encrypt(Sign(server, "iat", server.Time.Seconds - 61)),
            ["an access token"] = Encrypt(server.Token()),
            ["encrypted twice"] = EncryptedJwt.Encrypt(recipient, "A256GCM", EncryptedJwt.Encrypt(recipient, "A256GCM", Signed(server))),
            ["for another's key"] = EncryptedJwt.Encrypt(Public(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256)), "A256GCM", Signed(server)),
            ["cut off"] = EncryptedJwt.Encrypt(recipient, "A256GCM", Signed(server))[..^4],
        };
        foreach (var (name, body) in cases)
        {
            Serve(server, body);
            await using var client = ClientOf(server, new DecryptionKey(_curve));
            var result = await client.IntrospectAsync("t");
            (result.Outcome, result.Fault).ShouldBe((IntrospectionOutcome.CannotTell, IntrospectionFault.Malformed), name);
        }

        byte[] Encrypt(string within) => EncryptedJwt.Encrypt(recipient, "A128CBC-HS256", Encoding.UTF8.GetBytes(within));
    }

    [Fact]
    public async Task Without_a_key_it_is_malformed_and_where_encryption_is_demanded_a_signed_one_is()
    {
        await using var server = await JwtServer.StartAsync();
        Serve(server, EncryptedJwt.Encrypt(Public(_curve), "A256GCM", Signed(server)));
        await using var without = ClientOf(server);
        (await without.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Malformed);

        Serve(server, Signed(server));
        await using var either = ClientOf(server, new DecryptionKey(_curve));
        (await either.IntrospectAsync("t")).IsActive.ShouldBeTrue();
        await using var demanding = ClientOf(server, isDemanded: true, () => new DecryptionKey(_curve));
        (await demanding.IntrospectAsync("t")).Fault.ShouldBe(IntrospectionFault.Malformed);
    }

    [Fact]
    public async Task A_key_file_may_be_rotated_and_a_function_may_fail()
    {
        await using var server = await JwtServer.StartAsync();
        using var folder = new TempFolder();
        var file = folder.File("answers.pem");
        await File.WriteAllTextAsync(file, _curve.ExportPkcs8PrivateKeyPem());
        var key = FromFile.AnswerKey(file);
        await using var client = ClientOf(server, isDemanded: false, () => throw new InvalidOperationException("out of order"), key);
        Serve(server, EncryptedJwt.Encrypt(Public(_curve), "A256GCM", Signed(server)));
        (await client.IntrospectAsync("t1")).IsActive.ShouldBeTrue();

        await File.WriteAllTextAsync(file, _rsa.ExportPkcs8PrivateKeyPem());
        Serve(server, EncryptedJwt.Encrypt(Public(_rsa), "A256GCM", Signed(server)));
        (await client.IntrospectAsync("t2")).IsActive.ShouldBeTrue();

        // Half of a rotation leaves what was there.
        await File.WriteAllTextAsync(file, "-----BEGIN");
        (await client.IntrospectAsync("t3")).IsActive.ShouldBeTrue();
        Should.Throw<ArgumentException>(() => FromFile.AnswerKey(file));
    }

    [Fact]
    public void The_options_say_what_does_not_go_together()
    {
        var options = new TokenIntrospectionOptions { Issuer = new Uri("https://as.acme.test"), ClientId = "rs", ClientSecret = "s", RequireEncryptedAnswers = true };
        options.Faults().Count(fault => fault.Contains("RequireEncryptedAnswers", StringComparison.Ordinal)).ShouldBe(2);
        options.RequireSignedAnswers = true;
        options.Faults().ShouldHaveSingleItem().ShouldContain("SignedAnswerKeys");
        options.SignedAnswerKeys = [.. Enumerable.Repeat(() => new DecryptionKey(_curve), 9)];
        options.Faults().ShouldHaveSingleItem().ShouldContain("8 at most");
        options.SignedAnswerKeys = [() => new DecryptionKey(_curve)];
        options.Faults().ShouldBeEmpty();
        options.RequireSignedAnswers = options.RequireEncryptedAnswers = false;
        options.Faults().ShouldHaveSingleItem();
    }

    private static void Serve(JwtServer server, byte[] body) => server.Introspection = http => OtherServer.AnswerAsync(http, Encoding.ASCII.GetString(body), Type);

    private static IntrospectionClient ClientOf(JwtServer server, params DecryptionKey[] keys) => ClientOf(server, isDemanded: false, [.. keys.Select(key => (Func<DecryptionKey>)(() => key))]);

    private static IntrospectionClient ClientOf(JwtServer server, bool isDemanded, params Func<DecryptionKey>[] keys) =>
        server.Client(options => (options.Jwt, options.RequireSignedAnswers, options.RequireEncryptedAnswers, options.SignedAnswerKeys) = (new(), true, isDemanded, keys));

    private static JsonObject Answer(JwtServer server) => new()
    {
        ["iss"] = server.Issuer, ["aud"] = "rs", ["iat"] = server.Time.Seconds, ["token_introspection"] = new JsonObject { ["active"] = true, ["sub"] = "alice" },
    };

    private static byte[] Signed(JwtServer server) => Encoding.ASCII.GetBytes(server.Key.Sign(server.Key.Header("token-introspection+jwt"), Answer(server)));

    private static string Sign(JwtServer server, string name, JsonNode value)
    {
        var answer = Answer(server);
        answer[name] = value;
        return server.Key.Sign(server.Key.Header("token-introspection+jwt"), answer);
    }

    private static EncryptionKey Public(ECDiffieHellman key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return EncryptionKey.TryRead(JsonElement.Parse($$"""{"kty":"EC","use":"enc","crv":"P-256","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}"""))!;
    }

    private static EncryptionKey Public(RSA key)
    {
        var numbers = key.ExportParameters(includePrivateParameters: false);
        return EncryptionKey.TryRead(JsonElement.Parse($$"""{"kty":"RSA","use":"enc","n":"{{Base64Url.EncodeToString(numbers.Modulus)}}","e":"{{Base64Url.EncodeToString(numbers.Exponent)}}"}"""))!;
    }
}
