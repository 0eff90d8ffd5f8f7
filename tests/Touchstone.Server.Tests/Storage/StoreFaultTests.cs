using Touchstone.Protocol.Tokens;
using Touchstone.Server.Tests.Storage.Sqlite;

namespace Touchstone.Server.Tests.Storage;

/// <summary>L06, R-35: a store that fails is 503 with Retry-After, never inactive, never 200; and when it is back everything works.</summary>
public sealed class StoreFaultTests : IAsyncLifetime
{
    private Acme _acme = null!;
    private Database _database = null!;

    public async ValueTask InitializeAsync()
    {
        _acme = await Acme.StartAsync(options => options.RecordCacheBytes = 0);
        _database = new Database(_acme.Server.Data);
    }

    public async ValueTask DisposeAsync() => await _acme.DisposeAsync();

    [Fact]
    public async Task L06_R35_Records_that_cannot_be_read_are_503_everywhere()
    {
        var token = await _acme.TokenAsync();
        var refresh = await _acme.RefreshTokenAsync("g-1");
        await _acme.Admin.TokenAsync();

        _database.Execute("ALTER TABLE tokens RENAME TO gone");
        (await _acme.OAuth.IntrospectAsync(token, _acme.Orders)).ShouldBeError(503, "temporarily_unavailable", "The token store is out of reach. Try again.");
        (await _acme.OAuth.IntrospectAsync("unknown", _acme.Orders)).ShouldBeError(503, "temporarily_unavailable");
        (await _acme.OAuth.RevokeAsync(token, _acme.Shop)).ShouldBeError(503, "temporarily_unavailable");
        (await _acme.OAuth.RevokeAsync("unknown", _acme.Shop)).ShouldBeError(503, "temporarily_unavailable");
        (await _acme.OAuth.GrantAsync(_acme.Shop)).ShouldBeError(503, "temporarily_unavailable");
        (await _acme.Admin.GetAsync("/admin/clients")).ShouldBeProblem(503, "The token store is out of reach. Try again.");

        // What needs no record is answered as ever.
        (await _acme.OAuth.IntrospectAsync("tst_at_mistyped", _acme.Orders)).ShouldBeInactive();
        (await _acme.OAuth.IntrospectAsync(token, null)).ShouldBeError(401, "invalid_client");
        (await _acme.OAuth.GetAsync("/health/live")).Status.ShouldBe(200);
        (await _acme.OAuth.MetadataAsync()).GetProperty("issuer").GetString().ShouldBe(TestServer.DefaultIssuer);

        _database.Execute("ALTER TABLE gone RENAME TO tokens");
        (await _acme.OAuth.IntrospectAsync(token, _acme.Orders)).ShouldBeActive();
        (await _acme.OAuth.IntrospectAsync(refresh, _acme.Shop)).ShouldBeActive();
        (await _acme.OAuth.RevokeAsync(token, _acme.Shop)).ShouldBeEmpty();
        (await _acme.OAuth.IntrospectAsync(token, _acme.Orders)).ShouldBeInactive();
    }

