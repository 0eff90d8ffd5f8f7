using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Tests.ClientAuth;
using Touchstone.Server.Tests.Rfc9449;
using Touchstone.Server.Tests.Rfc9701;

namespace Touchstone.Server.Tests.Rfc8725;

/// <summary>What stands in the headers of JWTs, and what is not made of it.</summary>
public sealed class HeaderTests
{
    [Theory]
    [InlineData("RSA-OAEP-256")]
    [InlineData("ECDH-ES")]
    public async Task W10_What_is_within_an_encrypted_answer_has_the_type_of_an_answer(string algorithm)
    {
        await using var acme = await Acme.StartAsync();
        var (jwks, key) = JwtReader.NewRecipient(algorithm);
        var caller = await acme.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = algorithm, jwks });
        foreach (var token in (string[])[await acme.TokenAsync(), "unknown"])
        {
            var answer = await acme.OAuth.SignedAsync(token, caller);
            EncryptedJwt.Open(answer.Body, [key], out var inner).ShouldBe(JwtFault.None);
            SignedJwt.TryRead(inner, out var jwt).ShouldBeTrue();
            jwt!.Header.GetProperty("typ").GetString().ShouldBe("token-introspection+jwt");
            // The outer header says only that there is a JWT within: it could be anybody's, for it is not signed.
            JsonElement.Parse(Base64Url.DecodeFromChars(answer.Text.Split('.')[0])).GetProperty("cty").GetString().ShouldBe("JWT");
        }
    }

    [Theory]
    [InlineData("jku")]
    [InlineData("x5u")]
    public async Task W24_W09_An_address_in_a_header_is_never_called(string name)
    {
        // Private addresses are allowed here, so that nothing but the rule keeps the server from calling.
        await using var acme = await Acme.StartAsync(options => (options.AllowPrivateJwksUris, options.Limits.AddressFailures) = (true, 0));
        var (known, stranger) = (Signer.Of("ES256", "known"), Signer.Of("ES256", "stranger"));
        await using var listener = await KeyServer.StartAsync(Signer.SetOf(known, stranger));
        await using var registered = await KeyServer.StartAsync(known.Jwks);
        await acme.Server.AddWithKeysAsync("by-value", known);
        await acme.Server.AddAsync("by-uri", "private_key_jwt", body => body["jwks_uri"] = registered.Uri);
        void Point(JsonObject header) => header[name] = listener.Uri;

        foreach (var id in (string[])["by-value", "by-uri"])
        {
            await acme.Server.ShouldRefuseAsync(stranger.Assertion(id, acme.Time.Seconds, header: Point), id, "unknown_key");
            await acme.Server.ShouldAcceptAsync(known.Assertion(id, acme.Time.Seconds, header: Point));
        }
        (await acme.OAuth.ProveAsync(acme.Shop, stranger.Proof(acme.Time.Seconds, header: Point))).ShouldBeBound();
        (await acme.OAuth.ProveAsync(acme.Shop, stranger.Proof(acme.Time.Seconds, header: header =>
        {
            Point(header);
            header.Remove("jwk");
        }))).ShouldBeBadProof();
        var token = stranger.Assertion("web-shop", acme.Time.Seconds, header: header =>
        {
            Point(header);
            header["typ"] = "at+jwt";
        });
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeInactive();
        await acme.Admin.IssueAsync(new { token, iss = "https://idp.acme.test", client_id = "web-shop", sub = "u-1", aud = Acme.OrdersApi, expires_in = 60 });
        (await acme.OAuth.IntrospectAsync(token, acme.Orders)).ShouldBeActive();

        listener.Calls.ShouldBe(0);
        registered.Calls.ShouldBe(1, "it would have been seen: a registered address is called");
    }
}
