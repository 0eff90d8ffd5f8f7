using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Jwt;
using Touchstone.Server.Signing;
using Touchstone.Server.Startup;
using Touchstone.Server.Tests.Rfc9068;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Signing;

/// <summary>No private key stands anywhere in clear, and the wrong file opens none.</summary>
public sealed class KeysAtRestTests
{
    [Fact]
    public async Task No_file_holds_what_is_private_of_a_key()
    {
        using var folder = new TempFolder();
        var secrets = new List<byte[]>();
        await using (var server = await TestServer.StartAsync(data: folder.Path))
        {
            var keys = server.Services.GetRequiredService<SigningKeys>();
            foreach (var algorithm in SigningKey.Algorithms) secrets.AddRange(PrivateOf(await keys.EnsureAsync(algorithm)));
            foreach (var file in Directory.GetFiles(folder.Path).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))) ShouldHoldNone(ReadShared(file), secrets, file);
            (await server.Admin.GetAsync("/admin/keys")).Text.ShouldNotContain(Base64Url.EncodeToString(secrets[0]));
            server.Logs.Text.ShouldNotContain(Base64Url.EncodeToString(secrets[0]));
        }
        foreach (var file in Directory.GetFiles(folder.Path)) ShouldHoldNone(await File.ReadAllBytesAsync(file), secrets, file);
        secrets.Count.ShouldBe(1 + 3);
    }

    [Fact]
    public async Task The_identifier_is_bound_so_that_no_stored_key_passes_for_another()
    {
        var (seal, key) = (new KeySeal(RandomNumberGenerator.GetBytes(32)), SigningKey.Create("ES256"));
        var boxed = seal.Seal(key.Kid, key.Export());
        seal.Open(key.Kid, boxed).ShouldBe(key.Export().ToArray());
        seal.Open("another", boxed).ShouldBeNull();
        new KeySeal(RandomNumberGenerator.GetBytes(32)).Open(key.Kid, boxed).ShouldBeNull();
        for (var i = 0; i < boxed.Length; i++)
        {
            boxed[i] ^= 1;
            seal.Open(key.Kid, boxed).ShouldBeNull();
            boxed[i] ^= 1;
        }
        seal.Open(key.Kid, boxed.AsSpan(0, 20)).ShouldBeNull();
        await Task.CompletedTask;
    }

    [Fact]
    public async Task A_wrong_file_keeps_the_server_from_starting_and_says_so()
    {
        using var folder = new TempFolder();
        var (right, wrong) = (NewKeyFile(folder, "right.key"), NewKeyFile(folder, "wrong.key"));
        string kid;
        await using (var first = await TestServer.StartAsync(options => options.Signing.KeyFile = right, data: folder.Path)) kid = SigningKeysTests.Kid(first, "ES256");
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.Signing.KeyFile = wrong, data: folder.Path));
        error.Message.ShouldBe($"The signing key {kid} can't be opened with {wrong}: it was sealed with another one. Put the right file back. If it is lost, start once with Touchstone:Signing:ReplaceUnreadable true: new keys sign from then on, and what the old ones signed stays good until it expires.");
        await using var again = await TestServer.StartAsync(options => options.Signing.KeyFile = right, data: folder.Path);
        SigningKeysTests.Kid(again, "ES256").ShouldBe(kid);
    }

    [Fact]
    public async Task Without_a_file_of_the_operator_SQLite_uses_that_of_the_folder_and_a_start_that_is_refused_makes_none()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "it is about SQLite");
        using var folder = new TempFolder();
        await using (await TestServer.StartAsync(data: folder.Path))
        {
        }
        File.Move(folder.File("secrets.key"), folder.File("secrets.old"));
        (await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(data: folder.Path))).Message.ShouldContain(folder.File("secrets.key") + " is missing. Put it back.");
        File.Exists(folder.File("secrets.key")).ShouldBeFalse();
        Directory.CreateDirectory(folder.File("secrets.key"));
        (await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(data: folder.Path))).Message.ShouldContain(folder.File("secrets.key") + " is a directory.");
        Directory.Delete(folder.File("secrets.key"));
        File.Move(folder.File("secrets.old"), folder.File("secrets.key"));
        await using var again = await TestServer.StartAsync(data: folder.Path);
    }

    [Fact]
    public async Task A_lost_file_is_given_up_on_purpose_and_what_was_signed_stays_good()
    {
        using var folder = new TempFolder();
        var (old, fresh) = (NewKeyFile(folder, "old.key"), NewKeyFile(folder, "new.key"));
        string token;
        await using (var first = await TestServer.StartAsync(options => options.Signing.KeyFile = old, data: folder.Path))
        {
            await first.Admin.AddClientAsync(new { client_id = "signed", kind = "client", audience = new[] { Acme.OrdersApi }, grants = new { access_token_format = "jwt" } });
            token = await first.Admin.IssueAsync(new { client_id = "signed", sub = "u", aud = Acme.OrdersApi });
        }
        await using (var second = await TestServer.StartAsync(options => (options.Signing.KeyFile, options.Signing.ReplaceUnreadable) = (fresh, true), data: folder.Path))
        {
            (await second.VerifyAsync(token)).ShouldBe(SignatureVerdict.Good);
            SigningKeysTests.Kid(second, "ES256").ShouldNotBe(Jwts.Read(token).KeyId);
            (await second.VerifyAsync(await second.Admin.IssueAsync(new { client_id = "signed", sub = "u", aud = Acme.OrdersApi }))).ShouldBe(SignatureVerdict.Good);
        }
        // From then on the new file is the right one.
        await using var third = await TestServer.StartAsync(options => options.Signing.KeyFile = fresh, data: folder.Path);
        (await third.KeysAsync()).Length.ShouldBe(2);
    }

    [Fact]
    public async Task One_start_replaces_a_key_that_waits_as_well_and_no_other_start_makes_more()
    {
        using var folder = new TempFolder();
        var (old, fresh) = (NewKeyFile(folder, "old.key"), NewKeyFile(folder, "new.key"));
        var time = new ManualTime();
        await using (var first = await TestServer.StartAsync(options => options.Signing.KeyFile = old, data: folder.Path, time: time))
            (await first.Admin.PostAsync("/admin/keys/rotate", new { })).Json.GetProperty("state").GetString().ShouldBe("next");
        for (var i = 0; i < 3; i++)
        {
            await using var again = await TestServer.StartAsync(options => (options.Signing.KeyFile, options.Signing.ReplaceUnreadable) = (fresh, true), data: folder.Path, time: time);
            (await again.KeysAsync()).Length.ShouldBe(3);
        }
        await using var last = await TestServer.StartAsync(options => options.Signing.KeyFile = fresh, data: folder.Path, time: time);
        (await last.KeysAsync()).Select(key => key.GetProperty("state").GetString()).ShouldBe(["retired", "retired", "current"]);
    }

    [Fact]
    public async Task Where_as_many_are_published_as_readers_take_the_oldest_leaves_for_the_new_one()
    {
        using var folder = new TempFolder();
        var (old, fresh) = (NewKeyFile(folder, "old.key"), NewKeyFile(folder, "new.key"));
        var time = new ManualTime();
        string[] before;
        await using (var first = await TestServer.StartAsync(options => options.Signing.KeyFile = old, data: folder.Path, time: time))
        {
            for (var i = 1; i < SigningKeys.MaxPublished; i++)
            {
                await first.Admin.PostAsync("/admin/keys/rotate", new { now = true });
                time.AdvanceSeconds(SigningKeys.SameCommand);
            }
            (before = await first.PublishedAsync()).Length.ShouldBe(SigningKeys.MaxPublished);
        }
        await using var second = await TestServer.StartAsync(options => (options.Signing.KeyFile, options.Signing.ReplaceUnreadable) = (fresh, true), data: folder.Path, time: time);
        (await second.PublishedAsync()).ShouldBe([.. before.Skip(1), SigningKeysTests.Kid(second, "ES256")]);
    }

    [Fact]
    public async Task A_file_that_never_ends_or_is_none_is_a_wrong_setting()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "it has no pipes in folders");
        using var folder = new TempFolder();
        using (var making = System.Diagnostics.Process.Start("mkfifo", [folder.File("pipe")])) await making.WaitForExitAsync();
        File.CreateSymbolicLink(folder.File("link"), folder.File("pipe"));
        foreach (var path in (string[])[folder.File("pipe"), folder.File("link"), "/dev/zero", folder.Path, ""])
        {
            SigningOptions.TryReadKey(path, out _, out var error).ShouldBeFalse();
            error.ShouldContain(path.Length == 0 ? "name a file" : "is no file");
        }
        // A mounted secret is a link.
        File.CreateSymbolicLink(folder.File("mounted"), NewKeyFile(folder, "k"));
        SigningOptions.TryReadKey(folder.File("mounted"), out _, out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("short", "must hold 32 random bytes in base64")]
    [InlineData("AAAA", "must hold 32 random bytes in base64")]
    [InlineData(null, "is no file")]
    public async Task A_file_that_holds_no_key_is_a_wrong_setting(string? content, string told)
    {
        using var folder = new TempFolder();
        if (content is not null) await File.WriteAllTextAsync(folder.File("k"), content);
        var error = await Should.ThrowAsync<StartupException>(() => TestServer.StartAsync(options => options.Signing.KeyFile = folder.File("k"), data: folder.Path));
        error.IsUsage.ShouldBeTrue();
        error.Message.ShouldStartWith("Signing:KeyFile: ");
        error.Message.ShouldContain(told);
    }

    [Fact]
    public async Task In_a_database_that_holds_its_own_seal_that_is_said_at_the_start()
    {
        Assert.SkipWhen(PostgresServer.Missing is not null, PostgresServer.Missing ?? "");
        using var folder = new TempFolder();
        var connection = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using (var plain = await TestServer.StartAsync(options => options.Postgres.Connection = connection)) plain.Logs.Of(101).ShouldHaveSingleItem();
        // With a file it is not so, and the database alone opens nothing.
        var other = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var sealedApart = await TestServer.StartAsync(options => (options.Postgres.Connection, options.Signing.KeyFile) = (other, NewKeyFile(folder, "k")));
        sealedApart.Logs.Of(101).ShouldBeEmpty();
        (await PostgresServer.ScalarAsync(other, $"SELECT count(*) FROM settings WHERE name = '{KeySeals.Setting}'")).ShouldBe(0L);
        var box = (byte[])(await PostgresServer.ScalarAsync(other, "SELECT sealed FROM signing_keys"))!;
        ShouldHoldNone(box, [.. PrivateOf(sealedApart.Services.GetRequiredService<SigningKeys>().Current("ES256"))], "sealed");
    }

    private static string NewKeyFile(TempFolder folder, string name)
    {
        File.WriteAllText(folder.File(name), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n");
        return folder.File(name);
    }

    // The scalar of an elliptic key; the exponent and the primes of an RSA key.
    private static IEnumerable<byte[]> PrivateOf(SigningKey key)
    {
        if (key.Algorithm == "ES256")
        {
            using var curve = ECDsa.Create();
            curve.ImportPkcs8PrivateKey(key.Export(), out _);
            return [curve.ExportParameters(true).D!];
        }
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(key.Export(), out _);
        var parameters = rsa.ExportParameters(true);
        return [parameters.D!, parameters.P!, parameters.Q!];
    }

    private static void ShouldHoldNone(byte[] content, IReadOnlyList<byte[]> secrets, string where)
    {
        foreach (var secret in secrets)
        {
            content.AsSpan().IndexOf(secret.AsSpan(0, 16)).ShouldBe(-1, where);
            foreach (var text in (string[])[Convert.ToBase64String(secret), Base64Url.EncodeToString(secret), Convert.ToHexString(secret), Convert.ToHexStringLower(secret)])
                content.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text[..20])).ShouldBe(-1, where);
        }
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return copy.ToArray();
    }
}