    [Theory]
    [InlineData("ABORT")]
    [InlineData("FAIL")]
    [InlineData("ROLLBACK")]
    public async Task L06_C06_R12_R35_A_revocation_that_cannot_be_written_is_503_and_the_token_stays_active(string how)
    {
        var token = await _acme.TokenAsync();
        _database.RefuseInserts("revocations", how);
        (await _acme.OAuth.RevokeAsync(token, _acme.Shop)).ShouldBeError(503, "temporarily_unavailable");
        (await _acme.Admin.PostAsync(AdminCalls.Revocations, new { token })).ShouldBeProblem(503);
        (await _acme.Admin.PostAsync(AdminCalls.Revocations, new { token = "unknown" })).ShouldBeProblem(503);
        foreach (var action in (string[])["disable", "rotate-secret"]) (await _acme.Admin.PostAsync($"/admin/clients/web-shop/{action}")).ShouldBeProblem(503);
        (await _acme.OAuth.IntrospectAsync(token, _acme.Orders)).ShouldBeActive();
        (await _acme.OAuth.GrantAsync(_acme.Shop)).Status.ShouldBe(200);
        (await _acme.Admin.GetAsync("/admin/clients/web-shop")).Json.GetProperty("enabled").GetBoolean().ShouldBeTrue();

        _database.AcceptInserts("revocations");
        (await _acme.OAuth.RevokeAsync(token, _acme.Shop)).ShouldBeEmpty();
        (await _acme.OAuth.IntrospectAsync(token, _acme.Orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task L06_A_token_that_cannot_be_written_is_503_and_given_to_nobody()
    {
        _database.RefuseInserts("tokens");
        (await _acme.OAuth.GrantAsync(_acme.Shop)).ShouldBeError(503, "temporarily_unavailable").Text.ShouldNotContain("tst_at_");
        (await _acme.Admin.PostAsync(AdminCalls.Tokens, new { client_id = "web-shop" })).ShouldBeProblem(503);
        _database.AcceptInserts("tokens");
        (await _acme.OAuth.GrantAsync(_acme.Shop)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task L06_A_client_that_cannot_be_written_is_503_and_not_there()
    {
        _database.RefuseInserts("clients");
        (await _acme.Admin.PostAsync(AdminCalls.Clients, new { client_id = "new", kind = "client" })).ShouldBeProblem(503);
        (await _acme.Admin.GetAsync("/admin/clients/new")).ShouldBeProblem(404);
        _database.AcceptInserts("clients");
        await _acme.Admin.AddClientAsync(new { client_id = "new", kind = "client" });
    }

    [Fact]
    public async Task L06_A_writer_that_is_locked_out_answers_503_to_all_that_wait_and_reads_go_on()
    {
        var tokens = new List<string>();
        for (var i = 0; i < 10; i++) tokens.Add(await _acme.TokenAsync());
        Answer[] answers;
        using (_database.HoldWriteLock())
        {
            var revoking = Task.WhenAll(tokens.Select(token => _acme.OAuth.RevokeAsync(token, _acme.Shop)));
            (await _acme.OAuth.IntrospectAsync(tokens[0], _acme.Orders)).ShouldBeActive();
            // Two waits for the lock at most (for the first write and for all behind it), not one for each.
            answers = await revoking.WaitAsync(TimeSpan.FromSeconds(25));
        }
        foreach (var answer in answers) answer.ShouldBeError(503, "temporarily_unavailable");
        foreach (var token in tokens)
        {
            (await _acme.OAuth.IntrospectAsync(token, _acme.Orders)).ShouldBeActive();
            (await _acme.OAuth.RevokeAsync(token, _acme.Shop)).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task L06_A_file_cut_off_under_the_server_is_503_and_never_inactive()
    {
        var tokens = new List<string>();
        for (var i = 0; i < 20; i++) tokens.Add(await _acme.TokenAsync());
        Assert.SkipWhen(TestStore.IsPostgres, "it cuts SQLite's file off");
        foreach (var path in (string[])[_database.Path, _database.Path + "-wal"])
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            file.SetLength(0);
        }
        foreach (var token in tokens)
        {
            var answer = await _acme.OAuth.IntrospectAsync(token, _acme.Orders);
            if (answer.Status == 200) answer.ShouldBeActive(); // From a page that was still in memory.
            else answer.ShouldBeError(503, "temporarily_unavailable");
        }
    }

    [Fact]
    public async Task L06_Readiness_tells_and_liveness_does_not()
    {
        (await _acme.OAuth.GetAsync("/health/ready")).ShouldBeJson(200).Text.ShouldStartWith("{\"status\":\"ready\""); // With PostgreSQL it says more.
        _database.Execute("ALTER TABLE head RENAME TO gone");
        (await _acme.OAuth.GetAsync("/health/ready")).ShouldBeError(503, "temporarily_unavailable");
        (await _acme.OAuth.GetAsync("/health/live")).ShouldBeJson(200).Text.ShouldBe("{\"status\":\"live\"}");
        _database.Execute("ALTER TABLE gone RENAME TO head");
        (await _acme.OAuth.GetAsync("/health/ready")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task L06_A_fault_that_lasts_is_told_every_ten_seconds_and_not_with_every_request()
    {
        var token = await _acme.TokenAsync();
        _database.Execute("ALTER TABLE tokens RENAME TO gone");
        for (var i = 0; i < 50; i++) (await _acme.OAuth.IntrospectAsync(token, _acme.Orders)).Status.ShouldBe(503);
        _acme.Server.Logs.Failures.ShouldHaveSingleItem().Text.ShouldContain("Untold=0");
        _acme.Time.AdvanceSeconds(10);
        (await _acme.OAuth.IntrospectAsync(token, _acme.Orders)).Status.ShouldBe(503);
        _acme.Server.Logs.Failures.Count.ShouldBe(2);
        _acme.Server.Logs.Failures[1].Text.ShouldContain("Untold since the last such line: 49");
        _database.Execute("ALTER TABLE gone RENAME TO tokens");
    }

    [Fact]
    public async Task L06_A_write_that_the_database_refuses_for_what_it_says_is_no_fault_of_the_disk()
    {
        _database.RefuseInserts("tokens");
        (await _acme.OAuth.GrantAsync(_acme.Shop)).ShouldBeError(503, "temporarily_unavailable");
        (await _acme.OAuth.GetAsync("/health/ready")).ShouldBeJson(200).Text.ShouldStartWith("{\"status\":\"ready\""); // With PostgreSQL it says more.
        _database.AcceptInserts("tokens");
    }

    [Fact]
    public async Task L06_Faults_are_logged_with_their_cause_and_without_the_token()
    {
        var token = await _acme.TokenAsync();
        _database.Execute("ALTER TABLE tokens RENAME TO gone");
        await _acme.OAuth.IntrospectAsync(token, _acme.Orders);
        var line = _acme.Server.Logs.Failures.ShouldHaveSingleItem();
        line.Id.Id.ShouldBe(1);
        line.Text.ShouldStartWith("The store failed on introspect; answered 503");
        line.Error!.ToString().ShouldContain(TestStore.IsPostgres ? "does not exist" : "no such table");
        _acme.Server.Logs.Text.ShouldNotContain(token);
        _acme.Server.Logs.Text.ShouldNotContain(TokenHash.Of(token).ToString());
    }
}
