using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Audit;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Storage;

/// <summary>
/// The durable truth. What a method acknowledged is there after a crash; every failure is a <see cref="StoreException"/> and nothing else.
/// Records never change and rows are only added; what is over leaves (<see cref="ICleanedStore"/>).
/// Whatever brings rows to the log is done when no node can decide without them any more.
/// </summary>
internal interface ITokenStore : IAsyncDisposable
{
    /// <summary>Everything that memory starts from. Called once, before anything else.</summary>
    Task<StoreContents> LoadAsync(CommitHandler onCommitted, CancellationToken cancellationToken);

    /// <summary>The record of a hash, or null; with all its rows judged in the same snapshot where <paramref name="judge"/> asks for it.</summary>
    ValueTask<StoredToken> FindAsync(TokenHash hash, bool judge, CancellationToken cancellationToken);

    /// <summary>The row that ends a record, whether or not it is stored, judged against all rows.</summary>
    ValueTask<RevocationMatch?> JudgeAsync(TokenRecord record, CancellationToken cancellationToken);

    /// <summary>Adds all records or none, with rows that end some of them; says which of them stood there already, or -1.</summary>
    /// <param name="records">The records.</param>
    /// <param name="ended">Rows that end some of them.</param>
    /// <param name="epoch">The life of the log that their births are of: in another one nothing is added, for its rows have other numbers. Null where that can't be.</param>
    Task<int> AddTokensAsync(IReadOnlyList<TokenRecord> records, IReadOnlyList<RevocationRow>? ended = null, Guid? epoch = null);

    /// <summary>Notes the use of a refresh token and adds the records that come of it, in one commit. The use that was there before, and then nothing is written; null where there was none: of any number at once, over all nodes, exactly one is told that.</summary>
    Task<RefreshUse?> UseRefreshTokenAsync(RefreshUse use, IReadOnlyList<TokenRecord> records, Guid? epoch = null);

    /// <summary>The use of a refresh token, or null. Asked of the primary.</summary>
    ValueTask<RefreshUse?> FindRefreshUseAsync(TokenHash hash, CancellationToken cancellationToken);

    /// <summary>Appends rows, which get the next numbers, in one commit.</summary>
    Task<IReadOnlyList<RevocationRow>> AppendAsync(IReadOnlyList<RevocationRow> rows);

    /// <summary>Changes a registration that was read, and appends the row that tells of it, in one commit. Null, and nothing is written, where it is no longer what is stored: somebody else changed it, here or at another node.</summary>
    Task<RevocationRow?> ChangeAsync(ClientRegistration read, ClientRegistration changed, RevocationRow row);

    /// <summary>The hashes of the tokens that an issuer gave this identifier: mostly one.</summary>
    ValueTask<IReadOnlyList<TokenHash>> FindByJtiAsync(string issuer, string jti, CancellationToken cancellationToken);

    /// <summary>How many unexpired tokens a row would end if it were appended now. Reads the whole table for what has no index: for a look before a revocation, not for each request.</summary>
    Task<long> CountAsync(Selector selector, long? issuedBefore, long now, CancellationToken cancellationToken);

    /// <summary>Adds a client; false when its identifier is taken.</summary>
    Task<bool> AddClientAsync(ClientRegistration registration);

    /// <summary>Keeps a setting of the installation.</summary>
    Task SetAsync(string name, string value);

    /// <summary>Keeps a setting unless there is one of this name already; gives the one that is kept. For what nodes that start together must agree on.</summary>
    Task<string> SetOnceAsync(string name, string value);

    /// <summary>Done when a row that was there already binds every node; null for all that there are now.</summary>
    Task EnforceAsync(long? seq);

    /// <summary>Records events that come with no change; changes are recorded with themselves, in their transaction.</summary>
    Task RecordAsync(IReadOnlyList<AuditEvent> events);

    /// <summary>Adds a checkpoint to the chain of changes, which names the newest records of the other chains in the store. Where this chain has not grown, it is added only if others have.</summary>
    Task SignAuditAsync(bool hasGrown = true);

    /// <summary>Deletes the oldest records of a chain of changes up to a number; gives how many.</summary>
    Task<int> ForgetAuditAsync(string chain, long through, int most);

    /// <summary>The row of that number, or null.</summary>
    ValueTask<RevocationRow?> FindRowAsync(long seq, CancellationToken cancellationToken);

    /// <summary>Up to <paramref name="most"/> rows behind a number, in their order.</summary>
    ValueTask<IReadOnlyList<RevocationRow>> ReadRowsAsync(long after, int most, CancellationToken cancellationToken);

    /// <summary>Whose the tokens of these hashes are, of those that are known.</summary>
    ValueTask<TokenOwners> FindOwnersAsync(IReadOnlyList<TokenHash> hashes, CancellationToken cancellationToken);

    /// <summary>Throws when the store can't be read.</summary>
    ValueTask PingAsync(CancellationToken cancellationToken);

    /// <summary>What is missing so that no machine's loss can lose what was acknowledged, in some words; null when nothing is. Looked at every ten seconds at most.</summary>
    ValueTask<string?> DurabilityAsync();

    /// <summary>Whether the last write reached the disk. After one that did not, asking begins another try, so that the next asking knows.</summary>
    bool CanWrite();
}

/// <summary>Told of each commit, in commit order, before the writer is told: rows with their numbers, registrations, and the head after it.</summary>
internal delegate void CommitHandler(IReadOnlyList<RevocationRow> rows, IReadOnlyList<ClientRegistration> registrations, long head);

/// <summary>A record, and the row that ends it when that was asked.</summary>
internal readonly record struct StoredToken(TokenRecord? Record, RevocationMatch? Match, long Seq);

/// <summary>What says who may see a token, and by what a JWT is known.</summary>
internal sealed record TokenOwner(TokenKind Kind, string ClientId, IReadOnlyList<string> Audience, string Issuer, string? Jti);

/// <summary>Whose tokens are, of those that are known, and whether any token at all descends from another.</summary>
internal sealed record TokenOwners(IReadOnlyDictionary<TokenHash, TokenOwner> Known, bool HasDescendants);

/// <summary>What memory starts from.</summary>
internal sealed record StoreContents(Guid Epoch, long Seq, IReadOnlyList<RevocationRow> Rows, IReadOnlyList<ClientRegistration> Clients, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>What of the log is forgotten, and how long its rows have to last.</summary>
    public LogMarks Marks { get; init; }

    /// <summary>When the last of the stored tokens expires: later than any that is issued now, when the setting was larger once.</summary>
    public long LastExpiry { get; init; }
}

/// <summary>The store can't be asked or told: 503, never an answer about a token.</summary>
internal sealed class StoreException(string message, Exception? inner = null) : Exception(message, inner);
