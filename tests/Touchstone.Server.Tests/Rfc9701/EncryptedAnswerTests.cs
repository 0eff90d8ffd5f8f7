using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Tests.ClientAuth;

namespace Touchstone.Server.Tests.Rfc9701;

/// <summary>Signed answers that are encrypted besides, and how both are registered.</summary>
public sealed class EncryptedAnswerTests(Acme acme) : IClassFixture<Acme>
{
    [Theory]
    [InlineData("RSA-OAEP-256", null, "ES256"), InlineData("RSA-OAEP-256", "A256GCM", null), InlineData("ECDH-ES", null, "RS256"), InlineData("ECDH-ES", "A256GCM", "ES256")]
    public async Task J09_J23_An_encrypted_answer_opens_to_the_signed_one(string algorithm, string? encryption, string? signing)
    {
        var (jwks, key) = JwtReader.NewRecipient(algorithm);
        var caller = await AddAsync($"enc-{algorithm}-{encryption}-{signing}", jwks, algorithm, encryption, signing);
        var token = await acme.TokenAsync();
        var answer = await acme.OAuth.SignedAsync(token, caller);
        answer.Header("Content-Type").ShouldBe("application/token-introspection+jwt");
        answer.ShouldNotBeKept();
        EncryptedJwt.Open(answer.Body, [key], out var signed).ShouldBe(JwtFault.None);
        var jwt = JwtReader.Read(signed!, acme.Server, signing ?? "RS256");
        jwt.Said().GetRawText().ShouldBe((await acme.OAuth.IntrospectAsync(token, caller)).ShouldBeActive().GetRawText()); // Plain where plain is asked for.
        var header = System.Text.Json.JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(answer.Text.Split('.')[0]));
        (header.GetProperty("alg").GetString(), header.GetProperty("enc").GetString(), header.GetProperty("cty").GetString(), header.GetProperty("kid").GetString()).ShouldBe((algorithm, encryption ?? "A128CBC-HS256", "JWT", "enc-1"));

