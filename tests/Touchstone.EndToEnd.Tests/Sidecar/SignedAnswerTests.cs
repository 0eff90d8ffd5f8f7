using System.Security.Cryptography;
using Touchstone.EndToEnd.Tests.Asking;
using Touchstone.EndToEnd.Tests.Interop;

namespace Touchstone.EndToEnd.Tests.Sidecar;

/// <summary>A sidecar that takes nothing but signed and encrypted answers of our server.</summary>
public sealed class SignedAnswerTests(AskingFixture asked) : IClassFixture<AskingFixture>
{
    [Theory]
    [InlineData("ECDH-ES"), InlineData("RSA-OAEP-256")]
    public async Task J14_J23_It_opens_them_keeps_them_and_refuses_what_is_revoked(string encryption)
    {
        using AsymmetricAlgorithm own = encryption == "ECDH-ES" ? ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384) : RSA.Create(2048);
        // A key of another curve than the one that tests elsewhere have.
        var jwk = OidcProvider.PublicOf(own);
        if (own is ECDiffieHellman) jwk["crv"] = "P-384";
        var caller = await asked.Server.Admin.AddClientAsync(new
        {
            client_id = "sidecar-" + encryption, kind = "resource-server", audience = new[] { AskingFixture.Audience }, introspection_signed_response_alg = "ES256", introspection_encrypted_response_alg = encryption,
            introspection_encrypted_response_enc = "A256GCM", jwks = new { keys = new[] { jwk } },
        });
        var port = Ports.Take();
        var address = new Uri($"http://127.0.0.1:{port}");
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await using var sidecar = await SidecarProcess.StartAsync(
            folder =>
            {
                File.WriteAllText(folder.File("answers.pem"), own.ExportPkcs8PrivateKeyPem());
                return $$"""
                    listen: {{address.OriginalString}}
                    admin: off
                    issuers:
                      issuer: {{asked.Server.Address.OriginalString.TrimEnd('/')}}
                      client_id: {{caller.Id}}
                      client_secret: "{{caller.Secret}}"
                      require_signed_answers: true
                      signed_answer_algorithms: [ES256]
                      answer_key_files: [answers.pem]
                      require_encrypted_answers: true
                    rules: [{ name: all, paths: /** }]
                    """;
            },
            async _ => await IsListeningAsync());
        var token = (await asked.IssueAsync(1))[0];
        (await AskAsync(token.Value)).ShouldBe(200);
        (await AskAsync("unknown")).ShouldBe(401);
        await asked.RevokeAsync(token);
        var revoked = TimeProvider.System.GetTimestamp();
        await Until.TrueAsync(async () => await AskAsync(token.Value) == 401, "it is refused");
        TimeProvider.System.GetElapsedTime(revoked).ShouldBeLessThan(TimeSpan.FromSeconds(1));

        async Task<int> AskAsync(string? presented)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/auth/nginx"));
            foreach (var (name, value) in new[] { ("X-Original-Method", "GET"), ("X-Original-Host", "api.example"), ("X-Original-URI", "/") }) request.Headers.TryAddWithoutValidation(name, value);
            if (presented is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + presented);
            using var answer = await http.SendAsync(request);
            return (int)answer.StatusCode;
        }

        async Task<bool> IsListeningAsync()
        {
            try
            {
                return await AskAsync(null) == 401;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
