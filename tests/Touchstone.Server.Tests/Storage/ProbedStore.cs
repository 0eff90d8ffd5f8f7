using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Storage.Sqlite;

namespace Touchstone.Server.Tests.Storage;

/// <summary>The real store, with places where a test can count, wait or fail.</summary>
internal sealed class ProbedStore(ITokenStore inner) : ITokenStore
{
    private int _finds, _writes;

    internal int Finds => Volatile.Read(ref _finds);

    internal int Writes => Volatile.Read(ref _writes);

    /// <summary>Runs before a read; what it throws is what the read throws.</summary>
    internal Func<Task> BeforeFind { get; set; } = () => Task.CompletedTask;

    /// <summary>Runs when the record was read, before who asked has it.</summary>
    internal Func<Task> AfterFind { get; set; } = () => Task.CompletedTask;

    internal Func<Task> BeforeWrite { get; set; } = () => Task.CompletedTask;

    /// <summary>Stops the next write before it begins: done when it is there, and it goes on when the second is set.</summary>
    internal (Task IsThere, TaskCompletionSource GoOn) HoldNextWrite()
    {
        var (isThere, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        BeforeWrite = async () =>
        {
            BeforeWrite = () => Task.CompletedTask;
            isThere.SetResult();
            await goOn.Task;
        };
        return (isThere.Task, goOn);
    }

    /// <summary>Runs before events are recorded that come with no change.</summary>
    internal Func<Task> BeforeRecord { get; set; } = () => Task.CompletedTask;

    /// <summary>A server with a probed store.</summary>
    internal static async Task<(TestServer Server, ProbedStore Store)> StartAsync(Action<ServerOptions>? options = null, Action<WebApplicationBuilder>? adjust = null)
    {
        var server = await TestServer.StartAsync(options, Install + adjust);
        return (server, (ProbedStore)server.Services.GetRequiredService<ITokenStore>());
    }

    private static void Install(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ITokenStore>(services => new ProbedStore(TestStore.IsPostgres ? services.GetRequiredService<PostgresTokenStore>() : services.GetRequiredService<SqliteTokenStore>()));
    }

    public Task<StoreContents> LoadAsync(CommitHandler onCommitted, CancellationToken cancellationToken) => inner.LoadAsync(onCommitted, cancellationToken);

    public async ValueTask<StoredToken> FindAsync(TokenHash hash, bool judge, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _finds);
        await BeforeFind();
        var found = await inner.FindAsync(hash, judge, cancellationToken);
        await AfterFind();
        return found;
    }

    public ValueTask<RevocationMatch?> JudgeAsync(TokenRecord record, CancellationToken cancellationToken) => inner.JudgeAsync(record, cancellationToken);

    public Task<int> AddTokensAsync(IReadOnlyList<TokenRecord> records, IReadOnlyList<RevocationRow>? ended, Guid? epoch) => WriteAsync(() => inner.AddTokensAsync(records, ended, epoch));

    public Task<RefreshUse?> UseRefreshTokenAsync(RefreshUse use, IReadOnlyList<TokenRecord> records, Guid? epoch) => WriteAsync(() => inner.UseRefreshTokenAsync(use, records, epoch));

    public ValueTask<RefreshUse?> FindRefreshUseAsync(TokenHash hash, CancellationToken cancellationToken) => inner.FindRefreshUseAsync(hash, cancellationToken);

    public Task<IReadOnlyList<RevocationRow>> AppendAsync(IReadOnlyList<RevocationRow> rows) => WriteAsync(() => inner.AppendAsync(rows));

    public ValueTask<IReadOnlyList<TokenHash>> FindByJtiAsync(string issuer, string jti, CancellationToken cancellationToken) => inner.FindByJtiAsync(issuer, jti, cancellationToken);

    public Task<long> CountAsync(Selector selector, long? issuedBefore, long now, CancellationToken cancellationToken) => inner.CountAsync(selector, issuedBefore, now, cancellationToken);

    public Task<bool> AddClientAsync(ClientRegistration registration) => WriteAsync(() => inner.AddClientAsync(registration));

    public Task<RevocationRow?> ChangeAsync(ClientRegistration read, ClientRegistration changed, RevocationRow row) => inner.ChangeAsync(read, changed, row);

    public Task SetAsync(string name, string value) => inner.SetAsync(name, value);

    public Task<string> SetOnceAsync(string name, string value) => inner.SetOnceAsync(name, value);

    public Task EnforceAsync(long? seq) => inner.EnforceAsync(seq);

    public async Task RecordAsync(IReadOnlyList<AuditEvent> events)
    {
        await BeforeRecord();
        await inner.RecordAsync(events);
    }

    public Task SignAuditAsync(bool hasGrown = true) => inner.SignAuditAsync(hasGrown);

    public Task<int> ForgetAuditAsync(string chain, long through, int most) => inner.ForgetAuditAsync(chain, through, most);

    public ValueTask<RevocationRow?> FindRowAsync(long seq, CancellationToken cancellationToken) => inner.FindRowAsync(seq, cancellationToken);

    public ValueTask<IReadOnlyList<RevocationRow>> ReadRowsAsync(long after, int most, CancellationToken cancellationToken) => inner.ReadRowsAsync(after, most, cancellationToken);

    public ValueTask<TokenOwners> FindOwnersAsync(IReadOnlyList<TokenHash> hashes, CancellationToken cancellationToken) => inner.FindOwnersAsync(hashes, cancellationToken);

    public ValueTask<string?> DurabilityAsync() => inner.DurabilityAsync();

    public ValueTask PingAsync(CancellationToken cancellationToken) => inner.PingAsync(cancellationToken);

    public bool CanWrite() => inner.CanWrite();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask; // The real store is the container's.

    private async Task<T> WriteAsync<T>(Func<Task<T>> write)
    {
        Interlocked.Increment(ref _writes);
        await BeforeWrite();
        return await write();
    }
}
