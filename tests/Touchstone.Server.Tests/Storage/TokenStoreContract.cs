using System.Collections.Concurrent;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Storage;

/// <summary>What every <see cref="ITokenStore"/> promises. A store's own test class says how to open it.</summary>
public abstract class TokenStoreContract : IAsyncLifetime
{
    private protected ITokenStore Store { get; private set; } = null!;

    private protected StoreContents Contents { get; private set; } = null!;

    /// <summary>What the store told memory, commit by commit.</summary>
    private protected ConcurrentQueue<(IReadOnlyList<RevocationRow> Rows, IReadOnlyList<ClientRegistration> Clients, long Head)> Commits { get; } = new();

    /// <summary>Opens the store of this test: the first time an empty one, later the same.</summary>
    private protected abstract ITokenStore Open();

    public virtual async ValueTask InitializeAsync() => await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        await OpenAsync();
    }

    private async Task OpenAsync()
    {
        Store = Open();
        Contents = await Store.LoadAsync((rows, clients, head) => Commits.Enqueue(([.. rows], [.. clients], head)), CancellationToken.None);
    }

    private protected async Task<StoredToken> FindAsync(string token, bool judge = false) => await Store.FindAsync(TokenHash.Of(token), judge, CancellationToken.None);

    [Fact]
    public async Task A_new_store_is_empty_and_keeps_its_epoch()
    {
        Contents.Seq.ShouldBe(0);
        Contents.Rows.ShouldBeEmpty();
        Contents.Clients.ShouldBeEmpty();
        Contents.Settings.ShouldBeEmpty();
        var epoch = Contents.Epoch;
        epoch.ShouldNotBe(Guid.Empty);
        await ReopenAsync();
        Contents.Epoch.ShouldBe(epoch);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task I45_Every_member_of_a_record_comes_back_as_it_was(bool isReopened)
    {
        TokenRecord[] records = [Records.Full("full"), Records.Bare("bare"), Records.Full("other") with { NotBefore = null, Ancestors = [], Audience = ["one"], Claims = default }];
        (await Store.AddTokensAsync(records)).ShouldBe(-1);
        if (isReopened) await ReopenAsync();
        foreach (var record in records)
        {
            var found = await Store.FindAsync(record.Hash, judge: false, CancellationToken.None);
            Records.Describe(found.Record.ShouldNotBeNull()).ShouldBe(Records.Describe(record));
            found.Match.ShouldBeNull();
        }
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        (await FindAsync("nothing")).Record.ShouldBeNull();
        (await FindAsync("nothing", judge: true)).Record.ShouldBeNull();
        (await Store.FindRowAsync(1, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Adding_is_all_or_nothing_and_says_which_one_was_there()
    {
        (await Store.AddTokensAsync([Records.Bare("there")])).ShouldBe(-1);
        (await Store.AddTokensAsync([Records.Bare("there")])).ShouldBe(0);
        (await Store.AddTokensAsync([Records.Bare("a"), Records.Bare("b"), Records.Bare("there"), Records.Bare("c")])).ShouldBe(2);
        (await Store.AddTokensAsync([Records.Bare("d"), Records.Bare("e"), Records.Bare("d")])).ShouldBe(2);
        foreach (var token in (string[])["a", "b", "c", "d", "e"]) (await FindAsync(token)).Record.ShouldBeNull(token);
        (await Store.AddTokensAsync([Records.Bare("a"), Records.Bare("d")])).ShouldBe(-1);
    }

    [Fact]
    public async Task A_record_that_is_there_is_never_changed()
    {
        await Store.AddTokensAsync([Records.Bare("fixed")]);
        await Store.AddTokensAsync([Records.Full("fixed")]);
        Records.Describe((await FindAsync("fixed")).Record!).ShouldBe(Records.Describe(Records.Bare("fixed")));
    }

    [Fact]
    public async Task Every_member_of_a_row_comes_back_as_it_was()
    {
        Selector[] selectors =
        [
            Selector.Token(TokenHash.Of("t")), Selector.Grant("g"), Selector.Session(Records.Issuer, "s"), Selector.Subject("1:x", "ü🙂"), Selector.Client("c"), Selector.Tenant("t"), Selector.All, Selector.Registration("c"),
        ];
        var written = new List<RevocationRow>();
        foreach (var selector in selectors) written.Add(await Store.AppendAsync(Records.Row(selector, issuedBefore: selector == Selector.All ? 5 : null) with { Reason = selector == Selector.All ? "why \"ü\"" : null }));
        written.Select(row => row.Seq).ShouldBe(Enumerable.Range(1, selectors.Length).Select(i => (long)i));

        foreach (var row in written) (await Store.FindRowAsync(row.Seq, CancellationToken.None)).ShouldBe(row);
        await ReopenAsync();
        Contents.Rows.ShouldBe(written);
        Contents.Seq.ShouldBe(selectors.Length);
    }

    [Fact]
    public async Task Rows_are_read_behind_a_number_in_their_order()
    {
        var written = new List<RevocationRow>();
        for (var i = 0; i < 5; i++) written.Add(await Store.AppendAsync(Records.Row(Selector.Grant($"g-{i}"))));
        (await Store.ReadRowsAsync(0, 10, CancellationToken.None)).ShouldBe(written);
        (await Store.ReadRowsAsync(2, 2, CancellationToken.None)).ShouldBe(written[2..4]);
        (await Store.ReadRowsAsync(5, 10, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Whose_tokens_are_is_told_of_those_that_are_known()
    {
        await Store.AddTokensAsync([Records.Bare("bare"), Records.Full("full") with { Ancestors = [] }]);
        var owners = await Store.FindOwnersAsync([TokenHash.Of("bare"), TokenHash.Of("unknown"), TokenHash.Of("full")], CancellationToken.None);
        owners.Known.Keys.ShouldBe([TokenHash.Of("bare"), TokenHash.Of("full")], ignoreOrder: true);
        var full = Records.Full("full");
        owners.Known[full.Hash].ShouldSatisfyAllConditions(owner => owner.Kind.ShouldBe(full.Kind), owner => owner.ClientId.ShouldBe(full.ClientId), owner => owner.Audience.ShouldBe(full.Audience));
        owners.HasDescendants.ShouldBeFalse();
        await Store.AddTokensAsync([Records.Full("descendant")]);
        (await Store.FindOwnersAsync([], CancellationToken.None)).HasDescendants.ShouldBeTrue();
    }

    [Fact]
    public async Task Memory_is_told_of_each_commit_in_order_before_the_writer_is()
    {
        for (var i = 1; i <= 5; i++)
        {
            var row = await Store.AppendAsync(Records.Row(Selector.Grant($"g-{i}")));
            Commits.Last().Head.ShouldBe(i);
            Commits.Last().Rows.ShouldBe([row]);
        }
        Commits.Select(commit => commit.Head).ShouldBe([1, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task Rows_of_many_writers_are_numbered_without_gap_and_told_in_order()
    {
        const int Writers = 32, Each = 10;
        var rows = await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var mine = new List<RevocationRow>();
            for (var i = 0; i < Each; i++)
            {
                mine.Add(await Store.AppendAsync(Records.Row(Selector.Grant($"{writer}-{i}"))));
                Commits.SelectMany(commit => commit.Rows).ShouldContain(mine[^1]);
            }
            return mine;
        })));
        var all = Enumerable.Range(1, Writers * Each).Select(i => (long)i).ToArray();
        rows.SelectMany(mine => mine).Select(row => row.Seq).Order().ShouldBe(all);
        Commits.SelectMany(commit => commit.Rows).Select(row => row.Seq).ShouldBe(all);
        foreach (var commit in Commits) commit.Head.ShouldBe(commit.Rows[^1].Seq);
        foreach (var mine in rows) mine.Select(row => row.Seq).ShouldBeInOrder();
        await ReopenAsync();
        Contents.Rows.Select(row => row.Seq).ShouldBe(all);
    }

    [Fact]
    public async Task A_row_and_the_registration_that_it_tells_of_are_one_commit()
    {
        var client = Records.Client("c-1");
        (await Store.AddClientAsync(client)).ShouldBeTrue();
        Commits.Last().Rows.ShouldHaveSingleItem().Selector.ShouldBe(Selector.Registration("c-1"));
        Commits.Last().Clients.ShouldBe([client]);

        var changed = client with { Enabled = false, Secrets = [] };
        var row = (await Store.ChangeAsync(client, changed, Records.Row(Selector.Client("c-1")))).ShouldNotBeNull();
        Commits.Last().ShouldBe(([row], [changed], row.Seq), CommitComparer.Instance);
        await ReopenAsync();
        Contents.Rows[^1].ShouldBe(row);
        Text(Contents.Clients.ShouldHaveSingleItem()).ShouldBe(Text(changed));
    }

    [Fact]
    public async Task A_change_of_what_was_read_is_refused_when_somebody_else_was_first()
    {
        var read = Records.Client("c-1");
        await Store.AddClientAsync(read);
        var disabled = read with { Enabled = false };
        (await Store.ChangeAsync(read, disabled, Records.Row(Selector.Client("c-1")))).ShouldNotBeNull().Seq.ShouldBe(2);
        (await Store.ChangeAsync(read, read with { Secrets = [] }, Records.Row(Selector.Registration("c-1")))).ShouldBeNull();
        (await Store.ChangeAsync(Records.Client("nobody"), Records.Client("nobody"), Records.Row(Selector.Registration("nobody")))).ShouldBeNull();
        Commits.Count.ShouldBe(2);
        (await Store.ChangeAsync(disabled, disabled with { Secrets = [] }, Records.Row(Selector.Registration("c-1")))).ShouldNotBeNull().Seq.ShouldBe(3);
        await ReopenAsync();
        Contents.Seq.ShouldBe(3);
        Text(Contents.Clients.ShouldHaveSingleItem()).ShouldBe(Text(disabled with { Secrets = [] }));
    }

    [Fact]
    public async Task Of_many_changes_at_once_each_is_made_on_what_the_others_left()
    {
        await Store.AddClientAsync(Records.Client("c-1") with { Audience = [] });
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            while (true)
            {
                var read = Commits.SelectMany(commit => commit.Clients).Last();
                if (await Store.ChangeAsync(read, read with { Audience = [.. read.Audience, $"{i}"] }, Records.Row(Selector.Registration("c-1"))) is not null) return;
            }
        })));
        Commits.SelectMany(commit => commit.Clients).Last().Audience.Order().ShouldBe(Enumerable.Range(0, 16).Select(i => $"{i}").Order());
    }

    [Fact]
    public async Task A_setting_that_is_there_already_is_kept()
    {
        var kept = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Store.SetOnceAsync("key", $"{i}")));
        kept.Distinct().ShouldHaveSingleItem();
        (await Store.SetOnceAsync("key", "other")).ShouldBe(kept[0]);
    }

    [Fact]
    public async Task Every_member_of_a_registration_comes_back_as_it_was()
    {
        var full = Records.Client("c-full");
        var bare = new ClientRegistration { ClientId = "c-bare", Kind = ClientRegistration.ResourceServerKind, Public = true, Enabled = false };
        await Store.AddClientAsync(full);
        await Store.AddClientAsync(bare);
        await ReopenAsync();
        Contents.Clients.Select(Text).Order().ShouldBe(new[] { Text(full), Text(bare) }.Order());
    }

    [Fact]
    public async Task A_client_is_added_once()
    {
        (await Store.AddClientAsync(Records.Client("once"))).ShouldBeTrue();
        (await Store.AddClientAsync(Records.Client("once") with { Tenant = "another" })).ShouldBeFalse();
        Commits.Count.ShouldBe(1);
        await ReopenAsync();
        Contents.Clients.ShouldHaveSingleItem().Tenant.ShouldBe("t-1");
    }

    [Fact]
    public async Task Settings_are_kept_and_replaced()
    {
        await Store.SetAsync("issuer", "https://a.test");
        await Store.SetAsync("issuer", "https://b.test/ü");
        await Store.SetAsync("other", "");
        await ReopenAsync();
        Contents.Settings.OrderBy(setting => setting.Key).ShouldBe([new("issuer", "https://b.test/ü"), new("other", "")]);
    }

    [Fact]
    public async Task Reads_go_on_beside_writes()
    {
        await Store.AddTokensAsync([Records.Bare("read")]);
        var writing = Task.WhenAll(Enumerable.Range(0, 200).Select(i => Store.AddTokensAsync([Records.Bare($"write-{i}")])));
        var reading = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 100; i++) (await FindAsync("read", judge: i % 2 == 0)).Record.ShouldNotBeNull();
        })));
        await writing;
        await reading;
        for (var i = 0; i < 200; i++) (await FindAsync($"write-{i}")).Record.ShouldNotBeNull();
    }

    [Fact]
    public async Task Ping_is_quiet_while_all_is_well() => await Store.PingAsync(CancellationToken.None);

    private static string Text(ClientRegistration client) => System.Text.Json.JsonSerializer.Serialize(client, ClientRegistrationJson.Default.ClientRegistration);

    private sealed class CommitComparer : IEqualityComparer<(IReadOnlyList<RevocationRow> Rows, IReadOnlyList<ClientRegistration> Clients, long Head)>
    {
        internal static readonly CommitComparer Instance = new();

        public bool Equals((IReadOnlyList<RevocationRow> Rows, IReadOnlyList<ClientRegistration> Clients, long Head) x, (IReadOnlyList<RevocationRow> Rows, IReadOnlyList<ClientRegistration> Clients, long Head) y) =>
            x.Head == y.Head && x.Rows.SequenceEqual(y.Rows) && x.Clients.SequenceEqual(y.Clients);

        public int GetHashCode((IReadOnlyList<RevocationRow> Rows, IReadOnlyList<ClientRegistration> Clients, long Head) commit) => (int)commit.Head;
    }
}
