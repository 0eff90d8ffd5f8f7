using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Touchstone.Server.Revocation;
using Touchstone.Server.Signing;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Signing;

/// <summary>Keys that this version does not know or can't open, and how often the store is asked for keys.</summary>
public sealed class StrangeKeysTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private CountingKeys _store = null!;
    private SigningKeys _keys = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _store = new CountingKeys(_server.Services.GetRequiredService<IKeyStore>());
        _keys = NewKeys();
        await _keys.BeginAsync();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_key_for_an_algorithm_that_a_newer_version_knows_stops_no_other()
    {
        var seal = (await _server.Services.GetRequiredService<KeySeals>().FindAsync(mayMake: false)).ShouldNotBeNull();
        var key = new StoredKey("of-tomorrow", "ES1024", 1, _server.Time.Seconds, _server.Time.Seconds, """{"kty":"EC","kid":"of-tomorrow"}""") { Sealed = seal.Seal("of-tomorrow", "not for today"u8) };
        (await _store.AddKeyAsync(key, 0)).ShouldBeTrue();
        await _keys.KeepAsync();
        (await _keys.EnsureAsync("ES256")).Kid.ShouldBe(SigningKeysTests.Kid(_server, "ES256"));
        // Nor a start.
        var next = NewKeys();
        await next.BeginAsync();
        next.Current("ES256").Kid.ShouldBe(_keys.Current("ES256").Kid);
        next.Ring.All.ShouldContain(held => held.Stored.Kid == "of-tomorrow" && held.Key == null);
    }

    [Fact]
    public async Task Of_many_that_find_old_keys_one_reads_them()
    {
        _server.Time.Advance(SigningKeys.MostAge + TimeSpan.FromSeconds(1));
        var gate = new TaskCompletionSource();
        (_store.Gate, _store.Reads) = (gate.Task, 0);
        Task<SigningKey>[] waiting = [.. Enumerable.Range(0, 20).Select(_ => _keys.EnsureAsync("ES256").AsTask())];
        gate.SetResult();
        (await Task.WhenAll(waiting)).Select(key => key.Kid).Distinct().ShouldHaveSingleItem();
        _store.Reads.ShouldBe(1);
    }

    [Fact]
    public async Task Where_the_only_key_cannot_be_opened_not_each_request_reads_them()
    {
        var newest = _keys.Ring.Of("ES256")[0].Stored;
        (await _store.AddKeyAsync(newest with { Kid = "locked", Number = newest.Number + 1, SignsFrom = _server.Time.Seconds, Sealed = new byte[64] }, 0)).ShouldBeTrue();
        await _keys.KeepAsync();
        _server.Time.AdvanceSeconds(2);
        _store.Reads = 0;
        for (var i = 0; i < 10; i++) await Should.ThrowAsync<StoreException>(async () => await _keys.EnsureAsync("ES256"));
        _store.Reads.ShouldBe(1);
        _server.Time.AdvanceSeconds(2);
        await Should.ThrowAsync<StoreException>(async () => await _keys.EnsureAsync("ES256"));
        _store.Reads.ShouldBe(2);
    }

    private SigningKeys NewKeys()
    {
        var services = _server.Services;
        return new SigningKeys(_store, services.GetRequiredService<KeySeals>(), services.GetRequiredService<RevocationLog>(), services.GetRequiredService<ServerOptions>(), NullLogger<SigningKeys>.Instance, _server.Time);
    }

    private sealed class CountingKeys(IKeyStore inner) : IKeyStore
    {
        internal Task Gate { get; set; } = Task.CompletedTask;

        internal int Reads { get; set; }

        public async ValueTask<IReadOnlyList<StoredKey>> ReadKeysAsync(CancellationToken cancellationToken)
        {
            Reads++;
            await Gate;
            return await inner.ReadKeysAsync(cancellationToken);
        }

        public Task<bool> AddKeyAsync(StoredKey key, long olderPublishedUntil) => inner.AddKeyAsync(key, olderPublishedUntil);

        public Task<bool> RetireKeyAsync(string kid, long at) => inner.RetireKeyAsync(kid, at);

        public Task<int> ForgetKeysAsync(long signedBefore, long publishedBefore) => inner.ForgetKeysAsync(signedBefore, publishedBefore);
    }
}
