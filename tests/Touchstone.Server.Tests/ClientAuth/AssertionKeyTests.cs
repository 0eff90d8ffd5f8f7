using System.Text;
using System.Text.Json.Nodes;

namespace Touchstone.Server.Tests.ClientAuth;

/// <summary>The keys and secrets behind assertions: which may be registered, how they change, and how they are kept.</summary>
public sealed class AssertionKeyTests(Acme acme) : IClassFixture<Acme>
{
    private static int _count;

    private static string NewId => $"key-caller-{Interlocked.Increment(ref _count)}";

    private long Now => acme.Time.Seconds;

    [Fact]
    public async Task W04_A_secret_for_a_MAC_has_256_bits_and_a_longer_hash_asks_for_more()
    {
        (await acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = NewId, kind = "client", auth_methods = new[] { "client_secret_jwt" }, client_secret = new string('s', 31) })).ShouldBeProblem(400).Faults().ShouldBe(["client_secret"]);
        var secret = "correct horse battery staple 2026";
        var client = await acme.Server.AddAsync(NewId, "client_secret_jwt", body => body["client_secret"] = secret);
        await acme.Server.ShouldAcceptAsync(Signer.OfSecret(secret).Assertion(client.Id, Now));
        await acme.Server.ShouldRefuseAsync(Signer.OfSecret(secret, "HS384").Assertion(client.Id, Now), client.Id, "wrong_signature");
        await acme.Server.ShouldRefuseAsync(Signer.OfSecret(secret, "HS512").Assertion(client.Id, Now), client.Id, "wrong_signature");
    }

    [Fact]
    public async Task A11_A_secret_for_a_MAC_lies_encrypted_on_the_disk_and_others_not_at_all()
    {
        var mac = await acme.Server.AddAsync(NewId, "client_secret_jwt");
        var plain = await acme.Server.AddAsync(NewId, "client_secret_basic");
        var disk = TestStore.IsPostgres ? (string)new Storage.Sqlite.Database(acme.Server.Data).Scalar("SELECT string_agg(registration, '') FROM clients")! : string.Concat(Directory.GetFiles(acme.Server.Data, "touchstone.db*").Select(file =>
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            return reader.ReadToEnd();
        }));
        disk.ShouldContain(mac.Id);
        disk.ShouldNotContain(mac.Secret!);
        disk.ShouldNotContain(plain.Secret!);
        var registration = ((Touchstone.Server.Clients.ClientDirectory)acme.Server.Services.GetService(typeof(Touchstone.Server.Clients.ClientDirectory))!).Find(plain.Id)!.Registration;
        registration.Secrets.ShouldHaveSingleItem().Sealed.ShouldBeNull();
        if (!OperatingSystem.IsWindows()) File.GetUnixFileMode(Path.Combine(acme.Server.Data, "secrets.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task K13_Keys_change_by_overlap()
    {
        var (id, old, next) = (NewId, Signer.Of("ES256", "old"), Signer.Of("RS256", "next"));
        await acme.Server.AddWithKeysAsync(id, old);
        await acme.Server.ShouldRefuseAsync(next.Assertion(id, Now), id, "unknown_key");
        await acme.Admin.ChangeAsync(id, "keys", new JsonObject { ["jwks"] = Signer.SetOf(old, next) }.ToJsonString());
        await acme.Server.ShouldAcceptAsync(old.Assertion(id, Now));
        await acme.Server.ShouldAcceptAsync(next.Assertion(id, Now));
        var shown = await acme.Admin.ChangeAsync(id, "keys", new JsonObject { ["jwks"] = next.Jwks }.ToJsonString());
        shown.GetProperty("keys")[0].GetProperty("kid").GetString().ShouldBe("next");
        await acme.Server.ShouldRefuseAsync(old.Assertion(id, Now), id, "unknown_key");
        await acme.Server.ShouldAcceptAsync(next.Assertion(id, Now));
    }

    [Fact]
    public async Task K13_An_assertion_without_a_key_id_may_be_of_any_registered_key()
    {
        var (id, a, b) = (NewId, Signer.Of("ES256", null), Signer.Of("ES256", null));
        await acme.Server.AddWithKeysAsync(id, a, b);
        await acme.Server.ShouldAcceptAsync(a.Assertion(id, Now));
        await acme.Server.ShouldAcceptAsync(b.Assertion(id, Now));
    }

    public static TheoryData<string, string> WrongKeys => new()
    {
        { "jwks", "{}" }, { "jwks", """{"keys":[]}""" }, { "jwks", """{"keys":{}}""" }, { "jwks", """{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}""" }, { "jwks", """{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}""" },
        { "jwks", """{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}""" }, { "jwks_uri", "\"http://keys.acme.test/jwks\"" }, { "jwks_uri", "\"https://u:p@keys.acme.test/jwks\"" }, { "jwks_uri", "\"jwks\"" }, { "jwks_uri", "\"file:///etc/passwd\"" },
    };

    [Theory, MemberData(nameof(WrongKeys))]
    public async Task N_W01_Keys_that_are_of_no_use_are_not_registered(string member, string value)
    {
        var body = new JsonObject { ["client_id"] = NewId, ["kind"] = "client", ["auth_methods"] = new JsonArray("private_key_jwt"), [member] = JsonNode.Parse(value) };
        (await acme.Admin.PostAsync(AdminCalls.Clients, body.ToJsonString())).ShouldBeProblem(400).Faults().ShouldBe([member]);
    }

    [Fact]
    public async Task N_Keys_stand_in_one_place_and_only_where_a_method_uses_them()
    {
        var body = new JsonObject { ["client_id"] = NewId, ["kind"] = "client", ["auth_methods"] = new JsonArray("private_key_jwt") };
        (await acme.Admin.PostAsync(AdminCalls.Clients, body.ToJsonString())).ShouldBeProblem(400).Faults().ShouldBe(["jwks"]);
        (body["jwks"], body["jwks_uri"]) = (Signer.Of("ES256").Jwks, "https://keys.acme.test/jwks");
        (await acme.Admin.PostAsync(AdminCalls.Clients, body.ToJsonString())).ShouldBeProblem(400).Faults().ShouldBe(["jwks"]);
        body["auth_methods"] = new JsonArray("client_secret_basic");
        (await acme.Admin.PostAsync(AdminCalls.Clients, body.ToJsonString())).ShouldBeProblem(400).Faults().ShouldBe(["jwks"]);
        var secretOnly = await acme.Admin.AddClientAsync(new { client_id = NewId, kind = "client" });
        (await acme.Admin.PostAsync($"{AdminCalls.Clients}/{secretOnly.Id}/keys", new JsonObject { ["jwks"] = Signer.Of("ES256").Jwks }.ToJsonString())).ShouldBeProblem(409);
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_secret_that_another_key_encrypted_is_told_from_a_wrong_signature(bool hasOther)
    {
        using var folder = new TempFolder();
        TestClient client;
        // Signing keys have a file of their own here: they would keep the server from starting.
        var file = folder.File("signing.key");
        await File.WriteAllTextAsync(file, Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)));
        await using (var first = await TestServer.StartAsync(options => options.Signing.KeyFile = file, data: folder.Path)) client = await first.AddAsync("rs", "client_secret_jwt");
        File.Delete(folder.File("secrets.key"));
        await using var server = await TestServer.StartAsync(options => options.Signing.KeyFile = file, data: folder.Path);
        if (hasOther) await server.AddAsync("other", "client_secret_jwt");
        File.Exists(folder.File("secrets.key")).ShouldBe(hasOther);
        for (var i = 0; i < 20; i++) await server.ShouldRefuseAsync(Signer.OfSecret(client.Secret!).Assertion("rs", server.Time.Seconds), "rs", "secret_unreadable");
        var told = server.Logs.Of(41).ShouldHaveSingleItem();
        told.Level.ShouldBe(Microsoft.Extensions.Logging.LogLevel.Error);
        told.Text.ShouldContain(folder.File("secrets.key"));
    }
}
