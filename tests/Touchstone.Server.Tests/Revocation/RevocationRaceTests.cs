using Microsoft.Extensions.DependencyInjection;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Revocation;

/// <summary>What begins after a revocation was acknowledged never answers active, whatever was under way meanwhile.</summary>
public sealed class RevocationRaceTests : IAsyncLifetime
{
    private TestServer _server = null!;
    private ProbedStore _store = null!;
    private TestClient _orders = null!, _shop = null!;

    public async ValueTask InitializeAsync()
    {
        (_server, _store) = await ProbedStore.StartAsync(options => options.Unlimit());
        _orders = await _server.Admin.AddClientAsync(new { client_id = "rs-orders", kind = "resource-server", audience = new[] { Acme.OrdersApi } });
        _shop = await _server.Admin.AddClientAsync(new { client_id = "web-shop", kind = "client", audience = new[] { Acme.OrdersApi } });
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private RevocationLog Log => _server.Services.GetRequiredService<RevocationLog>();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task L15_A_fill_that_a_revocation_overtakes_is_never_served(bool isFloorRaised)
    {
        var token = await _server.OAuth.TokenOfAsync(_shop);
        if (isFloorRaised) await RaiseFloorAsync();
        var (hasRead, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _store.AfterFind = async () =>
        {
            _store.AfterFind = () => Task.CompletedTask;
            hasRead.SetResult();
            await goOn.Task;
        };
        var filling = _server.OAuth.IntrospectAsync(token, _orders);
        await hasRead.Task;
        (await _server.OAuth.RevokeAsync(token, _shop)).ShouldBeEmpty();
        if (isFloorRaised) await RaiseFloorAsync();
        goOn.SetResult();

        // It began before the revocation, but it is judged where it is served.
        (await filling).ShouldBeInactive();
        for (var i = 0; i < 3; i++) (await _server.OAuth.IntrospectAsync(token, _orders)).ShouldBeInactive();
    }

    [Fact]
    public async Task L15_A_raised_floor_forgets_no_revocation()
    {
        var (kept, ended, disabled) = (await _server.OAuth.TokenOfAsync(_shop), await _server.OAuth.TokenOfAsync(_shop), await IssueForDisabledAsync());
        foreach (var token in (string[])[kept, ended, disabled]) (await _server.OAuth.IntrospectAsync(token, _orders)).ShouldBeActive();
        await _server.OAuth.RevokeAsync(ended, _shop);
        await _server.Admin.ChangeAsync("short-lived", "disable");

        var floor = await RaiseFloorAsync();
        floor.ShouldBeGreaterThan(0);
        Log.Index.Count.ShouldBe(0);
        (await _server.OAuth.IntrospectAsync(kept, _orders)).ShouldBeActive();
        (await _server.OAuth.IntrospectAsync(ended, _orders)).ShouldBeInactive();
        (await _server.OAuth.IntrospectAsync(disabled, _orders)).ShouldBeInactive();

        // A new row above the floor works as ever, and so does one for a token that was judged in the store.
        await _server.OAuth.RevokeAsync(kept, _shop);
        (await _server.OAuth.IntrospectAsync(kept, _orders)).ShouldBeInactive();

        async Task<string> IssueForDisabledAsync()
        {
            await _server.Admin.AddClientAsync(new { client_id = "short-lived", kind = "client" });
            return await _server.Admin.IssueAsync(new { client_id = "short-lived", aud = Acme.OrdersApi });
        }
    }

    [Fact]
    public async Task L15_What_was_cached_before_the_floor_rose_is_judged_in_the_store_again()
    {
        var token = await _server.OAuth.TokenOfAsync(_shop);
        await _server.OAuth.IntrospectAsync(token, _orders);
        var finds = _store.Finds;
        await _server.OAuth.IntrospectAsync(token, _orders);
        _store.Finds.ShouldBe(finds);
        await RaiseFloorAsync();
        finds = _store.Finds;
        await _server.OAuth.IntrospectAsync(token, _orders);
        _store.Finds.ShouldBe(finds + 1);
        await _server.OAuth.IntrospectAsync(token, _orders);
        _store.Finds.ShouldBe(finds + 1);
    }

    [Fact]
    public async Task L12_A_token_whose_basis_was_judged_before_its_client_was_disabled_is_dead_though_it_is_written_later()
    {
        var (isWriting, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        await _server.Admin.TokenAsync();
        _store.BeforeWrite = async () =>
        {
            _store.BeforeWrite = () => Task.CompletedTask;
            isWriting.SetResult();
            await goOn.Task;
        };
        var issuing = _server.OAuth.TokenOfAsync(_shop);
        await isWriting.Task;
        await _server.Admin.ChangeAsync(_shop.Id, "disable");
        await _server.Admin.ChangeAsync(_shop.Id, "enable");
        goOn.SetResult();
        (await _server.OAuth.IntrospectAsync(await issuing, _orders)).ShouldBeInactive();
        (await _server.OAuth.IntrospectAsync(await _server.OAuth.TokenOfAsync(_shop), _orders)).ShouldBeActive();
    }

    [Theory]
    [InlineData(2_000_000)]
    [InlineData(7)]
    public async Task L15_Under_load_no_reader_sees_a_token_active_after_its_revocation_was_acknowledged(int maxRows)
    {
        Log.MaxRows = maxRows;
        var isOver = false;
        var tokens = new string[16];
        var readers = Enumerable.Range(0, 4).Select(reader => Task.Run(async () =>
        {
            for (var i = reader; !Volatile.Read(ref isOver); i = (i + 1) % tokens.Length)
            {
                if (Volatile.Read(ref tokens[i]) is { } token) await _server.OAuth.IsActiveAsync(token, _orders);
                else await Task.Yield();
            }
        })).ToArray();
        await Task.WhenAll(Enumerable.Range(0, tokens.Length).Select(slot => Task.Run(async () =>
        {
            for (var i = 0; i < 8; i++)
            {
                var token = await _server.OAuth.TokenOfAsync(_shop);
                Volatile.Write(ref tokens[slot], token);
                (await _server.OAuth.IsActiveAsync(token, _orders)).ShouldBeTrue();
                (await _server.OAuth.RevokeAsync(token, _shop)).ShouldBeEmpty();
                for (var again = 0; again < 3; again++) (await _server.OAuth.IsActiveAsync(token, _orders)).ShouldBeFalse();
            }
        })));
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(readers);
        Log.Seq.ShouldBeGreaterThanOrEqualTo(16 * 8);
        (Log.Index.Floor > 0).ShouldBe(maxRows < 100);
        Log.Index.Count.ShouldBeLessThanOrEqualTo(maxRows);
    }

    [Fact]
    public async Task R31_Many_revocations_of_one_token_at_once_all_succeed()
    {
        var token = await _server.OAuth.TokenOfAsync(_shop);
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _server.OAuth.RevokeAsync(token, _shop)))) answer.ShouldBeEmpty();
        (await _server.OAuth.IntrospectAsync(token, _orders)).ShouldBeInactive();
    }

    // Makes memory too small for one more row, and then writes one.
    private async Task<long> RaiseFloorAsync()
    {
        var most = Log.MaxRows;
        Log.MaxRows = 0;
        await _server.Admin.RevokeAsync("some token that nobody has " + Guid.NewGuid());
        Log.MaxRows = most;
        return Log.Index.Floor;
    }
}
