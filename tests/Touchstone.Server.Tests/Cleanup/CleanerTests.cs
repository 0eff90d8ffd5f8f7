using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Cleanup;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Cleanup;

/// <summary>What leaves, when, and that nothing else does.</summary>
public sealed class CleanerTests : IAsyncLifetime
{
    private const int Hour = 3600;

    private Acme _acme = null!;

    public async ValueTask InitializeAsync() => _acme = await Acme.StartAsync();

    public async ValueTask DisposeAsync() => await _acme.DisposeAsync();

    private Cleaner Cleaner => _acme.Server.Services.GetRequiredService<Cleaner>();

    [Fact]
    public async Task Expired_tokens_leave_an_hour_later_and_living_ones_stay()
    {
        var living = await _acme.TokenAsync(Token(expiresIn: 10 * Hour));
        for (var i = 0; i < 5; i++) await _acme.TokenAsync(Token(expiresIn: 100));
        var expired = await _acme.TokenAsync(Token(expiresIn: 100));
        var all = Count("tokens");

        _acme.Time.AdvanceSeconds(100 + Hour);
        await CleanAsync();
        Count("tokens").ShouldBe(all);
        _acme.Time.AdvanceSeconds(1);
        await CleanAsync();
        Count("tokens").ShouldBe(all - 6);
        (await _acme.OAuth.IntrospectAsync(expired, _acme.Orders)).ShouldBeInactive();
        (await _acme.OAuth.IntrospectAsync(living, _acme.Orders)).ShouldBeActive();
        var line = _acme.Server.Logs.Of(50).ShouldHaveSingleItem();
        line.Text.ShouldContain("6 expired tokens, 0 forgotten revocations");
    }

    [Fact]
    public async Task However_many_there_are_all_leave_in_batches_and_other_writes_come_between()
    {
        for (var i = 0; i < 5; i++) await _acme.Admin.PostAsync(AdminCalls.Tokens, Enumerable.Range(0, 1000).Select(_ => Token(expiresIn: 100)).ToArray());
        var living = await _acme.TokenAsync(Token(expiresIn: 10 * Hour));
        _acme.Time.AdvanceSeconds(101 + Hour);
        var before = Count("tokens WHERE expires_at < " + (_acme.Time.Seconds - Hour));
        before.ShouldBeGreaterThanOrEqualTo(5000);
        var cleaning = CleanAsync();
        for (var i = 0; i < 20; i++) (await _acme.OAuth.GrantAsync(_acme.Shop)).Status.ShouldBe(200);
        await cleaning;
        Count("tokens WHERE expires_at < " + (_acme.Time.Seconds - Hour)).ShouldBe(0);
        (await _acme.OAuth.IntrospectAsync(living, _acme.Orders)).ShouldBeActive();
    }

    [Fact]
    public async Task It_runs_by_itself_and_once_at_a_time()
    {
        await _acme.TokenAsync(Token(expiresIn: 1));
        _acme.Time.AdvanceSeconds(2 + Hour);
        await Cleaner.IdleAsync();
        _acme.Time.AdvanceSeconds(5 * 60);
        await Cleaner.IdleAsync();
        Count("tokens WHERE expires_at < " + (_acme.Time.Seconds - (2 * Hour))).ShouldBe(0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(Cleaner.RunAsync)));
    }

    [Fact]
    public async Task Turned_off_nothing_leaves()
    {
        await using var acme = await Acme.StartAsync(options => options.Cleanup.Enabled = false);
        await acme.TokenAsync(Token(expiresIn: 1));
        acme.Time.AdvanceSeconds(1000 * Hour);
        await acme.Server.Services.GetRequiredService<Cleaner>().IdleAsync();
        ((long)new Database(acme.Server.Data).Scalar("SELECT count(*) FROM tokens")!).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_store_that_fails_is_asked_again_the_next_time()
    {
        await _acme.TokenAsync(Token(expiresIn: 1));
        _acme.Time.AdvanceSeconds(2 + Hour);
        var database = new Database(_acme.Server.Data);
        database.Execute("ALTER TABLE tokens RENAME TO gone");
        await CleanAsync();
        _acme.Server.Logs.Of(51).ShouldNotBeEmpty();
        database.Execute("ALTER TABLE gone RENAME TO tokens");
        await CleanAsync();
        Count("tokens WHERE expires_at < " + (_acme.Time.Seconds - Hour)).ShouldBe(0);
    }

    [Fact]
    public async Task A_clock_that_leaps_forward_carries_nothing_off()
    {
        var time = new LeapingTime();
        await using var server = await TestServer.StartAsync(adjust: builder => builder.Services.AddSingleton<TimeProvider>(time));
        var before = Tokens();
        await server.Admin.TokenAsync();
        time.Leap = TimeSpan.FromDays(3650);
        await server.Services.GetRequiredService<Cleaner>().RunAsync();
        Tokens().ShouldBe(before + 1);

        long Tokens() => (long)new Database(server.Data).Scalar("SELECT count(*) FROM tokens")!;
    }

    [Fact]
    public async Task The_use_of_secrets_that_are_gone_is_forgotten_and_that_of_others_is_not()
    {
        await _acme.OAuth.IntrospectAsync("x", _acme.Orders);
        var callers = _acme.Server.Services.GetRequiredService<ICallerStore>();
        var slot = _acme.Server.Services.GetRequiredService<ClientDirectory>().Find("rs-orders")!.Slots[0];
        await callers.SaveSecretUsesAsync([new SecretUse("rs-orders", slot.Identity, 1), new SecretUse("rs-orders", "gone", 1), new SecretUse("nobody", "x", 1)]);
        await CleanAsync();
        (await callers.LoadSecretUsesAsync()).ShouldBe([new SecretUse("rs-orders", slot.Identity, 1)]);
    }

    [Fact]
    public async Task A_server_that_stops_lets_the_batch_end_and_leaves_the_rest()
    {
        await _acme.TokenAsync(Token(expiresIn: 1));
        _acme.Time.AdvanceSeconds(2 + Hour);
        var cleaning = Cleaner.RunAsync();
        await Cleaner.StopAsync(CancellationToken.None);
        await cleaning;
        await CleanAsync(); // Nothing more.
        // Of its own: with a clock that jumps by hours, whoever reads something meanwhile was late.
        _acme.Server.Logs.Failures.ShouldNotContain(line => line.Category == typeof(Cleaner).FullName);
    }

    // A run that the clock has begun may be under way.
    private async Task CleanAsync()
    {
        await Cleaner.IdleAsync();
        await Cleaner.RunAsync();
    }

    private long Count(string from) => (long)new Database(_acme.Server.Data).Scalar("SELECT count(*) FROM " + from)!;

    private static object Token(int expiresIn) => new { client_id = "web-shop", aud = Acme.OrdersApi, expires_in = expiresIn };

    /// <summary>A wall clock that is set forward while the monotonic one goes on.</summary>
    private sealed class LeapingTime : TimeProvider
    {
        internal TimeSpan Leap { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Leap;
    }
}
