using System.Collections.Concurrent;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Tests.Races;

/// <summary>The real store behind gates, which does as a mutation says.</summary>
internal sealed class RaceStore(ITokenStore inner, ISubjectStore subjects, RaceGates gates) : ITokenStore, ISubjectStore
{
    private readonly ConcurrentDictionary<TokenHash, RefreshUse?> _remembered = new();
    private long _head;

    internal RaceMutation Mutation { get; set; }

    public Task<StoreContents> LoadAsync(CommitHandler onCommitted, CancellationToken cancellationToken) => inner.LoadAsync(
        (rows, registrations, head) =>
        {
            onCommitted(rows, registrations, head);
            Volatile.Write(ref _head, head);
        },
        cancellationToken);

    public async ValueTask<StoredToken> FindAsync(TokenHash hash, bool judge, CancellationToken cancellationToken)
    {
        if (gates.Exempt.ContainsKey(hash)) return await inner.FindAsync(hash, judge, cancellationToken);
        var found = await ReadAsync("find", () => inner.FindAsync(hash, judge, cancellationToken));
        return Mutation switch
        {
            RaceMutation.RefreshNotJudged when judge => found with { Match = null },
            RaceMutation.ReadAsOfItsReturn => found with { Seq = Math.Max(found.Seq, Volatile.Read(ref _head)) },
            _ => found,
        };
    }

    public ValueTask<RevocationMatch?> JudgeAsync(TokenRecord record, CancellationToken cancellationToken) => ReadAsync("judge", () => inner.JudgeAsync(record, cancellationToken));

    public Task<int> AddTokensAsync(IReadOnlyList<TokenRecord> records, IReadOnlyList<RevocationRow>? ended = null, Guid? epoch = null) =>
        WriteAsync("add tokens", () => inner.AddTokensAsync([.. records.Select(Spoil)], ended, epoch));

    public async Task<RefreshUse?> UseRefreshTokenAsync(RefreshUse use, IReadOnlyList<TokenRecord> records, Guid? epoch = null)
    {
        var before = await WriteAsync("use", async () =>
        {
            TokenRecord[] spoilt = [.. records.Select(Spoil).Select(record => Mutation is RaceMutation.FamilyReplaced ? record with { Grant = "of its own " + use.Successor } : record)];
            var before = await inner.UseRefreshTokenAsync(use, spoilt, epoch);
            if (before is null || Mutation is not RaceMutation.UseForgotten) return before;
            await inner.AddTokensAsync(spoilt);
            return null;
        });
        gates.Saw(before);
        return before;
    }

    public async ValueTask<RefreshUse?> FindRefreshUseAsync(TokenHash hash, CancellationToken cancellationToken)
    {
        var use = await ReadAsync("find use", () => inner.FindRefreshUseAsync(hash, cancellationToken));
        if (Mutation is RaceMutation.UseForgotten) use = null;
        if (Mutation is RaceMutation.UseFromMemory) use = _remembered.GetOrAdd(hash, use);
        gates.Saw(use);
        return use;
    }

    public Task<IReadOnlyList<RevocationRow>> AppendAsync(IReadOnlyList<RevocationRow> rows) => WriteAsync("append", () =>
        Mutation is RaceMutation.ReuseWritesNoRow && rows is [{ Actor: RevocationRow.Server }, ..] ? Task.FromResult(rows) : inner.AppendAsync(rows));

    public Task<RevocationRow?> ChangeAsync(ClientRegistration read, ClientRegistration changed, RevocationRow row) => WriteAsync("change", () => inner.ChangeAsync(read, changed, row));

    public ValueTask<IReadOnlyList<TokenHash>> FindByJtiAsync(string issuer, string jti, CancellationToken cancellationToken) => ReadAsync("find by jti", () => inner.FindByJtiAsync(issuer, jti, cancellationToken));

    public ValueTask<RevocationRow?> FindRowAsync(long seq, CancellationToken cancellationToken) => ReadAsync("find row", () => inner.FindRowAsync(seq, cancellationToken));

    public Task EnforceAsync(long? seq) => inner.EnforceAsync(seq);

    public Task<RevocationRow?> DisableAsync(DisabledSubject subject, RevocationRow row) => WriteAsync("disable", () => subjects.DisableAsync(subject, row));

    public ValueTask<DisabledSubject?> FindDisabledAsync(string issuer, string subject, CancellationToken cancellationToken) => ReadAsync("find disabled", () => subjects.FindDisabledAsync(issuer, subject, cancellationToken));

    public ValueTask<bool> HasTokensAsync(Selector subject, CancellationToken cancellationToken) => ReadAsync("has tokens", () => subjects.HasTokensAsync(subject, cancellationToken));

    // What no request of a world calls, or what decides nothing.
    public Task<bool> EnableAsync(string issuer, string subject) => subjects.EnableAsync(issuer, subject);

    public ValueTask<IReadOnlyList<DisabledSubject>> ListDisabledAsync(Selector? after, int most, CancellationToken cancellationToken) => subjects.ListDisabledAsync(after, most, cancellationToken);

    public Task<long> CountAsync(Selector selector, long? issuedBefore, long now, CancellationToken cancellationToken) => inner.CountAsync(selector, issuedBefore, now, cancellationToken);

    public Task<bool> AddClientAsync(ClientRegistration registration) => inner.AddClientAsync(registration);

    public Task SetAsync(string name, string value) => inner.SetAsync(name, value);

    public Task<string> SetOnceAsync(string name, string value) => inner.SetOnceAsync(name, value);

    public Task RecordAsync(IReadOnlyList<AuditEvent> events) => inner.RecordAsync(events);

    public Task SignAuditAsync(bool hasGrown = true) => inner.SignAuditAsync(hasGrown);

    public Task<int> ForgetAuditAsync(string chain, long through, int most) => inner.ForgetAuditAsync(chain, through, most);

    public ValueTask<IReadOnlyList<RevocationRow>> ReadRowsAsync(long after, int most, CancellationToken cancellationToken) => inner.ReadRowsAsync(after, most, cancellationToken);

    public ValueTask<TokenOwners> FindOwnersAsync(IReadOnlyList<TokenHash> hashes, CancellationToken cancellationToken) => inner.FindOwnersAsync(hashes, cancellationToken);

    public ValueTask<string?> DurabilityAsync() => inner.DurabilityAsync();

    public ValueTask PingAsync(CancellationToken cancellationToken) => inner.PingAsync(cancellationToken);

    public bool CanWrite() => inner.CanWrite();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask; // The real store is the container's.

    private async ValueTask<T> ReadAsync<T>(string name, Func<ValueTask<T>> read)
    {
        await gates.PassAsync("before " + name);
        var result = await read();
        await gates.PassAsync("after " + name);
        return result;
    }

    private async Task<T> WriteAsync<T>(string name, Func<Task<T>> write)
    {
        await gates.PassAsync(name, isWrite: true);
        var result = await write();
        await gates.PassAsync("after " + name);
        return result;
    }

    private TokenRecord Spoil(TokenRecord record) => Mutation switch
    {
        RaceMutation.BornAtTheWrite => record with { Born = Volatile.Read(ref _head) },
        RaceMutation.LineageDropped => record with { Lineage = [] },
        RaceMutation.AncestorsDropped => record with { Ancestors = [] },
        RaceMutation.JudgedByItsOwnIssue => record with { Ancestors = [], Lineage = [.. record.Lineage, .. record.Ancestors.Select(Selector.Token)] },
        _ => record,
    };
}
