using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Touchstone.Server.Revocation;
using Touchstone.Server.Signing;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Signing;

/// <summary>Memory of keys counts for a minute: who can't read what another node retired signs no more.</summary>
public sealed class OldKeysTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private GatedKeys _store = null!;
    private SigningKeys _keys = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        var services = _server.Services;
        _store = new GatedKeys(services.GetRequiredService<IKeyStore>());
        _keys = new SigningKeys(_store, services.GetRequiredService<KeySeals>(), services.GetRequiredService<RevocationLog>(), services.GetRequiredService<ServerOptions>(), NullLogger<SigningKeys>.Instance, _server.Time);
        await _keys.BeginAsync();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_minute_without_the_store_and_nothing_is_signed_or_published()
    {
        _store.Gate = Task.FromException(new StoreException("gone"));
        _server.Time.Advance(SigningKeys.MostAge);
        _keys.EnsureAsync("ES256").IsCompletedSuccessfully.ShouldBeTrue();
        _server.Time.AdvanceSeconds(1);
        await Should.ThrowAsync<StoreException>(async () => await _keys.EnsureAsync("ES256"));
        await Should.ThrowAsync<StoreException>(async () => await _keys.ReadAsync());
        _store.Gate = Task.CompletedTask;
        (await _keys.EnsureAsync("ES256")).Kid.ShouldBe(SigningKeysTests.Kid(_server, "ES256"));
    }

    [Fact]
    public async Task What_another_retired_is_seen_before_it_signs_once_more()
    {
        var before = (await _keys.EnsureAsync("ES256")).Kid;
        await _server.Admin.PostAsync($"/admin/keys/{before}/retire");
        _server.Time.Advance(SigningKeys.MostAge + TimeSpan.FromSeconds(1));
        (await _keys.EnsureAsync("ES256")).Kid.ShouldNotBe(before);
        (await _keys.ReadAsync()).All.Single(key => key.Stored.Kid == before).Stored.IsPublished(_server.Time.Seconds).ShouldBeFalse();
    }

    [Fact]
    public async Task A_read_that_does_not_end_is_one_that_failed()
    {
        _server.Time.Advance(SigningKeys.MostAge + TimeSpan.FromSeconds(1));
        _store.Gate = new TaskCompletionSource().Task;
        Task[] waiting = [_keys.EnsureAsync("ES256").AsTask(), _keys.ReadAsync().AsTask()];
        _server.Time.Advance(SigningKeys.ReadTimeout);
        foreach (var one in waiting) await Should.ThrowAsync<StoreException>(() => one);
        _store.Gate = Task.CompletedTask;
        (await _keys.EnsureAsync("ES256")).ShouldNotBeNull();
    }

    private sealed class GatedKeys(IKeyStore inner) : IKeyStore
    {
        internal Task Gate { get; set; } = Task.CompletedTask;

        public async ValueTask<IReadOnlyList<StoredKey>> ReadKeysAsync(CancellationToken cancellationToken)
        {
            await Gate;
            return await inner.ReadKeysAsync(cancellationToken);
        }

        public Task<bool> AddKeyAsync(StoredKey key, long olderPublishedUntil) => inner.AddKeyAsync(key, olderPublishedUntil);

        public Task<bool> RetireKeyAsync(string kid, long at) => inner.RetireKeyAsync(kid, at);

        public Task<int> ForgetKeysAsync(long signedBefore, long publishedBefore) => inner.ForgetKeysAsync(signedBefore, publishedBefore);
    }
}
