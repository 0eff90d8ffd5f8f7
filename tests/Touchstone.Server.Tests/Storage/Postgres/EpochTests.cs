using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Leases;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Testing.Processes;

namespace Touchstone.Server.Tests.Storage.Postgres;

/// <summary>A database that was put back under running nodes: another life of the log begins, and what they still hold is in force and written again.</summary>
public sealed class EpochTests : IAsyncLifetime
{
    private readonly List<PostgresTokenStore> _nodes = [];
    private readonly List<Memory> _memories = [];
    private PostgresStores _stores = null!;
    private Guid _epoch;

    public async ValueTask InitializeAsync()
    {
        _stores = await PostgresStores.CreateAsync();
        for (var i = 0; i < 2; i++)
        {
            var (node, memory) = (_stores.Open($"node-{i}"), new Memory());
            _epoch = (await node.LoadAsync(memory.Take, CancellationToken.None)).Epoch;
            node.Node.Memory = memory;
            node.Follow();
            _nodes.Add(node);
            _memories.Add(memory);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_stores is not null) await _stores.DisposeAsync();
    }

    [Fact]
    public async Task Rows_that_the_database_lost_are_written_again_once_and_every_node_begins_the_same_epoch()
    {
        await _nodes[0].AppendAsync([Records.Row(Selector.Grant("kept")), Records.Row(Selector.Grant("lost")), Records.Row(Selector.Client("c"))]);
        // As after a backup from before the last two was put back.
        await _stores.ExecuteAsync("DELETE FROM revocations WHERE seq > 1; UPDATE head SET seq = 1");
        await Until.TrueAsync(() => _memories.All(memory => memory.Restarted is not null), "both nodes began anew");
        _memories[0].Restarted!.Epoch.ShouldNotBe(_epoch);
        _memories[1].Restarted!.Epoch.ShouldBe(_memories[0].Restarted!.Epoch);
        foreach (var memory in _memories) memory.Restarted!.Rows.Select(row => row.Selector).ShouldBe([Selector.Grant("kept"), Selector.Grant("lost"), Selector.Client("c")], ignoreOrder: true);
        (await _stores.ScalarAsync("SELECT count(*) FROM revocations")).ShouldBe(3L);
        (await _stores.ScalarAsync("SELECT seq FROM head")).ShouldBe(3L);
        // And the log goes on.
        await Until.TrueAsync(() => _nodes.All(node => node.Node.IsHeld), "both have their leases again");
        (await _nodes[1].AppendAsync(Records.Row(Selector.Grant("next")))).Seq.ShouldBe(4);
    }

    [Fact]
    public async Task I15_What_was_born_in_one_life_of_the_log_is_not_written_into_another()
    {
        await _nodes[0].AppendAsync([Records.Row(Selector.Grant("kept")), Records.Row(Selector.Client("lost")), Records.Row(Selector.Client("lost as well"))]);
        var born = Records.Bare("judged before") with { Born = 3 };
        (await _nodes[0].AddTokensAsync([Records.Bare("in time") with { Born = 3 }], epoch: _epoch)).ShouldBe(-1);
        await _stores.ExecuteAsync("DELETE FROM revocations WHERE seq > 1; UPDATE head SET seq = 1");

        // Before anybody has noticed, and after.
        await Should.ThrowAsync<StoreException>(() => _nodes[0].AddTokensAsync([born], epoch: _epoch));
        await Until.TrueAsync(() => _memories.All(memory => memory.Restarted is not null) && _nodes.All(node => node.Node.IsHeld), "both began anew");
        await Should.ThrowAsync<StoreException>(() => _nodes[0].AddTokensAsync([born], epoch: _epoch));
        await Should.ThrowAsync<StoreException>(() => _nodes[1].UseRefreshTokenAsync(new RefreshUse { Token = TokenHash.Of("rt"), UsedAt = 1, Grant = "g", Successor = TokenHash.Of("next"), ForgetAfter = ManualTime.Start }, [born], _epoch));
        (await _nodes[0].FindAsync(born.Hash, judge: false, CancellationToken.None)).Record.ShouldBeNull();
        (await _nodes[1].FindRefreshUseAsync(TokenHash.Of("rt"), CancellationToken.None)).ShouldBeNull();

        (await _nodes[1].AddTokensAsync([born], epoch: _memories[1].Restarted!.Epoch)).ShouldBe(-1);
    }

