using System.Security.Cryptography;
using Touchstone.Client.Redis;
using Touchstone.Client.Shared;
using Touchstone.Testing.Processes;

namespace Touchstone.Client.Tests.Redis;

/// <summary>A server, and two clients of it that share a Redis, each over a connection of its own.</summary>
internal sealed class SharedPair : IAsyncDisposable
{
    private const int Checks = 40;

    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    // What so many checks may take on a busy machine, whatever Redis does: less than a wait of half a second for each.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly OtherServer _server;
    private readonly RedisCache[] _caches;
    private int _made;

    private SharedPair(OtherServer server, Func<RedisCache> cache)
    {
        _server = server;
        _caches = [cache(), cache()];
        (One, Other) = (Client(_caches[0]), Client(_caches[1]));
    }

    internal IntrospectionClient One { get; }

    internal IntrospectionClient Other { get; }

    /// <summary>With caches that are connected, or never will be.</summary>
    internal static async Task<SharedPair> OpenAsync(Func<RedisCache> cache)
    {
        var server = await OtherServer.StartAsync();
        server.Behavior = http => OtherServer.AnswerAsync(http, http.Request.Form["token"].ToString() is var token && token[0] == 'a' ? $$"""{"active":true,"sub":"{{token}}"}""" : OtherServer.Inactive);
        return new SharedPair(server, cache);
    }

    internal static void Share(TokenIntrospectionOptions options, RedisCache cache) => options.SharedCache = new SharedCacheOptions { Cache = cache, Key = Key, BreakDuration = TimeSpan.FromMilliseconds(500) };

    /// <summary>Each check of a new token has the right answer, the server gives it, and nobody waits long.</summary>
    internal async Task ShouldNotMindAsync()
    {
        var (clock, calls) = (TimeProvider.System, _server.Calls);
        var started = clock.GetTimestamp();
        for (var i = 0; i < Checks; i++)
        {
            var (good, bad) = (Next('a'), Next('x'));
            var active = await One.IntrospectAsync(good);
            (active.Outcome, active.Source, active.Fault, active.Token?.Subject).ShouldBe((IntrospectionOutcome.Active, IntrospectionSource.Server, IntrospectionFault.None, good));
            var inactive = await Other.IntrospectAsync(bad);
            (inactive.Outcome, inactive.Source, inactive.Fault).ShouldBe((IntrospectionOutcome.Inactive, IntrospectionSource.Server, IntrospectionFault.None));
        }
        clock.GetElapsedTime(started).ShouldBeLessThan(Bound);
        (_server.Calls - calls).ShouldBe(2 * Checks);
    }

    /// <summary>As <see cref="ShouldNotMindAsync"/>, while no look-up gets a reply; and they are soon left alone.</summary>
    internal async Task ShouldDoWithoutAsync()
    {
        var failed = One.Shared!.Lookups(SharedLookup.Failed);
        var found = One.Shared.Lookups(SharedLookup.Hit) + One.Shared.Lookups(SharedLookup.Miss);
        await ShouldNotMindAsync();
        (One.Shared.Lookups(SharedLookup.Failed) - failed).ShouldBe(Checks);
        (One.Shared.Lookups(SharedLookup.Hit) + One.Shared.Lookups(SharedLookup.Miss)).ShouldBe(found);
        // What went well a moment ago counts for a while.
        await Until.TrueAsync(
            async () =>
            {
                (await One.IntrospectAsync(Next('a'))).IsActive.ShouldBeTrue();
                return One.Shared.Breaker.CircuitState is not Polly.CircuitBreaker.CircuitState.Closed;
            },
            "Redis is left alone");
    }

    /// <summary>What one was told the other soon need not ask.</summary>
    internal Task ShouldShareAsync() => Until.TrueAsync(
        async () =>
        {
            var token = Next('a');
            (await One.IntrospectAsync(token)).IsActive.ShouldBeTrue();
            var result = await Other.IntrospectAsync(token);
            (result.Outcome, result.Token?.Subject).ShouldBe((IntrospectionOutcome.Active, token));
            return result.Source is IntrospectionSource.Shared;
        },
        "the other finds what one was told");

    public async ValueTask DisposeAsync()
    {
        foreach (var client in new[] { One, Other }) await client.DisposeAsync();
        foreach (var cache in _caches) await cache.DisposeAsync();
        await _server.DisposeAsync();
    }

    private IntrospectionClient Client(RedisCache cache) => _server.Client(options => Share(options, cache));

    private string Next(char kind) => $"{kind}{Interlocked.Increment(ref _made)}";
}
