using System.Security.Cryptography;
using Touchstone.Client;
using Touchstone.EndToEnd.Tests.Interop;
using Touchstone.Protocol.Jwt;

namespace Touchstone.EndToEnd.Tests.Asking;

/// <summary>An API that takes nothing but signed answers of our server: it keeps them by the feed as plain ones, and what is revoked is refused within a second.</summary>
public sealed class SignedAnswerTests(AskingFixture asked) : IClassFixture<AskingFixture>
{
    private static readonly IntrospectionPolicy Policy = new() { MaxTtl = TimeSpan.FromMinutes(10) };

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("ES256", null), InlineData("RS256", null), InlineData("ES256", "ECDH-ES"), InlineData("RS256", "RSA-OAEP-256")]
    public async Task J14_J23_L30_Signed_and_encrypted_answers_are_kept_and_end_within_a_second_of_the_revocation(string signing, string? encryption)
    {
        using var curve = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        AsymmetricAlgorithm own = encryption == "RSA-OAEP-256" ? rsa : curve;
        var caller = await asked.Server.Admin.AddClientAsync(new
        {
            client_id = $"signed-{signing}-{encryption}", kind = "resource-server", audience = new[] { AskingFixture.Audience }, introspection_signed_response_alg = signing, introspection_encrypted_response_alg = encryption,
            jwks = encryption is null ? null : new { keys = new[] { OidcProvider.PublicOf(own) } },
        });
        var key = new DecryptionKey(own);
        await using var api = await ProtectedApi.StartAsync(
            options =>
            {
                (options.Issuer, options.ClientId, options.ClientSecret) = (new Uri(asked.Server.Address.OriginalString.TrimEnd('/')), caller.Id, caller.Secret);
                (options.RequireSignedAnswers, options.SignedAnswerAlgorithms) = (true, [signing]);
                if (encryption is not null) (options.RequireEncryptedAnswers, options.SignedAnswerKeys) = (true, [() => key]);
            },
            ("/", Policy));
        var tokens = await asked.IssueAsync(20);
        foreach (var token in tokens) await Until.TrueAsync(async () => (await api.AskAsync("/", token)).IsFromMemory, "the answer is kept");
        foreach (var token in tokens)
        {
            await asked.RevokeAsync(token);
            var revoked = TimeProvider.System.GetTimestamp();
            await Until.TrueAsync(async () => (await api.AskAsync("/", token)) is { Status: 401 }, "it is refused");
            TimeProvider.System.GetElapsedTime(revoked).ShouldBeLessThan(Bound);
        }
        (await api.AskAsync("/", new AskedToken("unknown"))).Status.ShouldBe(401);
    }

    [Fact]
    public async Task J20_L09_A_signed_answer_that_is_sent_as_a_token_is_refused()
    {
        var caller = await asked.Server.Admin.AddClientAsync(new { client_id = "signed-as-token", kind = "resource-server", audience = new[] { AskingFixture.Audience }, introspection_signed_response_alg = "ES256" });
        var issuer = asked.Server.Address.OriginalString.TrimEnd('/');
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(asked.Server.Address, OAuthCalls.Introspect)) { Content = new FormUrlEncodedContent([new("token", (await asked.IssueAsync(1))[0].Value)]) };
        request.Headers.TryAddWithoutValidation("Authorization", caller.Basic);
        request.Headers.TryAddWithoutValidation("Accept", "application/token-introspection+jwt");
        using var response = await http.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        answer.Split('.').Length.ShouldBe(3);

        // By introspection, and as a JWT that is judged locally.
        foreach (var mode in (JwtMode[])[JwtMode.IntrospectAlways, JwtMode.JwtFirst])
        {
            await using var api = await ProtectedApi.StartAsync(
                options =>
                {
                    (options.Issuer, options.ClientId, options.ClientSecret, options.Jwt.Mode) = (new Uri(issuer), caller.Id, caller.Secret, mode);
                    options.Jwt.Issuers.Add(new JwtIssuer { Issuer = issuer, Audiences = { caller.Id, AskingFixture.Audience } });
                },
                ("/", Policy));
            (await api.AskAsync("/", new AskedToken(answer))).Status.ShouldBe(401);
        }
    }
}
