using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Revocation;
using Touchstone.Server.Storage;
using Touchstone.Server.Tests.Storage;

namespace Touchstone.Server.Tests.Rfc8693;

/// <summary>Whatever ends a token ends what was made from it, whenever that comes: before the exchange, while it is under way, or after it (design.md §3, 2).</summary>
public sealed class ExchangeEndTests : IAsyncLifetime
{
    // All as the last: it ends the administrator's token too.
    private static readonly SelectorKind[] Kinds = [.. Enum.GetValues<SelectorKind>().Except([SelectorKind.Registration, SelectorKind.All]), SelectorKind.All];

    private static readonly bool[] Both = [false, true];

    private TestServer _server = null!;
    private ProbedStore _store = null!;
    private TestClient _stock = null!;

    /// <summary>Whose token ends, of whose issuer both are, and whether memory or the store judges.</summary>
    public static TheoryData<bool, bool, bool> Cases => new(from isOfActor in Both from isForeign in Both from isFloorRaised in Both select (isOfActor, isForeign, isFloorRaised));

    public async ValueTask InitializeAsync()
    {
        (_server, _store) = await ProbedStore.StartAsync(options => options.Unlimit());
        _stock = await _server.Admin.AddClientAsync(new { client_id = "rs-stock", kind = "resource-server", audience = new[] { Exchanges.StockApi } });
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Theory, MemberData(nameof(Cases))]
    public async Task X05_X10_L12_A_row_before_the_exchange_refuses_it(bool isOfActor, bool isForeign, bool isFloorRaised)
    {
        foreach (var pair in await PairsAsync(isForeign))
        {
            await EndAsync(pair, isOfActor);
            if (isFloorRaised) await RaiseFloorAsync();
            (await ExchangeAsync(pair)).ShouldBeError(400, "invalid_request", "The subject token or the actor token is not acceptable.");
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task X05_X10_L12_A_row_between_judging_and_writing_ends_the_new_token(bool isOfActor, bool isForeign, bool isFloorRaised)
    {
        foreach (var pair in await PairsAsync(isForeign))
        {
            var (isThere, goOn) = _store.HoldNextWrite();
            var exchanging = ExchangeAsync(pair);
            await isThere;
            await EndAsync(pair, isOfActor);
            goOn.SetResult();
            var token = Exchanges.Token(await exchanging);
            if (isFloorRaised) await RaiseFloorAsync();
            (await _server.OAuth.IntrospectAsync(token, _stock)).ShouldBeInactive();
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task X05_X10_L12_A_row_while_the_tokens_are_looked_for_is_seen_or_ends_the_new_token(bool isOfActor, bool isForeign, bool isFloorRaised)
    {
        foreach (var pair in await PairsAsync(isForeign))
        {
            // When the last of the two was read, and before it is judged.
            var reads = 0;
            _store.AfterFind = async () =>
            {
                if (++reads < 2) return;
                _store.AfterFind = () => Task.CompletedTask;
                await EndAsync(pair, isOfActor);
                if (isFloorRaised) await RaiseFloorAsync();
            };
            var answer = await ExchangeAsync(pair);
            reads.ShouldBeGreaterThanOrEqualTo(2);
            if (answer.Status == 200) (await _server.OAuth.IntrospectAsync(Exchanges.Token(answer), _stock)).ShouldBeInactive();
            else answer.ShouldBeError(400, "invalid_request");
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task X05_X10_L12_A_row_after_the_exchange_ends_the_new_token(bool isOfActor, bool isForeign, bool isFloorRaised)
    {
        foreach (var pair in await PairsAsync(isForeign))
        {
            var token = Exchanges.Token(await ExchangeAsync(pair));
            (await _server.OAuth.IntrospectAsync(token, _stock)).ShouldBeActive(); // It is in memory now.
            await EndAsync(pair, isOfActor);
            if (isFloorRaised) await RaiseFloorAsync();
            (await _server.OAuth.IntrospectAsync(token, _stock)).ShouldBeInactive();
        }
    }

    [Fact]
    public async Task X05_A_row_that_is_narrowed_to_earlier_issues_ends_what_was_made_from_them()
    {
        var pair = (await PairsAsync(isForeign: false))[0];
        _server.Time.Advance(TimeSpan.FromSeconds(100));
        var token = Exchanges.Token(await ExchangeAsync(pair));
        (await _server.OAuth.IntrospectAsync(token, _stock)).ShouldBeActive();
        await Log.RevokeAsync([new RevocationLog.Asked(Selector.Subject(pair.Subject.Issuer, pair.Subject.Subject!), Log.ForgetAfterEverything(), IssuedBefore: pair.Subject.IssuedAt + 1)], "test");
        (await _server.OAuth.IntrospectAsync(token, _stock)).ShouldBeInactive();
        await RaiseFloorAsync();
        (await _server.OAuth.IntrospectAsync(token, _stock)).ShouldBeInactive();
    }

    [Fact]
    public async Task X05_L12_Within_its_tenant_a_subject_of_another_issuer_is_ended_alone()
    {
        var app = await Exchanges.AddAppAsync(_server.Admin, "app-of-tenant", Exchanges.Policy(targets: [Exchanges.StockApi, Acme.OrdersApi], issuers: [Exchanges.Foreign, TestServer.DefaultIssuer]), tenant: "t-1");
        await _server.Admin.IssueAsync(new { token = "of no tenant", iss = Exchanges.Foreign, client_id = "x", sub = "alice", scope = "stock:read", aud = Acme.OrdersApi, expires_in = 600 });
        var first = Exchanges.Token(await Exchanges.ExchangeAsync(_server.OAuth, app, "of no tenant", ("resource", Acme.OrdersApi), ("resource", Exchanges.StockApi)));
        var second = Exchanges.Token(await Exchanges.ExchangeAsync(_server.OAuth, app, first, ("resource", Exchanges.StockApi)));
        await EndAsync("t-2");
        foreach (var token in (string[])[first, second]) (await _server.OAuth.IntrospectAsync(token, _stock)).ShouldBeActive();
        await EndAsync("t-1");
        foreach (var token in (string[])[first, second]) (await _server.OAuth.IntrospectAsync(token, _stock)).ShouldBeInactive();

        Task EndAsync(string tenant) => Log.RevokeAsync([new RevocationLog.Asked(Selector.Member(tenant, Exchanges.Foreign, "alice"), Log.ForgetAfterEverything())], "test");
    }

    [Fact]
    public async Task X05_The_row_of_a_token_is_kept_as_long_as_what_was_made_from_it()
    {
        var pair = (await PairsAsync(isForeign: true))[0];
        var made = (await _store.FindAsync(TokenHash.Of(Exchanges.Token(await ExchangeAsync(pair))), judge: false, CancellationToken.None)).Record!;
        foreach (var selector in Selector.Of(pair.Subject).Concat(Selector.Of(pair.Actor)))
        {
            // A row is kept as long as its token at the least, and the new token lives no longer than those.
            var outcome = (await Log.RevokeAsync([new RevocationLog.Asked(selector, Log.ForgetAfter(selector.Kind is SelectorKind.Token or SelectorKind.Jwt ? pair.Subject : null))], "test"))[0];
            (await _store.FindRowAsync(outcome.Seq, CancellationToken.None))!.ForgetAfter.ShouldBeGreaterThanOrEqualTo(made.ExpiresAt + RevocationLog.ForgetMargin, selector.ToString());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_store_that_fails_is_503_and_no_refusal(int call)
    {
        var pair = (await PairsAsync(isForeign: false))[0];
        var calls = 0;
        Task FailAsync() => ++calls == call ? throw new StoreException("the store is gone") : Task.CompletedTask;
        (_store.BeforeFind, _store.BeforeWrite) = (FailAsync, FailAsync); // Subject, actor, the new token.
        (await ExchangeAsync(pair)).ShouldBeError(503, "temporarily_unavailable");
        (_store.BeforeFind, _store.BeforeWrite) = (() => Task.CompletedTask, () => Task.CompletedTask);
        (await ExchangeAsync(pair)).Status.ShouldBe(200);
    }

    private RevocationLog Log => _server.Services.GetRequiredService<RevocationLog>();

    private Task<Answer> ExchangeAsync(Pair pair) => Exchanges.ExchangeAsync(_server.OAuth, pair.App, pair.SubjectToken, ("actor_token", pair.ActorToken), ("actor_token_type", Exchanges.AccessToken));

    // Names of the records in a row, each of its kind's own: one row ends one pair.
    private async Task<Pair[]> PairsAsync(bool isForeign)
    {
        var issuer = isForeign ? Exchanges.Foreign : TestServer.DefaultIssuer;
        var pairs = new List<Pair>();
        foreach (var kind in Kinds)
        {
            var app = await Exchanges.AddAppAsync(_server.Admin, $"app-{kind}", Exchanges.Policy(issuers: [issuer]));
            var shop = (await _server.Admin.AddClientAsync(new { client_id = $"shop-{kind}", kind = "client" })).Id;
            var subject = await IssueAsync("subject", shop);
            var actor = await IssueAsync("actor", app.Id);
            pairs.Add(new Pair(kind, app, subject, actor, await FindAsync(subject), await FindAsync(actor)));

            Task<string> IssueAsync(string of, string client) => _server.Admin.IssueAsync(new
            {
                token = isForeign ? $"foreign-{of}-{kind}" : null, iss = issuer, client_id = client, sub = $"{of}-{kind}", scope = "stock:read", aud = Acme.OrdersApi, grant = $"g-{of}-{kind}", session = $"s-{of}-{kind}",
                tenant = $"t-{kind}", jti = $"j-{of}-{kind}", expires_in = 600,
            });
        }
        return [.. pairs];
    }

    private async Task<TokenRecord> FindAsync(string token) => (await _store.FindAsync(TokenHash.Of(token), judge: false, CancellationToken.None)).Record!;

    private Task EndAsync(Pair pair, bool isOfActor)
    {
        var record = isOfActor ? pair.Actor : pair.Subject;
        return Log.RevokeAsync([new RevocationLog.Asked(Selector.Of(record).Single(selector => selector.Kind == pair.Kind), Log.ForgetAfterEverything())], "test");
    }

    // Makes memory too small for one more row, and then writes one: from then on the store judges.
    private async Task RaiseFloorAsync()
    {
        var most = Log.MaxRows;
        Log.MaxRows = 0;
        await Log.RevokeAsync([new RevocationLog.Asked(Selector.Grant("some grant that nobody has " + Guid.NewGuid()), Log.ForgetAfterEverything())], "test");
        Log.MaxRows = most;
        Log.Index.Floor.ShouldBeGreaterThan(0);
    }

    private sealed record Pair(SelectorKind Kind, TestClient App, string SubjectToken, string ActorToken, TokenRecord Subject, TokenRecord Actor);
}
