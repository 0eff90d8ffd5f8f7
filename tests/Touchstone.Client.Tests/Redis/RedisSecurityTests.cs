using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.Client.Redis;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

public sealed class RedisSecurityTests
{
    // The commands that the guide names.
    private const string User = "user app on >first ~introspection:* -@all +get +set +del +pexpire +ping";

    private readonly CapturedLogs _logs = new();

    [Fact]
    public async Task A_user_with_only_the_commands_that_are_needed_is_enough()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync("user default off", User);
        await using var cache = await Caches.ConnectAsync(As("app", server), options => (options.Password, options.KeyPrefix) = (() => "first", "introspection:"));
        await cache.SetAsync("a", [1], new() { SlidingExpiration = TimeSpan.FromMinutes(1) });
        await cache.RefreshAsync("a");
        (await cache.GetAsync("a")).ShouldBe([1]);
        await cache.RemoveAsync("a");
        (await cache.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task What_the_user_may_not_do_is_refused_and_the_connection_stays()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync(User);
        await using var cache = await Caches.ConnectAsync(As("app", server), options => options.Password = () => "first", _logs);
        (await Caches.FaultOfAsync(() => cache.GetAsync("elsewhere"))).ShouldBe(RedisFault.Refused);
        (await cache.GetAsync("introspection:a")).ShouldBeNull();
        _logs.Of(21).ShouldBeEmpty();
    }

    [Fact]
    public async Task L49_A_wrong_password_is_refused_and_told_nowhere_and_a_right_one_is_asked_for_again()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync("requirepass right-password");
        var password = "wrong-password";
        await using var cache = Caches.Of(server.Address, options => options.Password = () => Volatile.Read(ref password), _logs);
        await Caches.FailsAsync(cache, RedisFault.Refused);
        var failure = await Should.ThrowAsync<RedisException>(() => cache.GetAsync("a"));
        (failure.ToString() + _logs.Text).ShouldNotContain("wrong-password");

        Volatile.Write(ref password, "right-password");
        await cache.WaitUntilConnectedAsync().WaitAsync(Until.Deadline, TimeProvider.System);
        (await cache.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task A_password_that_can_not_be_had_is_a_refusal()
    {
        Caches.Need();
        await using var server = await RedisServer.StartAsync();
        await using var cache = Caches.Of(server.Address, options => options.Password = () => throw new InvalidOperationException("secret-store-text"), _logs);
        await Caches.FailsAsync(cache, RedisFault.Refused);
        _logs.Text.ShouldContain("InvalidOperationException");
        _logs.Text.ShouldNotContain("secret-store-text");
    }

    [Fact]
    public async Task TLS_with_a_root_of_ones_own_and_a_certificate_of_the_client()
    {
        Caches.Need();
        using var files = new TempFolder();
        using var ca = new Authority();
        using var client = ca.Issue("client");
        await using var server = await StartTlsAsync(files, ca);
        await using var cache = await Caches.ConnectAsync(Tls(server), options => (options.TrustedRoots, options.ClientCertificate) = ([ca.Root], client));
        await cache.SetAsync("a", [1], Caches.Minute);
        (await cache.GetAsync("a")).ShouldBe([1]);

        await using var nameless = Caches.Of(Tls(server), options => options.TrustedRoots = [ca.Root], _logs);
        await Until.TrueAsync(() => _logs.Of(22).Count > 0, "without a certificate there is no connection");
        nameless.IsConnected.ShouldBeFalse();
    }

    [Fact]
    public async Task TLS_with_another_root_or_for_another_name_is_refused()
    {
        Caches.Need();
        using var files = new TempFolder();
        using var ca = new Authority();
        using var other = new Authority();
        using var client = ca.Issue("client");
        await using var server = await StartTlsAsync(files, ca);
        await using var system = Caches.Of(Tls(server), options => options.ClientCertificate = client);
        await using var stranger = Caches.Of(Tls(server), options => (options.TrustedRoots, options.ClientCertificate) = ([other.Root], client));
        await using var misnamed = Caches.Of(Tls(server), options => (options.TrustedRoots, options.ClientCertificate, options.TlsHost) = ([ca.Root], client, "redis.example"));
        foreach (var cache in new[] { system, stranger, misnamed }) await Caches.FailsAsync(cache, RedisFault.Tls);
    }

    private static Uri As(string user, RedisServer server) => new UriBuilder(server.Address) { UserName = user }.Uri;

    private static Uri Tls(RedisServer server) => new UriBuilder(server.Address) { Scheme = "rediss" }.Uri;

    private static Task<RedisServer> StartTlsAsync(TempFolder files, Authority ca)
    {
        using var certificate = ca.Issue("redis");
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(files.File("ca.pem"), ca.Root.ExportCertificatePem());
        File.WriteAllText(files.File("redis.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(files.File("redis.key"), key.ExportPkcs8PrivateKeyPem());
        return RedisServer.StartTlsAsync($"tls-cert-file {files.File("redis.pem")}", $"tls-key-file {files.File("redis.key")}", $"tls-ca-cert-file {files.File("ca.pem")}");
    }

    // A root of a test, and what it issues for 127.0.0.1.
    private sealed class Authority : IDisposable
    {
        private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), To = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);

        internal Authority()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=Root", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
            Root = request.CreateSelfSigned(From, To);
        }

        internal X509Certificate2 Root { get; }

        internal X509Certificate2 Issue(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            var san = new SubjectAlternativeNameBuilder();
            san.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(san.Build());
            using var issued = request.Create(Root, From, To, RandomNumberGenerator.GetBytes(8));
            return issued.CopyWithPrivateKey(key);
        }

        public void Dispose() => Root.Dispose();
    }
}
