using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>Refresh tokens that are used on three nodes at once.</summary>
public sealed class RefreshRaceTests : IAsyncLifetime
{
    private readonly List<PostgresTokenStore> _nodes = [];
    private PostgresStores _stores = null!;

    public async ValueTask InitializeAsync()
    {
        _stores = await PostgresStores.CreateAsync();
        for (var i = 0; i < 3; i++)
        {
            _nodes.Add(_stores.Open($"node-{i}"));
            await _nodes[i].LoadAsync((_, _, _) => { }, CancellationToken.None);
            _nodes[i].Follow();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Fact]
    public async Task L05_F06_Of_uses_on_three_nodes_exactly_one_wins_in_every_round()
    {
        for (var round = 0; round < 20; round++)
        {
            var told = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => _nodes[i % 3].UseRefreshTokenAsync(Use($"old {round}", $"new {round} {i}"), [Records.Bare($"new {round} {i}")]))));
            var winner = Array.FindIndex(told, use => use is null);
            told.Count(use => use is null).ShouldBe(1);
            told.Where(use => use is not null).ShouldAllBe(use => use!.Successor == TokenHash.Of($"new {round} {winner}"));
            (await _stores.ScalarAsync("SELECT count(*) FROM tokens")).ShouldBe(round + 1L);
        }
    }

    [Fact]
    public async Task L05_Several_tokens_that_nodes_use_in_different_orders_wait_for_each_other_and_each_has_one_winner()
    {
        for (var round = 0; round < 5; round++)
        {
            // In opposite orders two transactions can wait for each other: the database breaks one off, and its uses are made again one by one.
            var told = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() =>
            {
                var token = i % 3 == 0 ? i / 3 : 19 - (i / 3);
                return _nodes[i % 3].UseRefreshTokenAsync(Use($"old {round} {token}", $"new {round} {i}"), [Records.Bare($"new {round} {i}")]);
            })));
            told.Count(use => use is null).ShouldBe(20);
        }
        (await _stores.ScalarAsync("SELECT count(*) FROM tokens")).ShouldBe(100L);
    }

    private static RefreshUse Use(string token, string successor) => new()
    {
        Token = TokenHash.Of(token), UsedAt = ManualTime.Start, Grant = "g-1", Successor = TokenHash.Of(successor), ForgetAfter = ManualTime.Start + 7200,
    };
}