        EncryptedJwt.Open((await acme.OAuth.SignedAsync("unknown", caller)).Body, [key], out var inactive).ShouldBe(JwtFault.None);
        JwtReader.Read(inactive!, acme.Server, signing ?? "RS256").Said().GetRawText().ShouldBe("{\"active\":false}");
    }

    [Fact]
    public async Task J09_Without_the_keys_at_their_URI_there_is_no_answer_rather_than_a_readable_one()
    {
        await using var server = await TestServer.StartAsync(options => options.AllowPrivateJwksUris = true);
        var (jwks, key) = JwtReader.NewRecipient("ECDH-ES");
        await using var keys = await KeyServer.StartAsync(jwks);
        keys.Answer = http =>
        {
            http.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = "ECDH-ES", jwks_uri = keys.Uri });
        (await server.OAuth.SignedAsync("unknown", caller)).ShouldBeError(503, "temporarily_unavailable");
        (await server.OAuth.IntrospectAsync("unknown", caller)).ShouldBeInactive();

        keys.Answer = http => http.Response.WriteAsync(keys.Keys.ToJsonString());
        server.Time.Advance(RemoteKeySets.BetweenFetches);
        EncryptedJwt.Open((await server.OAuth.SignedAsync("unknown", caller)).Body, [key], out _).ShouldBe(JwtFault.None);

        // Another key stands there now: it is read at the latest when the set is old.
        var (newer, next) = JwtReader.NewRecipient("ECDH-ES", "enc-2");
        keys.Keys = newer;
        server.Time.Advance(RemoteKeySets.Fresh);
        EncryptedJwt.Open((await server.OAuth.SignedAsync("unknown", caller)).Body, [next], out _).ShouldBe(JwtFault.None);

        // None that fits: looked for once more, then refused.
        keys.Keys = JwtReader.NewRecipient("RSA-OAEP-256").Jwks;
        server.Time.Advance(RemoteKeySets.Fresh);
        (await server.OAuth.SignedAsync("unknown", caller)).ShouldBeError(503, "temporarily_unavailable");
    }

    [Theory]
    [InlineData("disable")]
    [InlineData("view")]
    public async Task J09_A_caller_that_changes_while_its_keys_are_fetched_is_not_answered_as_it_was(string change)
    {
        await using var server = await TestServer.StartAsync(options => options.AllowPrivateJwksUris = true);
        await using var keys = await KeyServer.StartAsync(JwtReader.NewRecipient("ECDH-ES").Jwks);
        var (asked, goOn) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        keys.Answer = async http =>
        {
            asked.TrySetResult();
            await goOn.Task;
            await http.Response.WriteAsync(keys.Keys.ToJsonString());
        };
        var caller = await server.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = "ECDH-ES", jwks_uri = keys.Uri });
        var answering = server.OAuth.SignedAsync("unknown", caller);
        await asked.Task;
        await server.Admin.ChangeAsync("rs", change, change == "view" ? new { sub = "pairwise" } : null);
        goOn.SetResult();
        (await answering).ShouldBeError(503, "temporarily_unavailable").Header("Retry-After").ShouldBe("1");
        (await server.OAuth.SignedAsync("unknown", caller)).Status.ShouldBe(change == "view" ? 200 : 401);
    }

    [Fact]
    public async Task Every_fault_of_a_registration_is_told_at_once()
    {
        var answer = await acme.Admin.PostAsync(AdminCalls.Clients, new
        {
            client_id = "faulty", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_signed_response_alg = "HS256", introspection_encrypted_response_enc = "A128GCM",
        });
        answer.ShouldBeProblem(400).Faults().ShouldBe(["introspection_signed_response_alg", "introspection_encrypted_response_enc", "introspection_encrypted_response_enc"]);

        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "faulty", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = "RSA1_5" }))
            .ShouldBeProblem(400).Faults().ShouldBe(["introspection_encrypted_response_alg", "jwks"]);
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "faulty", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = "ECDH-ES", jwks = JwtReader.NewRecipient("RSA-OAEP-256").Jwks }))
            .ShouldBeProblem(400).Faults().ShouldBe(["jwks"]);
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "faulty", kind = "client", @public = true, introspection_signed_response_alg = "ES256" })).ShouldBeProblem(400).Faults().ShouldBe(["introspection_signed_response_alg"]);
        // An even number is no product of primes, and nobody can encrypt with it.
        var even = JwtReader.NewRecipient("RSA-OAEP-256").Jwks;
        var modulus = System.Buffers.Text.Base64Url.DecodeFromChars(even["keys"]![0]!["n"]!.GetValue<string>());
        modulus[^1] ^= 1;
        even["keys"]![0]!["n"] = System.Buffers.Text.Base64Url.EncodeToString(modulus);
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "faulty", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = "RSA-OAEP-256", jwks = even }))
            .ShouldBeProblem(400).Faults().ShouldBe(["jwks"]);
        // A key that signs is none to encrypt for.
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "faulty", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = "ECDH-ES", jwks = Signer.Of("ES256").Jwks }))
            .ShouldBeProblem(400).Faults().ShouldBe(["jwks"]);
    }

    [Fact]
    public async Task The_registration_is_changed_as_a_whole_from_the_next_answer_on()
    {
        var caller = await acme.Admin.AddClientAsync(new { client_id = "changing", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        (await acme.OAuth.SignedAsync("unknown", caller)).ShouldBeSigned(acme.Server);

        var (jwks, key) = JwtReader.NewRecipient("ECDH-ES");
        var changed = await acme.Admin.ChangeAsync("changing", "response", new { introspection_signed_response_alg = "ES256", introspection_encrypted_response_alg = "ECDH-ES", introspection_encrypted_response_enc = "A256GCM", jwks });
        (changed.GetProperty("introspection_signed_response_alg").GetString(), changed.GetProperty("introspection_encrypted_response_alg").GetString(), changed.GetProperty("introspection_encrypted_response_enc").GetString()).ShouldBe(("ES256", "ECDH-ES", "A256GCM"));
        changed.GetProperty("keys")[0].GetProperty("usable").GetBoolean().ShouldBeTrue();
        EncryptedJwt.Open((await acme.OAuth.SignedAsync("unknown", caller)).Body, [key], out var signed).ShouldBe(JwtFault.None);
        JwtReader.Read(signed!, acme.Server, "ES256");

        // Its keys are changed as those of others are, and what its answers need stays among them.
        var (other, next) = JwtReader.NewRecipient("ECDH-ES", "enc-2");
        await acme.Admin.ChangeAsync("changing", "keys", new { jwks = other });
        EncryptedJwt.Open((await acme.OAuth.SignedAsync("unknown", caller)).Body, [next], out _).ShouldBe(JwtFault.None);
        (await acme.Admin.PostAsync($"{AdminCalls.Clients}/changing/keys", new { jwks = JwtReader.NewRecipient("RSA-OAEP-256").Jwks })).ShouldBeProblem(400).Faults().ShouldBe(["jwks"]);

        (await acme.Admin.PostAsync($"{AdminCalls.Clients}/changing/response", new { introspection_encrypted_response_alg = "RSA-OAEP-256", introspection_signed_response_alg = "none" }))
            .ShouldBeProblem(400, "The signed answers were not changed.").Faults().ShouldBe(["introspection_signed_response_alg", "jwks"]);
        (await acme.Admin.PostAsync($"{AdminCalls.Clients}/changing/response", new { jwks })).ShouldBeProblem(400).Faults().ShouldBe(["jwks"]);

        // Nothing registered: as by default, and keys that were for encryption alone are gone.
        var plain = await acme.Admin.ChangeAsync("changing", "response", new { });
        foreach (var member in (string[])["keys", "introspection_signed_response_alg", "introspection_encrypted_response_alg", "introspection_encrypted_response_enc"]) plain.TryGetProperty(member, out _).ShouldBeFalse(member);
        (await acme.OAuth.SignedAsync("unknown", caller)).ShouldBeSigned(acme.Server);
        (await acme.Admin.PostAsync($"{AdminCalls.Clients}/nobody/response", new { })).ShouldBeProblem(404);
    }

    [Fact]
    public async Task A_caller_with_keys_of_both_kinds_keeps_those_that_it_signs_with()
    {
        var signer = Signer.Of("ES256");
        var (jwks, key) = JwtReader.NewRecipient("RSA-OAEP-256");
        jwks["keys"]!.AsArray().Add(signer.Jwk);
        await acme.Server.AddAsync("both", "private_key_jwt", body => (body["jwks"], body["introspection_encrypted_response_alg"]) = (jwks.DeepClone(), "RSA-OAEP-256"));
        await acme.Server.ShouldAcceptAsync(signer.Assertion("both", acme.Time.Seconds));
        await acme.Admin.ChangeAsync("both", "response", new { });
        await acme.Server.ShouldAcceptAsync(signer.Assertion("both", acme.Time.Seconds));
        (await acme.Admin.GetAsync($"{AdminCalls.Clients}/both")).Json.GetProperty("keys").GetArrayLength().ShouldBe(2);
        _ = key;
    }

    [Fact]
    public async Task The_registration_outlives_a_restart()
    {
        using var folder = new TempFolder();
        var (jwks, key) = JwtReader.NewRecipient("ECDH-ES");
        TestClient caller;
        await using (var first = await TestServer.StartAsync(data: folder.Path))
        {
            caller = await first.Admin.AddClientAsync(new { client_id = "rs", kind = "resource-server", audience = new[] { Acme.OrdersApi }, introspection_encrypted_response_alg = "ECDH-ES", jwks });
        }
        await using var second = await TestServer.StartAsync(data: folder.Path);
        EncryptedJwt.Open((await second.OAuth.SignedAsync("unknown", caller)).Body, [key], out _).ShouldBe(JwtFault.None);
    }

    private Task<TestClient> AddAsync(string id, JsonObject jwks, string algorithm, string? encryption, string? signing) => acme.Admin.AddClientAsync(new JsonObject
    {
        ["client_id"] = id, ["kind"] = "resource-server", ["audience"] = new JsonArray(Acme.OrdersApi), ["jwks"] = jwks,
        ["introspection_encrypted_response_alg"] = algorithm, ["introspection_encrypted_response_enc"] = encryption, ["introspection_signed_response_alg"] = signing,
    }.ToJsonString());
}
