using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Cleanup;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Storage;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Cleanup;

/// <summary>Rows of the revocation log are forgotten, and nothing that they ended comes back.</summary>
public sealed class ForgettingTests : IAsyncDisposable
{
    private const int Hour = 3600, Day = 24 * Hour;

    private readonly TempFolder _folder = new();
    private TestServer? _started;
    private TestClient _orders = null!;

    private TestServer Server => _started!;

    private RevocationLog Log => Server.Services.GetRequiredService<RevocationLog>();

    public async ValueTask DisposeAsync()
    {
        if (_started is not null) await _started.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_row_of_a_token_is_forgotten_an_hour_after_its_end_in_store_and_memory()
    {
        await StartAsync();
        var token = await Server.Admin.IssueAsync(new { client_id = "web-shop", expires_in = 100 });
        await Server.Admin.RevokeAsync(token);
        await NewerRowAsync();
        var (seq, held) = (Log.Seq, Log.Index.Count);
        await AdvanceAndCleanAsync(100 + Hour);
        (Rows(), Log.Index.Count).ShouldBe((1, held));
        await AdvanceAndCleanAsync(1);
        (Rows(), Log.Index.Count).ShouldBe((0, held - 1));
        (Log.Seq, Log.Forgotten).ShouldBe((seq, 0)); // The numbers go on, and no cursor is too old for it.
        await Server.Admin.RevokeAsync("another");
        Log.Seq.ShouldBe(seq + 1);
    }

    [Fact]
    public async Task The_newest_row_stays_whatever_its_age()
    {
        await StartAsync();
        await Server.Admin.RevokeAsync(await Server.Admin.IssueAsync(new { client_id = "web-shop", expires_in = 100 }));
        await AdvanceAndCleanAsync(200 * Day);
        Rows().ShouldBe(1);
    }

    [Fact]
    public async Task A_token_that_is_registered_again_while_its_row_stands_stays_ended()
    {
        await StartAsync(options => options.Cleanup.KeepExpired = TimeSpan.FromMinutes(1));
        await Server.Admin.IssueAsync(Foreign("t", expiresIn: 100));
        await Server.Admin.RevokeAsync("t");
        await AdvanceAndCleanAsync(100 + 61);
        (await Server.Admin.PostAsync(AdminCalls.LookUp, new { token = "t" })).Json.GetProperty("known").GetBoolean().ShouldBeFalse();
        await Server.Admin.IssueAsync(Foreign("t", expiresIn: 10 * Day));
        (await Server.OAuth.IntrospectAsync("t", _orders)).ShouldBeInactive();
        // Also when the row of its first life is forgotten: it got one of its own.
        await AdvanceAndCleanAsync(2 * Day);
        (await Server.OAuth.IntrospectAsync("t", _orders)).ShouldBeInactive();
        await RestartAsync();
        (await Server.OAuth.IntrospectAsync("t", _orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task What_was_registered_when_its_grant_was_ended_already_stays_ended_when_the_grants_row_is_forgotten()
    {
        await StartAsync();
        await RevokeAsync(new { grant = "g" });
        Server.Time.AdvanceSeconds(80 * Day);
        await Server.Admin.IssueAsync(Foreign("late", expiresIn: 89 * Day, grant: "g"));
        (await Server.OAuth.IntrospectAsync("late", _orders)).ShouldBeInactive();
        await AdvanceAndCleanAsync((10 * Day) + (2 * Hour));
        Log.Index.Find(Selector.Grant("g"), 0).ShouldBeNull();
        (await Server.OAuth.IntrospectAsync("late", _orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task A_cursor_that_is_older_than_a_forgotten_row_registers_nothing()
    {
        await StartAsync();
        var old = (await Server.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
        await RevokeAsync(new { client_id = "web-shop" });
        var seq = Log.Seq - 1; // The newest row stays.
        var cursor = (await Server.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
        await AdvanceAndCleanAsync((90 * Day) + Hour + 1);
        Log.Forgotten.ShouldBe(seq);
        await RestartAsync();
        Log.Forgotten.ShouldBe(seq);
        (await Server.Admin.PostAsync(AdminCalls.Tokens, Foreign("t", 100, born: old))).ShouldBeProblem(400);
        (await Server.Admin.PostAsync(AdminCalls.Tokens, Foreign("t", 100, born: cursor))).Status.ShouldBe(201);
        (await Server.OAuth.IntrospectAsync("t", _orders)).ShouldBeActive();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task L12_A_cursor_that_is_older_than_a_forgotten_row_of_a_token_registers_nothing_that_may_descend_from_it(bool isRestarted)
    {
        await StartAsync();
        var old = (await Server.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
        await Server.Admin.IssueAsync(Foreign("parent", expiresIn: 100));
        await Server.Admin.RevokeAsync("parent");
        await NewerRowAsync();
        var cursor = (await Server.Admin.GetAsync("/admin/cursor")).Json.GetProperty("cursor").GetString();
        await AdvanceAndCleanAsync(100 + Hour + 1);
        Rows().ShouldBe(0);
        if (isRestarted) await RestartAsync();
        string[] ancestors = [TokenHash.Of("parent").ToString()];
        (await Server.Admin.PostAsync(AdminCalls.Tokens, Child("child", old))).ShouldBeProblem(400).Faults().ShouldBe(["born"]);
        (await Server.Admin.PostAsync(AdminCalls.Tokens, Child("child", cursor))).Status.ShouldBe(201);
        // What descends from nothing does not care.
        (await Server.Admin.PostAsync(AdminCalls.Tokens, Foreign("t", 100, born: old))).Status.ShouldBe(201);

        object Child(string token, string? born) => new { token, client_id = "web-shop", iss = "https://other.acme.test", expires_in = 100, born, ancestors };
    }

    [Fact]
    public async Task A_shorter_MaxTokenLifetime_forgets_no_row_that_an_older_longer_token_needs()
    {
        await StartAsync();
        await Server.Admin.IssueAsync(Foreign("long", expiresIn: 80 * Day));
        await RestartAsync(options => options.MaxTokenLifetime = TimeSpan.FromHours(2));
        await RevokeAsync(new { client_id = "web-shop" });
        await AdvanceAndCleanAsync(2 * Day);
        await RestartAsync(options => options.MaxTokenLifetime = TimeSpan.FromHours(2));
        (await Server.OAuth.IntrospectAsync("long", _orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task MaxTokenLifetime_is_that_of_the_last_start_and_what_was_issued_before_counts_by_its_end()
    {
        Assert.SkipWhen(TestStore.IsPostgres, "where there may be other nodes, the longest is kept");
        await StartAsync();
        await RestartAsync(options => options.MaxTokenLifetime = TimeSpan.FromHours(2));
        Log.LongestLifetime.ShouldBe(2 * Hour);
        await RestartAsync(options => options.MaxTokenLifetime = TimeSpan.FromDays(100));
        await Server.Admin.IssueAsync(Foreign("long", expiresIn: 95 * Day));
        await RestartAsync();
        Log.LongestLifetime.ShouldBe(90 * Day);
        Log.ForgetAfterEverything().ShouldBe(Server.Time.Seconds + (95 * Day) + Hour);
    }

    [Fact]
    public async Task With_PostgreSQL_the_longest_MaxTokenLifetime_of_any_node_stays()
    {
        Assert.SkipUnless(TestStore.IsPostgres, "a file has one process");
        await StartAsync();
        await RestartAsync(options => options.MaxTokenLifetime = TimeSpan.FromHours(2));
        Log.LongestLifetime.ShouldBe(90 * Day);
    }

    [Fact]
    public async Task A_grant_that_is_ended_again_after_its_row_was_forgotten_gets_a_new_row()
    {
        await StartAsync();
        await RevokeAsync(new { grant = "g" });
        await AdvanceAndCleanAsync((90 * Day) + Hour + 1);
        (await RevokeAsync(new { grant = "g" })).Json.GetProperty("status").GetString().ShouldBe("revoked");
        Rows().ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_another_node_forgot_is_written_again_when_it_is_ended_again_and_leaves_memory(bool isCleaned)
    {
        await StartAsync();
        var known = await Server.Admin.IssueAsync(new { client_id = "web-shop", expires_in = 100 });
        await Server.Admin.RevokeAsync(known);
        await RevokeAsync(new { grant = "g" });
        var seq = Log.Seq - 1;
        Server.Time.AdvanceSeconds((90 * Day) + Hour + 1);
        (await Server.Services.GetRequiredService<ICleanedStore>().ForgetRowsAsync(Server.Time.Seconds, 100)).Rows.Count.ShouldBeGreaterThanOrEqualTo(2);
        if (isCleaned)
        {
            await AdvanceAndCleanAsync(0);
            Log.Index.Rows().ShouldNotContain(row => row.Selector.EndsForEver);
            Log.Forgotten.ShouldBe(seq);
        }
        else Log.Index.Rows().ShouldContain(row => row.Selector.EndsForEver);
        (await RevokeAsync(new { grant = "g" })).Json.GetProperty("status").GetString().ShouldBe("revoked");
        Rows().ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_descends_from_an_ended_token_and_lives_longer_stays_ended(bool isRevokedFirst)
    {
        await StartAsync();
        await Server.Admin.IssueAsync(Foreign("parent", expiresIn: 100));
        if (isRevokedFirst) await Server.Admin.RevokeAsync("parent");
        var child = Records.Bare("child") with { ExpiresAt = Server.Time.Seconds + (30 * Day), Ancestors = [TokenHash.Of("parent")], Audience = [Acme.OrdersApi] };
        await Server.Services.GetRequiredService<ITokenStore>().AddTokensAsync([child]);
        if (!isRevokedFirst) await Server.Admin.RevokeAsync("parent");
        await NewerRowAsync();
        await AdvanceAndCleanAsync(10 * Day);
        (await Server.OAuth.IntrospectAsync("child", _orders)).ShouldBeInactive();
        await RestartAsync();
        (await Server.OAuth.IntrospectAsync("child", _orders)).ShouldBeInactive();
        await AdvanceAndCleanAsync(21 * Day);
        Rows().ShouldBe(0);
    }

    [Fact]
    public void An_index_forgets_the_row_and_keeps_what_another_row_still_ends()
    {
        var index = new RevocationIndex(0);
        var record = Records.Bare("t") with { ClientId = "c", IssuedAt = 50 };
        var (first, second) = (Records.Row(Selector.Client("c"), 1), Records.Row(Selector.Client("c"), 2, issuedBefore: 100));
        index.Add([first, second], 2);
        index.Forget([(first.Selector, 1)]);
        index.Match(record).ShouldBe(new RevocationMatch(SelectorKind.Client, 2));
        index.Forget([(first.Selector, 1), (Selector.All, 7)]);
        index.Forget([(second.Selector, 2)]);
        index.Match(record).ShouldBeNull();
        (index.Count, index.Seq).ShouldBe((0, 2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_later_row_that_is_forgotten_sooner_takes_no_earlier_one_with_it(bool isGrant)
    {
        var selector = isGrant ? Selector.Grant("g-1") : Selector.Client("c");
        var record = Records.Bare("t") with { ClientId = "c", Grant = "g-1" };
        var index = new RevocationIndex(0);
        index.Add([Records.Row(selector, 1), Records.Row(selector, 2) with { ForgetAfter = ManualTime.Start + 1 }], 2);
        index.Forget([(selector, 2)]);
        index.Match(record).ShouldBe(new RevocationMatch(selector.Kind, 1));
        index.Forget([(selector, 1)]);
        index.Match(record).ShouldBeNull();
    }

    private async Task StartAsync(Action<ServerOptions>? options = null)
    {
        _started = await TestServer.StartAsync(options, data: _folder.File("data"));
        _orders = await Server.Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        await Server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Acme.OrdersApi } });
    }

    private async Task RestartAsync(Action<ServerOptions>? options = null)
    {
        await Server.DisposeAsync();
        _started = await TestServer.StartAsync(options, data: _folder.File("data"), time: Server.Time);
    }

    private async Task AdvanceAndCleanAsync(long seconds)
    {
        Server.Time.AdvanceSeconds(seconds);
        await Server.Services.GetRequiredService<Cleaner>().IdleAsync();
        await Server.Services.GetRequiredService<Cleaner>().RunAsync();
    }

    private async Task<Answer> RevokeAsync(object selector)
    {
        var answer = await Server.Admin.PostAsync(AdminCalls.Revocations, selector);
        await NewerRowAsync();
        return answer;
    }

    // The newest row is never forgotten.
    private Task NewerRowAsync() => Server.Admin.PostAsync("/admin/clients/web-shop/limits", new { rate = 1000 });

    private long Rows() => (long)new Database(Server.Data).Scalar("SELECT count(*) FROM revocations WHERE kind <> 8")!;

    private static object Foreign(string token, int expiresIn, string? grant = null, string? born = null) =>
        new { token, client_id = "web-shop", iss = "https://other.acme.test", aud = Acme.OrdersApi, expires_in = expiresIn, grant, born };
}