    [Fact]
    public async Task I15_What_was_judged_by_rows_that_were_replaced_is_not_written_where_the_log_has_grown_as_far()
    {
        await _nodes[0].AppendAsync([Records.Row(Selector.Grant("kept")), Records.Row(Selector.Client("replaced")), Records.Row(Selector.Client("replaced as well"))]);
        var born = Records.Bare("judged before") with { Born = 3 };
        await using var alone = _stores.Open("alone"); // It follows nobody, so it does not know yet; and nobody else begins anew.
        await alone.LoadAsync((_, _, _) => { }, CancellationToken.None);
        foreach (var node in _nodes) await node.DisposeAsync();
        _nodes.Clear();
        (await alone.AddTokensAsync([Records.Bare("in time") with { Born = 3 }], epoch: _epoch)).ShouldBe(-1);
        await _stores.ExecuteAsync("UPDATE revocations SET id = gen_random_uuid() WHERE seq > 1");
        await Should.ThrowAsync<StoreException>(() => alone.AddTokensAsync([born], epoch: _epoch));
        await Should.ThrowAsync<StoreException>(() => alone.UseRefreshTokenAsync(new RefreshUse { Token = TokenHash.Of("rt"), UsedAt = 1, Grant = "g", Successor = TokenHash.Of("next"), ForgetAfter = ManualTime.Start }, [born], _epoch));
        // A row that is gone in time is no other one.
        await _stores.ExecuteAsync($"DELETE FROM revocations WHERE seq = 3; INSERT INTO revocations SELECT 4, gen_random_uuid(), at, kind, name, issuer, tenant, issued_before, forget_after, actor, reason FROM revocations WHERE seq = 2; UPDATE head SET seq = 4, epoch = '{_epoch}'");
        (await alone.AddTokensAsync([born], epoch: _epoch)).ShouldBe(-1);
    }

    [Fact]
    public async Task What_is_forgotten_is_told_in_each_life_of_the_log_and_so_is_how_long_rows_last()
    {
        await _stores.ExecuteAsync("UPDATE forgotten SET through = 10, tokens = 20");
        await Until.TrueAsync(() => _memories.All(memory => memory.Marks is { Forgotten: 10, ForgottenTokens: 20 }), "both were told");
        _memories[0].Marks.LongestLifetime.ShouldBe(90 * 86400);
        // A backup knows of less, and of nothing that was started after it.
        await _stores.ExecuteAsync("UPDATE forgotten SET through = 1, tokens = 2; UPDATE head SET epoch = gen_random_uuid(); DELETE FROM settings WHERE name = 'longest_token_lifetime'");
        await Until.TrueAsync(() => _memories.All(memory => memory.Restarted is not null) && _nodes.All(node => node.Node.IsHeld), "both began anew");
        foreach (var memory in _memories) memory.Restarted!.Marks.ShouldBe(new LogMarks(1, 2, 90 * 86400));
        await _stores.ExecuteAsync("UPDATE forgotten SET through = 3, tokens = 4");
        await Until.TrueAsync(() => _memories.All(memory => memory.Marks is { Forgotten: 3, ForgottenTokens: 4 }), "both were told again");
    }

    [Fact]
    public async Task A_backup_from_an_earlier_epoch_does_not_bring_that_back()
    {
        await _nodes[0].AppendAsync([Records.Row(Selector.Grant("a")), Records.Row(Selector.Grant("b"))]);
        var seen = new List<Guid> { _epoch };
        for (var round = 0; round < 3; round++)
        {
            foreach (var memory in _memories) memory.Forget();
            // The same copy, put back again and again.
            await _stores.ExecuteAsync($"DELETE FROM revocations WHERE seq > 1; UPDATE head SET seq = 1, epoch = '{_epoch}'; DELETE FROM settings WHERE name = 'epoch_before'");
            await Until.TrueAsync(() => _memories.All(memory => memory.Restarted is not null) && _nodes.All(node => node.Node.IsHeld), "both began anew");
            await Until.TrueAsync(() => _memories[0].Restarted!.Epoch == _memories[1].Restarted!.Epoch, "and are of one mind");
            var epoch = (Guid)(await _stores.ScalarAsync("SELECT epoch FROM head"))!;
            seen.ShouldNotContain(epoch);
            seen.Add(epoch);
            (await _stores.ScalarAsync("SELECT count(*) FROM revocations")).ShouldBe(2L);
        }
    }

