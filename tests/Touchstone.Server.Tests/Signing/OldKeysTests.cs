using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Touchstone.Server.Revocation;
using Touchstone.Server.Signing;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

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
    public async Task A_minute_without_the_store_and_the_document_of_keys_is_answered_503_and_not_kept()
    {
        var document = new JwksDocument(_keys, _server.Services.GetRequiredService<ServerOptions>(), _server.Services.GetRequiredService<FaultLog>(), _server.Time);
        _store.Gate = Task.FromException(new StoreException("gone"));
        _server.Time.Advance(SigningKeys.MostAge + TimeSpan.FromSeconds(1));
        var http = new DefaultHttpContext { RequestServices = _server.Services };
        await document.WriteAsync(http);
        (http.Response.StatusCode, http.Response.Headers.CacheControl.ToString(), http.Response.Headers.RetryAfter.ToString()).ShouldBe((503, "no-store", "1"));
        _server.Logs.Of(1).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_fails_at_every_look_is_told_once_and_once_more_when_nothing_is_signed()
    {
        var logs = new CapturedLogs();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(logs));
        var keeper = new KeyKeeper(_keys, factory.CreateLogger<KeyKeeper>(), _server.Time);
        await keeper.StartAsync(CancellationToken.None);
        _store.Gate = Task.FromException(new StoreException("gone"));
        for (var i = 0; i < 10; i++) await LookAsync();
        (logs.Of(102).Count, logs.Of(105).Count, logs.Of(106).Count).ShouldBe((1, TestStore.IsPostgres ? 0 : 1, 0));
        _server.Time.Advance(SigningKeys.MostAge);
        await LookAsync();
        await LookAsync();
        logs.Of(105).ShouldHaveSingleItem();
        _store.Gate = Task.CompletedTask;
        await LookAsync();
        await LookAsync();
        logs.Of(106).ShouldHaveSingleItem();
        await keeper.StopAsync(CancellationToken.None);

        async Task LookAsync()
        {
            _server.Time.Advance(_keys.Interval);
            await keeper.IdleAsync();
        }
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
