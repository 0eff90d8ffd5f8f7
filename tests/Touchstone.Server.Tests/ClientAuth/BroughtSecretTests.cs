using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.ClientAuth;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Tests.ClientAuth;

public sealed class BroughtSecretTests
{
    private const string Secret = "correct horse battery staple";

    private static Task<TestClient> AddAsync(TestServer server, string id = "rs", string secret = Secret) => server.AddAsync(id, "client_secret_basic", body => body["client_secret"] = secret);

    private static Task<Answer> AskAsync(TestServer server, string secret, string id = "rs") => server.OAuth.IntrospectAsync("x", new TestClient(id, secret));

    private static Client Find(TestServer server, string id = "rs") => server.Services.GetRequiredService<ClientDirectory>().Find(id)!;

    [Fact]
    public async Task A11_A_brought_secret_is_stored_under_a_slow_hash_and_never_shown()
    {
        await using var server = await TestServer.StartAsync();
        (await AddAsync(server)).Secret.ShouldBeNull();
        var stored = Find(server).Registration.Secrets.ShouldHaveSingleItem();
        stored.Sha256.ShouldBeNull();
        stored.Pbkdf2!.ShouldStartWith("600000:");
        stored.Pbkdf2.ShouldNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)));
        SlowHash.Verify(stored.Pbkdf2, Encoding.UTF8.GetBytes(Secret)).ShouldBeTrue();
        SlowHash.Verify(stored.Pbkdf2, Encoding.UTF8.GetBytes(Secret + "r")).ShouldBeFalse();
        (await AskAsync(server, Secret)).ShouldBeInactive();
        (await AskAsync(server, Secret + "r")).ShouldBeError(401, "invalid_client");
    }

    [Fact]
    public async Task A11_It_is_verified_slowly_once_then_known()
    {
        await using var server = await TestServer.StartAsync();
        await AddAsync(server);
        var client = Find(server);
        client.Slots[0].IsProven.ShouldBeFalse();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => AskAsync(server, Secret))); // One slow hash for all of them.
        answers.ShouldAllBe(answer => answer.Status == 200);
        client.Slots[0].IsProven.ShouldBeTrue();
        // Now that it is known, a wrong one is wrong without a slow hash.
        client.Check(Encoding.UTF8.GetBytes("wrong wrong wrong"), default, 0).ShouldBe(SecretCheck.Wrong);
        // And a change of the registration forgets nothing.
        await server.Admin.ChangeAsync("rs", "disable");
        await server.Admin.ChangeAsync("rs", "enable");
        Find(server).Slots[0].IsProven.ShouldBeTrue();
    }

    [Fact]
    public async Task A05_Guesses_cost_a_bounded_number_of_slow_hashes_and_block_nobody()
    {
        await using var server = await TestServer.StartAsync();
        await AddAsync(server);
        var guesses = Enumerable.Range(0, 60).Select(i => AskAsync(server, $"guess number {i:0000}")).ToArray();
        for (var i = 0; i < 50; i++) (await server.OAuth.IntrospectAsync("x", server.AdminClient)).Status.ShouldBe(403);
        var answers = await Task.WhenAll(guesses);
        answers.ShouldAllBe(answer => answer.Status == 401 || answer.Status == 503);
        var busy = answers.First(answer => answer.Status == 503);
        busy.ShouldBeError(503, "temporarily_unavailable");
        (await AskAsync(server, Secret)).ShouldBeInactive();
    }

    [Fact]
    public async Task A05_A_wrong_secret_that_is_repeated_costs_one_slow_hash()
    {
        await using var server = await TestServer.StartAsync(options => options.Unlimit());
        await AddAsync(server);
        (await AskAsync(server, "the wrong secret")).ShouldBeError(401, "invalid_client");
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => AskAsync(server, "the wrong secret")));
        answers.ShouldAllBe(answer => answer.Status == 401);
        Find(server).Slots[0].IsProven.ShouldBeFalse();
        (await AskAsync(server, Secret)).ShouldBeInactive();
    }

    [Theory]
    [InlineData("short"), InlineData(""), InlineData("fünfzehn zeichen und mehr"), InlineData("with\na line break in it")]
    public async Task A12_W04_A_secret_has_to_be_long_enough_and_printable(string secret)
    {
        await using var server = await TestServer.StartAsync();
        (await server.Admin.PostAsync(AdminCalls.Clients, new { client_id = "a", kind = "client", client_secret = secret })).ShouldBeProblem(400).Faults().ShouldBe(["client_secret"]);
        (await server.Admin.PostAsync(AdminCalls.Clients, new { client_id = "b", kind = "client", @public = true, client_secret = Secret })).ShouldBeProblem(400).Faults().ShouldBe(["client_secret"]);
    }

    [Fact]
    public async Task A11_Two_secrets_overlap_brought_or_generated_and_end()
    {
        await using var server = await TestServer.StartAsync();
        await AddAsync(server);
        var generated = (await server.Admin.ChangeAsync("rs", "rotate-secret", new { overlap_seconds = 100 })).GetProperty("client_secret").GetString()!;
        (await AskAsync(server, Secret)).ShouldBeInactive();
        (await AskAsync(server, generated)).ShouldBeInactive();
        server.Time.AdvanceSeconds(100);
        (await AskAsync(server, Secret)).ShouldBeError(401, "invalid_client");
        (await AskAsync(server, generated)).ShouldBeInactive();

        var shown = await server.Admin.ChangeAsync("rs", "rotate-secret", new { overlap_seconds = 100, client_secret = "another good secret" });
        shown.TryGetProperty("client_secret", out _).ShouldBeFalse();
        (await AskAsync(server, "another good secret")).ShouldBeInactive();
        (await AskAsync(server, generated)).ShouldBeInactive();
        (await server.Admin.PostAsync($"{AdminCalls.Clients}/rs/rotate-secret", new { client_secret = "short" })).ShouldBeProblem(400);
    }

    [Fact]
    public async Task A11_The_last_use_of_each_secret_is_shown_and_survives_a_restart()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        string second;
        await using (var server = await TestServer.StartAsync(data: folder.Path, time: time))
        {
            var first = await server.AddAsync("rs", "client_secret_basic");
            await AskAsync(server, first.Secret!);
            time.AdvanceSeconds(10);
            second = (await server.Admin.ChangeAsync("rs", "rotate-secret")).GetProperty("client_secret").GetString()!;
            Uses(await ShowAsync(server)).ShouldBe([null, ManualTime.Start]);
            await AskAsync(server, second);
            Uses(await ShowAsync(server)).ShouldBe([ManualTime.Start + 10, ManualTime.Start]);
            time.AdvanceSeconds(5);
            await AskAsync(server, second);
        }
        await using var next = await TestServer.StartAsync(data: folder.Path, time: time);
        Uses(await ShowAsync(next)).ShouldBe([ManualTime.Start + 15, ManualTime.Start]);
    }

    [Fact]
    public async Task A11_Last_uses_are_written_once_a_minute()
    {
        await using var server = await TestServer.StartAsync();
        var client = await server.AddAsync("rs", "client_secret_basic");
        await AskAsync(server, client.Secret!);
        var store = server.Services.GetRequiredService<Touchstone.Server.Storage.ICallerStore>();
        (await store.LoadSecretUsesAsync()).ShouldNotContain(use => use.ClientId == "rs");
        server.Time.AdvanceSeconds(60);
        await server.Services.GetRequiredService<SecretUses>().SaveAsync(); // Waits for the one that the clock began.
        (await store.LoadSecretUsesAsync()).Single(use => use.ClientId == "rs").LastUsed.ShouldBe(ManualTime.Start);
    }

    [Fact]
    public async Task A11_A_known_secret_is_judged_at_once_and_without_allocating()
    {
        await using var server = await TestServer.StartAsync();
        await AddAsync(server);
        (await AskAsync(server, Secret)).ShouldBeInactive();
        var method = server.Services.GetServices<IClientAuthMethod>().OfType<SecretMethod>().Single();
        var form = new Protocol.Forms.OAuthForm();
        var header = new TestClient("rs", Secret).Basic;
        var client = Find(server);
        var exchange = new Touchstone.Server.Http.FormExchange();
        Judge();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Judge();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        void Judge()
        {
            Span<byte> scratch = stackalloc byte[Protocol.ClientAuth.ClientCredentials.ScratchSize];
            Protocol.ClientAuth.ClientCredentials.Read(header, form, scratch, out var credentials);
            var judged = method.AuthenticateAsync(credentials, client, exchange, ManualTime.Start);
            if (!judged.IsCompletedSuccessfully || judged.Result.Client is null) throw new InvalidOperationException();
        }
    }

    private static async Task<System.Text.Json.JsonElement> ShowAsync(TestServer server) => (await server.Admin.GetAsync($"{AdminCalls.Clients}/rs")).Json;

    private static long?[] Uses(System.Text.Json.JsonElement client) =>
        [.. client.GetProperty("secrets").EnumerateArray().Select(secret => secret.TryGetProperty("last_used_at", out var at) ? at.GetInt64() : (long?)null)];
}
