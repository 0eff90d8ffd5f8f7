using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;

namespace Touchstone.Server.Revocation;

/// <summary>
/// The revocation log of this process: appends go to the store, and come back into memory in commit order before the append is acknowledged.
/// So an introspection that begins after the acknowledgement sees the row.
/// </summary>
internal sealed class RevocationLog(ITokenStore store, ServerOptions options, ServerMetrics metrics, TimeProvider time)
{
    // A row outlives every token it could end by this margin.
    private const long ForgetMargin = 3600;

    private RevocationIndex _index = new(0);

    /// <summary>The most selectors kept in memory: 2 million (some 400 MB). Above it memory starts afresh from the head: correct at any size, only slower for what is older.</summary>
    internal int MaxRows { get; set; } = 2_000_000;

    /// <summary>The rows in memory. Take it once per request and use it throughout: a raised floor makes a new one.</summary>
    internal RevocationIndex Index => Volatile.Read(ref _index);

    /// <summary>The state that a decision taken now would be judged against; take it before judging.</summary>
    internal long Seq => Index.Seq;

    /// <summary>Called by the store after each commit, in commit order, before anybody is told of it.</summary>
    internal void Publish(IReadOnlyList<RevocationRow> rows, long head)
    {
        Index.Add(rows, head);
        if (Index.Count > MaxRows) RaiseFloor(head);
    }

    /// <summary>Ends one token, or its whole grant when it is a refresh token of one (RFC 7009 §2.1). Ending it twice is one row.</summary>
    internal Task<RevocationOutcome> RevokeAsync(TokenRecord record, string actor, string? reason)
    {
        var selector = record is { Kind: TokenKind.RefreshToken, Grant: { } grant } ? Selector.Grant(grant) : Selector.Token(record.Hash);
        // A grant's other tokens may outlive this one.
        var forgetAfter = selector.Kind is SelectorKind.Token ? record.ExpiresAt + ForgetMargin : ForgetAfterEverything();
        return AppendAsync(selector, forgetAfter, actor, reason, changed: null);
    }

    /// <summary>Ends a token of which there is no record, so that a later registration is dead.</summary>
    internal Task<RevocationOutcome> RevokeUnknownAsync(TokenHash hash, string actor, string? reason) =>
        AppendAsync(Selector.Token(hash), ForgetAfterEverything(), actor, reason, changed: null);

    /// <summary>Writes a client's new registration and the row that tells of it, in one commit.</summary>
    internal Task<RevocationOutcome> ChangeAsync(Clients.ClientRegistration changed, Selector selector, string actor) =>
        AppendAsync(selector, ForgetAfterEverything(), actor, reason: null, changed);

    private async Task<RevocationOutcome> AppendAsync(Selector selector, long forgetAfter, string actor, string? reason, Clients.ClientRegistration? changed)
    {
        if (selector.EndsForEver && Index.Find(selector) is { } existing) return new RevocationOutcome(existing.Seq, IsNew: false);
        var row = new RevocationRow
        {
            Seq = 0, // The store gives the number, in commit order.
            Id = Guid.NewGuid(),
            At = time.GetUtcNow().ToUnixTimeSeconds(),
            Selector = selector,
            ForgetAfter = forgetAfter,
            Actor = actor,
            Reason = reason,
        };
        var written = await store.AppendAsync(row, changed);
        metrics.Revoked(selector.Kind);
        return new RevocationOutcome(written.Seq, IsNew: true, written.Id);
    }

    private long ForgetAfterEverything() => time.GetUtcNow().ToUnixTimeSeconds() + (long)options.MaxTokenLifetime.TotalSeconds + ForgetMargin;

    // Raising the floor is always safe: whatever was last checked below it is judged in the store again.
    private void RaiseFloor(long head)
    {
        var raised = new RevocationIndex(head);
        Volatile.Write(ref _index, raised);
        metrics.FloorRaised(head);
    }
}

/// <summary>The row that ends a token, and whether it was there already.</summary>
internal readonly record struct RevocationOutcome(long Seq, bool IsNew, Guid Id = default);
