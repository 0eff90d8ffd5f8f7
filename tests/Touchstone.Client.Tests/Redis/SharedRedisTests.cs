using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

/// <summary>Whatever becomes of Redis, each check gets the right answer; and when Redis is well again, it is shared again.</summary>
public sealed class SharedRedisTests
{
    private const string Needed = "user app on >first ~introspection:* -@all +get +set +del +pexpire +ping";

    public SharedRedisTests() => Caches.Need();

    [Fact]
    public async Task Redis_is_killed_and_started_again()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var pair = await SharedPair.OpenAsync(() => Caches.Of(redis.Address));
        await pair.ShouldShareAsync();
        await redis.KillAsync();
        await pair.ShouldDoWithoutAsync();
        await redis.BeginAsync();
        await pair.ShouldShareAsync();
    }

    [Fact]
    public async Task Redis_stands_still_and_goes_on()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var pair = await SharedPair.OpenAsync(() => Caches.Of(redis.Address, options => options.Timeout = TimeSpan.FromMilliseconds(20)));
        await pair.ShouldShareAsync();
        redis.Freeze();
        await pair.ShouldDoWithoutAsync();
        redis.Thaw();
        await pair.ShouldShareAsync();
    }

    [Fact]
    public async Task Redis_is_full_and_has_room_again()
    {
        await using var redis = await RedisServer.StartAsync("maxmemory-policy noeviction");
        await using var pair = await SharedPair.OpenAsync(() => Caches.Of(redis.Address));
        await pair.ShouldShareAsync();
        (await redis.RunAsync("CONFIG", "SET", "maxmemory", "1")).ShouldBe("OK");
        await pair.ShouldNotMindAsync();
        (await redis.RunAsync("CONFIG", "SET", "maxmemory", "0")).ShouldBe("OK");
        await pair.ShouldShareAsync();
    }

    [Fact]
    public async Task The_password_is_wrong_and_then_right()
    {
        await using var redis = await RedisServer.StartAsync("requirepass right");
        var password = "wrong";
        await using var pair = await SharedPair.OpenAsync(() => Caches.Of(redis.Address, options => options.Password = () => Volatile.Read(ref password)));
        await pair.ShouldDoWithoutAsync();
        Volatile.Write(ref password, "right");
        await pair.ShouldShareAsync();
    }

    [Fact]
    public async Task A_user_with_only_the_commands_that_are_needed_shares_and_one_who_may_nothing_does_without()
    {
        await using var redis = await RedisServer.StartAsync("user default off", Needed, "user none on >first -@all +ping");
        await using var pair = await SharedPair.OpenAsync(() => Caches.Of(As("app"), options => options.Password = () => "first"));
        await pair.ShouldShareAsync();
        await using var powerless = await SharedPair.OpenAsync(() => Caches.Of(As("none"), options => options.Password = () => "first"));
        await powerless.ShouldDoWithoutAsync();

        Uri As(string user) => new UriBuilder(redis.Address) { UserName = user }.Uri;
    }

    [Fact]
    public async Task Over_TLS_it_is_shared_and_a_server_that_is_another_is_done_without()
    {
        using var files = new TempFolder();
        using var ca = new Authority();
        using var other = new Authority();
        using var certificate = ca.Issue("client");
        await using var redis = await ca.StartTlsAsync(files);
        await using var pair = await SharedPair.OpenAsync(() => Caches.Of(Authority.Tls(redis), options => (options.TrustedRoots, options.ClientCertificate) = ([ca.Root], certificate)));
        await pair.ShouldShareAsync();
        await using var stranger = await SharedPair.OpenAsync(() => Caches.Of(Authority.Tls(redis), options => (options.TrustedRoots, options.ClientCertificate) = ([other.Root], certificate)));
        await stranger.ShouldDoWithoutAsync();
    }

    [Fact]
    public async Task Redis_fails_over()
    {
        await using var primary = await RedisServer.StartAsync();
        await using var replica = await RedisServer.StartAsync($"replicaof 127.0.0.1 {primary.Port}");
        await using var sentinel = await RedisServer.StartSentinelAsync("mine", primary, quorum: 1);
        await Until.TrueAsync(async () => (await sentinel.RunAsync("SENTINEL", "REPLICAS", "mine")).Contains("master-link-status\nok", StringComparison.Ordinal), "the sentinel knows the replica");
        await using var pair = await SharedPair.OpenAsync(() => Caches.Of(null, options =>
        {
            options.Sentinels.Add(sentinel.Address);
            options.ServiceName = "mine";
        }));
        await pair.ShouldShareAsync();
        await primary.KillAsync();
        await pair.ShouldNotMindAsync();
        await pair.ShouldShareAsync();
        (await replica.RunAsync("DBSIZE")).ShouldNotBe("0");
    }

    [Theory]
    [InlineData(false, false), InlineData(false, true), InlineData(true, false), InlineData(true, true)]
    public async Task L20_L30_What_is_revoked_is_accepted_by_nobody_though_it_lies_in_Redis(bool comesLate, bool isNew)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var cache = await Caches.ConnectAsync(redis.Address);
        await using var shop = await Shop.OpenAsync(options => SharedPair.Share(options, cache));
        await using var before = Shop.ClientOf(shop.Server, shop.Orders, options => SharedPair.Share(options, cache));
        await before.StartAsync();
        await shop.Client.StartAsync();
        var token = await shop.TokenAsync();

        if (comesLate) redis.Freeze();
        var check = shop.CheckAsync(token);
        // The look into a Redis that stands still ends with its deadline, by the clock of this test.
        await Until.TrueAsync(
            () =>
            {
                if (comesLate) shop.Time.Advance(TimeSpan.FromMilliseconds(5));
                return check.IsCompleted;
            },
            "it is checked");
        (await check).IsActive.ShouldBeTrue();
        if (!comesLate) await IsThereAsync();
        var seq = (await shop.Server.Admin.RevokeAsync(token)).GetProperty("seq").GetInt64();
        if (comesLate) redis.Thaw();
        await IsThereAsync();

        await using var after = Shop.ClientOf(shop.Server, shop.Orders, options => SharedPair.Share(options, cache));
        var reader = isNew ? after : before;
        await reader.StartAsync();
        await Until.TrueAsync(() => reader.Follower.View.Head.Seq >= seq, "the feed has told of it");
        (await reader.IntrospectAsync(token)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);
        reader.Shared!.Lookups(Touchstone.Client.Shared.SharedLookup.Hit).ShouldBe(1, "it was found, and not accepted");
        (await shop.CheckAsync(token)).Outcome.ShouldBe(IntrospectionOutcome.Inactive);

        Task IsThereAsync() => Until.TrueAsync(async () => await redis.RunAsync("DBSIZE") == "1", "the answer lies in Redis");
    }
}
