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
        await using var server = await ca.StartTlsAsync(files);
        await using var cache = await Caches.ConnectAsync(Authority.Tls(server), options => (options.TrustedRoots, options.ClientCertificate) = ([ca.Root], client));
        await cache.SetAsync("a", [1], Caches.Minute);
        (await cache.GetAsync("a")).ShouldBe([1]);

        await using var nameless = Caches.Of(Authority.Tls(server), options => options.TrustedRoots = [ca.Root], _logs);
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
        await using var server = await ca.StartTlsAsync(files);
        await using var system = Caches.Of(Authority.Tls(server), options => options.ClientCertificate = client);
        await using var stranger = Caches.Of(Authority.Tls(server), options => (options.TrustedRoots, options.ClientCertificate) = ([other.Root], client));
        await using var misnamed = Caches.Of(Authority.Tls(server), options => (options.TrustedRoots, options.ClientCertificate, options.TlsHost) = ([ca.Root], client, "redis.example"));
        foreach (var cache in new[] { system, stranger, misnamed }) await Caches.FailsAsync(cache, RedisFault.Tls);
    }

    private static Uri As(string user, RedisServer server) => new UriBuilder(server.Address) { UserName = user }.Uri;
}
