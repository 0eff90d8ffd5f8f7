using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Cleanup;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.ClientAuth;

public sealed class ReplayTests
{
    [Fact]
    public async Task L13_K07_K32_Of_200_parallel_uses_exactly_one_wins()
    {
        await using var server = await TestServer.StartAsync(options => options.Unlimit());
        var key = Signer.Of("ES256");
        await server.AddWithKeysAsync("rs", key);
        for (var round = 0; round < 5; round++)
        {
            var assertion = key.Assertion("rs", server.Time.Seconds);
            var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => server.AssertAsync(assertion)));
            answers.Count(answer => answer.Status == 200).ShouldBe(1);
            answers.Count(answer => answer.Status == 401).ShouldBe(199);
        }
        (await server.LastFailureAsync("rs")).ShouldBe("assertion_replayed");
    }

    [Fact]
    public async Task L13_K07_The_store_lets_exactly_one_of_many_through_in_every_round()
    {
        await using var server = await TestServer.StartAsync();
        var store = server.Services.GetRequiredService<ICallerStore>();
        for (var round = 0; round < 100; round++)
        {
            var key = BitConverter.GetBytes(round);
            var uses = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => store.UseAssertionAsync(key, 1))));
            uses.Count(isFirst => isFirst).ShouldBe(1);
        }
    }

    [Fact]
    public async Task L13_K07_A_used_assertion_stays_used_over_a_restart()
    {
        using var folder = new TempFolder();
        var time = new ManualTime();
        var key = Signer.Of("ES256");
        string assertion;
        await using (var first = await TestServer.StartAsync(data: folder.Path, time: time))
        {
            await first.AddWithKeysAsync("rs", key);
            assertion = key.Assertion("rs", time.Seconds);
            await first.ShouldAcceptAsync(assertion);
        }
        await using var second = await TestServer.StartAsync(data: folder.Path, time: time);
        await second.ShouldRefuseAsync(assertion, "rs", "assertion_replayed");
        await second.ShouldAcceptAsync(key.Assertion("rs", time.Seconds));
    }

    [Fact]
    public async Task K07_The_jti_is_the_clients_own()
    {
        await using var server = await TestServer.StartAsync();
        var key = Signer.Of("ES256");
        await server.AddWithKeysAsync("a", key);
        await server.AddWithKeysAsync("ab", key);
        await server.ShouldAcceptAsync(key.Assertion("a", server.Time.Seconds, claims => claims["jti"] = "bc"));
        await server.ShouldAcceptAsync(key.Assertion("ab", server.Time.Seconds, claims => claims["jti"] = "c"));
        await server.ShouldAcceptAsync(key.Assertion("ab", server.Time.Seconds, claims => claims["jti"] = "bc"));
        await server.ShouldRefuseAsync(key.Assertion("ab", server.Time.Seconds, claims => claims["jti"] = "c"), "ab", "assertion_replayed");
    }

    [Fact]
    public async Task L13_What_was_not_accepted_uses_nothing_up()
    {
        await using var server = await TestServer.StartAsync();
        var (key, other) = (Signer.Of("ES256"), Signer.Of("ES256"));
        await server.AddWithKeysAsync("rs", key);
        await server.ShouldRefuseAsync(other.Assertion("rs", server.Time.Seconds, claims => claims["jti"] = "one"), "rs", "wrong_signature");
        await server.ShouldAcceptAsync(key.Assertion("rs", server.Time.Seconds, claims => claims["jti"] = "one"));
    }

    [Fact]
    public async Task K07_Expired_assertions_are_forgotten_and_live_ones_are_not()
    {
        await using var server = await TestServer.StartAsync();
        var store = server.Services.GetRequiredService<ICallerStore>();
        for (var i = 0; i < 1100; i++) _ = store.UseAssertionAsync(BitConverter.GetBytes(i), server.Time.Seconds + 10);
        await store.UseAssertionAsync([1], server.Time.Seconds + 1000);
        server.Time.AdvanceSeconds(11);
        await server.Services.GetRequiredService<Cleaner>().RunAsync();
        (await server.Services.GetRequiredService<ICleanedStore>().ForgetAssertionsAsync(server.Time.Seconds, 10)).Count.ShouldBe(0);
        (await store.UseAssertionAsync([1], server.Time.Seconds + 1000)).ShouldBeFalse();
        (await store.UseAssertionAsync(BitConverter.GetBytes(7), 1)).ShouldBeTrue();
    }
}