    [Fact]
    public async Task A_revocation_that_meets_a_restored_log_before_the_node_has_noticed_is_never_answered_200()
    {
        for (var round = 0; round < 5; round++)
        {
            await _nodes[0].AppendAsync([.. Enumerable.Range(0, 10).Select(i => Records.Row(Selector.Grant($"lost-{round}-{i}")))]);
            foreach (var memory in _memories) memory.Forget();
            await _stores.ExecuteAsync("DELETE FROM revocations WHERE seq > 3; UPDATE head SET seq = (SELECT max(seq) FROM revocations)");
            // The numbers that memory knows are given once more, to other rows.
            var row = Records.Row(Selector.Grant($"after-{round}"));
            try
            {
                await _nodes[0].AppendAsync([row]);
                // Else it was noticed first: then the row is in the memory of both.
                foreach (var memory in _memories) memory.Held().ShouldContain(held => held.Selector == row.Selector);
            }
            catch (StoreException)
            {
                // 503.
            }
            await Until.TrueAsync(() => _memories.All(memory => memory.Restarted is not null) && _nodes.All(node => node.Node.IsHeld), "both began anew");
        }
    }

    [Fact]
    public async Task A_commit_right_behind_a_row_that_was_replaced_does_not_hide_that_it_was()
    {
        for (var round = 0; round < 3; round++)
        {
            await _nodes[0].AppendAsync(Records.Row(Selector.Grant($"mine-{round}")));
            foreach (var memory in _memories) memory.Forget();
            // As where a restored log has grown again, and exactly so far: the number is the one that memory knows, the row is another.
            await _stores.ExecuteAsync("UPDATE revocations SET id = gen_random_uuid() WHERE seq = (SELECT seq FROM head)");
            try
            {
                await _nodes[0].AppendAsync(Records.Row(Selector.Grant($"next-{round}")));
            }
            catch (StoreException)
            {
                // 503.
            }
            await Until.TrueAsync(() => _memories[0].Restarted is not null && _nodes[0].Node.IsHeld, "it noticed, and began anew");
        }
    }

    [Fact]
    public async Task Nothing_is_read_or_written_in_the_place_of_a_lost_log_before_the_next_one_has_begun()
    {
        await _nodes[0].AddTokensAsync([Records.Bare("t")]);
        await _nodes[0].AppendAsync(Records.Row(Selector.Grant("a")));
        var began = _memories[0].Began = new TaskCompletionSource();
        try
        {
            await _stores.ExecuteAsync("DELETE FROM revocations; UPDATE head SET seq = 0");
            await Until.TrueAsync(() => _memories[0].IsAsked, "it begins");
            _nodes[0].Node.IsHeld.ShouldBeFalse();
            (await Should.ThrowAsync<StoreException>(async () => await _nodes[0].FindAsync(TokenHash.Of("t"), judge: false, CancellationToken.None))).Message.ShouldContain("restored");
            await Should.ThrowAsync<StoreException>(() => _nodes[0].SetAsync("a", "b"));
        }
        finally
        {
            began.SetResult();
        }
        await Until.TrueAsync(() => _nodes[0].Node.IsHeld, "it has begun");
        (await _nodes[0].FindAsync(TokenHash.Of("t"), judge: false, CancellationToken.None)).Record.ShouldNotBeNull();
    }

    private sealed class Memory : ILogMemory
    {
        private readonly List<RevocationRow> _rows = [];

        internal StoreContents? Restarted { get; private set; }

        internal LogMarks Marks { get; private set; }

        internal TaskCompletionSource? Began { get; set; }

        internal bool IsAsked { get; private set; }

        internal void Take(IReadOnlyList<RevocationRow> rows, IReadOnlyList<Clients.ClientRegistration> registrations, long head)
        {
            lock (_rows) _rows.AddRange(rows);
        }

        internal void Forget() => Restarted = null;

        public void Mark(LogMarks marks) => Marks = marks;

        public IReadOnlyList<RevocationRow> Held()
        {
            IsAsked = true;
            Began?.Task.Wait(TestContext.Current.CancellationToken);
            lock (_rows) return [.. _rows.Select(row => row with { Id = Guid.NewGuid() })];
        }

        public void Restart(StoreContents contents)
        {
            lock (_rows)
            {
                _rows.Clear();
                _rows.AddRange(contents.Rows);
            }
            Restarted = contents;
        }
    }
}
