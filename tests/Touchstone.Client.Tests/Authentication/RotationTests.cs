using System.Security.Cryptography.X509Certificates;

namespace Touchstone.Client.Tests.Authentication;

/// <summary>Secrets, keys and certificates are replaced while checks go on, and no check fails.</summary>
public sealed class RotationTests
{
    private static readonly AssertionOptions ForUs = new() { Audience = TestServer.DefaultIssuer };

    [Fact]
    public async Task A_secret_in_a_file_is_replaced_without_a_failed_check()
    {
        await using var shop = await CallerShop.OpenAsync();
        var caller = await shop.AddAsync("client_secret_basic");
        var file = shop.File("secret");
        await File.WriteAllTextAsync(file, caller.Secret + "\n");
        var (read, last) = (FromFile.Secret(file), "");
        await using var client = shop.Client(ClientAuthentication.Basic(caller.Id, () => last = read()));
        await shop.ShouldFollowAsync(client);

        var next = (await shop.Server.Admin.ChangeAsync(caller.Id, "rotate-secret", new { overlap_seconds = 60 })).GetProperty("client_secret").GetString()!;
        Replace(file, next);
        await shop.ShouldFollowAsync(client);
        last.ShouldBe(next);
        (await shop.FailuresAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task A_secret_that_the_server_forgot_a_moment_ago_is_not_the_last_word(bool isPost)
    {
        await using var server = await OtherServer.StartAsync();
        server.Behavior = http => server.Calls == 1 ? OtherServer.RefuseAsync(http, 401) : OtherServer.AnswerAsync(http, OtherServer.Active);
        var asked = 0;
        string Secret() => asked++ == 0 ? "old" : "new";
        await using var client = server.Client(options => (options.ClientSecret, options.Authentication) = (null, isPost ? ClientAuthentication.Post("rs", Secret) : ClientAuthentication.Basic("rs", Secret)));
        (await client.IntrospectAsync("t")).IsActive.ShouldBeTrue();
        // What is refused with the secret of now is refused.
        server.Behavior = http => OtherServer.RefuseAsync(http, 401);
        (await client.IntrospectAsync("other")).Fault.ShouldBe(IntrospectionFault.Refused);
        server.Calls.ShouldBe(3);
    }

    [Fact]
    public async Task A_key_is_replaced_without_a_failed_check()
    {
        await using var shop = await CallerShop.OpenAsync();
        var (old, next) = (Keys.Of("ES256"), Keys.Of("ES384"));
        await shop.AddAsync("private_key_jwt", Keys.Set(Keys.Jwk(old, "k1"), Keys.Jwk(next, "k2")));
        var file = shop.File("key.pem");
        await File.WriteAllTextAsync(file, old.ExportPkcs8PrivateKeyPem());
        await using var client = shop.Client(ClientAuthentication.PrivateKeyJwt("rs-orders", FromFile.Key(file, key => key.KeySize == 256 ? "k1" : "k2"), ForUs));
        await shop.ShouldFollowAsync(client);
        Replace(file, next.ExportPkcs8PrivateKeyPem());
        await shop.ShouldFollowAsync(client);
        // Only the new one counts, and it was used already.
        await shop.Server.Admin.ChangeAsync("rs-orders", "keys", new { jwks = Keys.Set(Keys.Jwk(next, "k2")) });
        await shop.ShouldFollowAsync(client);
        (await shop.FailuresAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_certificate_is_replaced_and_the_next_check_shows_the_new_one()
    {
        await using var shop = await CallerShop.OpenAsync();
        using var old = CallerShop.SelfSigned("CN=old");
        using var next = CallerShop.SelfSigned("CN=next");
        await shop.AddAsync("self_signed_tls_client_auth", Keys.Set(old, next));
        var (certificate, key) = (shop.File("tls.crt"), shop.File("tls.key"));
        Write(old);
        var caller = ClientAuthentication.TlsCertificate("rs-orders", FromFile.Certificate(certificate, key));
        using var http = Certificates.Http(caller);
        await using var client = shop.Client(caller, shop.Https, http);
        await shop.ShouldFollowAsync(client);
        // Half of the rotation: the files don't fit together, so it stays as it was.
        Replace(certificate, next.ExportCertificatePem());
        await shop.ShouldFollowAsync(client);
        Write(next);
        await shop.ShouldFollowAsync(client);
        // The connections of before would be refused now.
        await shop.Server.Admin.ChangeAsync("rs-orders", "keys", new { jwks = Keys.Set(next) });
        await shop.ShouldFollowAsync(client);
        (await shop.FailuresAsync()).ShouldBeEmpty();

        void Write(X509Certificate2 one)
        {
            using var own = one.GetECDsaPrivateKey()!;
            Replace(key, own.ExportPkcs8PrivateKeyPem());
            Replace(certificate, one.ExportCertificatePem());
        }
    }

    [Fact]
    public void A_file_behind_links_that_are_turned_is_read_again_and_what_is_no_secret_is_not_taken()
    {
        using var folder = new TempFolder();
        foreach (var (version, secret) in new[] { ("v1", "first"), ("v2", "other") })
        {
            Directory.CreateDirectory(folder.File(version));
            File.WriteAllText(Path.Combine(folder.File(version), "secret"), secret);
        }
        File.SetLastWriteTimeUtc(Path.Combine(folder.File("v2"), "secret"), new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Directory.CreateSymbolicLink(folder.File("data"), folder.File("v1"));
        File.CreateSymbolicLink(folder.File("secret"), Path.Combine("data", "secret"));
        var read = FromFile.Secret(folder.File("secret"));
        read().ShouldBe("first");
        Directory.Delete(folder.File("data"));
        read().ShouldBe("first", "gone for a moment");
        Directory.CreateSymbolicLink(folder.File("data"), folder.File("v2"));
        read().ShouldBe("other");
        File.WriteAllText(Path.Combine(folder.File("v2"), "secret"), "\n");
        read().ShouldBe("other", "half written");
        File.WriteAllText(Path.Combine(folder.File("v2"), "secret"), new string('x', 70_000));
        read().ShouldBe("other", "too long");
        File.WriteAllText(Path.Combine(folder.File("v2"), "secret"), "third\r\n");
        read().ShouldBe("third");
        Should.Throw<IOException>(() => FromFile.Secret(folder.File("none")));
    }

    // As tools that rotate do it: written beside, then moved over. A second later, so that no clock is too coarse.
    private static void Replace(string file, string text)
    {
        var time = File.Exists(file) ? File.GetLastWriteTimeUtc(file).AddSeconds(1) : new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.WriteAllText(file + ".new", text);
        File.SetLastWriteTimeUtc(file + ".new", time);
        File.Move(file + ".new", file, overwrite: true);
    }

    [Fact]
    public async Task A_certificate_that_is_disposed_once_another_is_given_ends_nothing()
    {
        await using var shop = await CallerShop.OpenAsync();
        var old = CallerShop.SelfSigned("CN=old");
        using var next = CallerShop.SelfSigned("CN=next");
        await shop.AddAsync("self_signed_tls_client_auth", Keys.Set(old, next));
        var given = old;
        var caller = ClientAuthentication.TlsCertificate("rs-orders", () => given);
        using var http = Certificates.Http(caller);
        await using var client = shop.Client(caller, shop.Https, http);
        await shop.ShouldFollowAsync(client);
        given = next;
        old.Dispose();
        await shop.ShouldFollowAsync(client);
        (await shop.FailuresAsync()).ShouldBeEmpty();
    }
}
