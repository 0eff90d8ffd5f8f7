using System.Globalization;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;
using Touchstone.Server.Storage;
using Touchstone.Server.Telemetry;
using Touchstone.Server.TokenIssue.Refresh;

namespace Touchstone.Server.Revocation;

/// <summary>
/// The revocation log of this process: appends go to the store, and come back into memory in commit order before the append is acknowledged.
/// So an introspection that begins after the acknowledgement sees the row.
/// </summary>
internal sealed class RevocationLog(ITokenStore store, ServerOptions options, ServerMetrics metrics, TimeProvider time)
{
    /// <summary>A row outlives every token it could end by this margin, in seconds.</summary>
    internal const long ForgetMargin = 3600;

    private RevocationIndex _index = new(0);
    private long _forgotten, _forgottenTokens, _longestLifetime;

    /// <summary>The most selectors kept in memory: 2 million (some 400 MB). Above it memory starts afresh from the head: correct at any size, only slower for what is older.</summary>
    internal int MaxRows { get; set; } = 2_000_000;

    /// <summary>The rows in memory. Take it once per request and use it throughout: a raised floor makes a new one.</summary>
    internal RevocationIndex Index => Volatile.Read(ref _index);

    /// <summary>The state that a decision taken now would be judged against; take it before judging.</summary>
    internal long Seq => Index.Seq;

    /// <summary>The state of the log as text: its epoch and the number of the newest row.</summary>
    internal string Cursor => CursorOf(Epoch, Seq);

    /// <summary>The same for a state that was taken before: the epoch first.</summary>
    internal static string CursorOf(Guid epoch, long seq) => string.Create(CultureInfo.InvariantCulture, $"{epoch:N}.{seq}");

    /// <summary>The log's life: another one begins when a database is restored, and cursors of the old one say nothing any more.</summary>
    internal Guid Epoch { get; set; }

    /// <summary>When the last token expires that was stored before the start. A larger <c>MaxTokenLifetime</c> of former times still counts.</summary>
    internal long LastExpiry { get; set; }

    /// <summary>The newest row that was forgotten, of those that may end several tokens. A token whose issue was judged before it can't be judged any more.</summary>
    internal long Forgotten
    {
        get => Volatile.Read(ref _forgotten);
        set => Volatile.Write(ref _forgotten, value);
    }

    /// <summary>The newest row that was forgotten, of those that end one token and what descends from it. Whether a token whose issue was judged before it descends from an ended one can't be told any more.</summary>
    internal long ForgottenTokens
    {
        get => Volatile.Read(ref _forgottenTokens);
        set => Volatile.Write(ref _forgottenTokens, value);
    }

    /// <summary>How long a token may live, in seconds: here, or at another node that was started with a larger <c>MaxTokenLifetime</c>, now or formerly.</summary>
    internal long LongestLifetime => Math.Max(Volatile.Read(ref _longestLifetime), (long)options.MaxTokenLifetime.TotalSeconds);

    /// <summary>The row number of a cursor of this epoch that is not too old, or false.</summary>
    internal bool TryReadCursor(string cursor, out long seq)
    {
        seq = 0;
        var dot = cursor.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && Guid.TryParseExact(cursor[..dot], "N", out var epoch) && epoch == Epoch
            && long.TryParse(cursor.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out seq) && seq <= Seq && seq >= Forgotten;
    }

    /// <summary>Whether a cursor may be one of this epoch that is ahead of memory: another node gave it, of a commit that is not read here yet.</summary>
    internal bool IsBehind(string cursor) => cursor.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && long.TryParse(cursor.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var seq) && seq > Seq;

    /// <summary>Called by the store after each commit, in commit order, before anybody is told of it.</summary>
    internal void Publish(IReadOnlyList<RevocationRow> rows, long head)
    {
        Index.Add(rows, head);
        if (Index.Count > MaxRows) RaiseFloor(head);
    }

    /// <summary>Begins another life of the log with what the store holds now. What was judged before counts no more.</summary>
    internal void Restart(StoreContents contents)
    {
        var fresh = new RevocationIndex(0, Index.Era + 1);
        fresh.Add(contents.Rows, contents.Seq);
        (Forgotten, ForgottenTokens, LastExpiry) = (contents.Marks.Forgotten, contents.Marks.ForgottenTokens, Math.Max(LastExpiry, contents.LastExpiry));
        Mark(contents.Marks);
        Volatile.Write(ref _index, fresh);
        // Last: who takes the epoch first and a number of the log then has no number of the old life with the name of the new.
        Epoch = contents.Epoch;
        metrics.FloorRaised(0);
    }

    /// <summary>Takes what the store has forgotten, and how long rows have to last: within a life of the log, both only grow.</summary>
    internal void Mark(LogMarks marks)
    {
        (Forgotten, ForgottenTokens) = (Math.Max(Forgotten, marks.Forgotten), Math.Max(ForgottenTokens, marks.ForgottenTokens));
        Volatile.Write(ref _longestLifetime, Math.Max(Volatile.Read(ref _longestLifetime), marks.LongestLifetime));
    }

    /// <summary>Drops rows that the store has forgotten. Their number comes first: who no longer finds them has to find that.</summary>
    internal void Forget(ForgottenRows rows)
    {
        if (rows.Through > Forgotten) Forgotten = rows.Through;
        if (rows.ThroughTokens is var tokens && tokens > ForgottenTokens) ForgottenTokens = tokens;
        Index.Forget(rows.Rows);
    }

    /// <summary>
    /// Rows for tokens that are about to be registered although a row ends them already, where that row may be forgotten before they expire: what was ended would come back. To be written together with the tokens.
    /// Null when one was issued before rows that are forgotten: nothing can tell whether it was ended.
    /// </summary>
    internal async Task<IReadOnlyList<RevocationRow>?> KeepEndedAsync(IReadOnlyList<TokenRecord> records, string actor, CancellationToken cancellationToken)
    {
        var own = new List<RevocationRow>();
        foreach (var record in records)
        {
            var match = await JudgeAsync(record, cancellationToken);
            if (match is null || (await store.FindRowAsync(match.Seq, cancellationToken))?.ForgetAfter >= record.ExpiresAt) continue;
            own.Add(Row(new Asked(Selector.Token(record.Hash), ForgetAfter(record), "registered when it was ended already"), actor));
        }
        return records.Any(record => record.Born < Forgotten || (record.Ancestors.Count > 0 && record.Born < ForgottenTokens)) ? null : own; // Looked at after judging.
    }

    /// <summary>The row that ends a record, stored or not, of all that are known; null when none does.</summary>
    internal ValueTask<RevocationMatch?> JudgeAsync(TokenRecord record, CancellationToken cancellationToken)
    {
        var index = Index;
        return index.Floor == 0 ? new(index.Match(record)) : store.JudgeAsync(record, cancellationToken);
    }

    /// <summary>Ends one token, and its whole grant when it is a refresh token of one (RFC 7009 §2.1); that row is then the one that is told. Where it is given, the JWT of that name too. Ending it twice adds nothing.</summary>
    internal async Task<RevocationOutcome> RevokeAsync(TokenRecord record, string actor, string? reason, Selector? jwt = null)
    {
        // A grant's other tokens may outlive this one.
        var ends = RefreshFamily.Ends(record, options.EffectiveIssuer);
        if (jwt is { } name) ends = [name, .. ends];
        return (await RevokeAsync([.. ends.Select(selector => new Asked(selector, ForgetAfter(selector.Kind is SelectorKind.Token ? record : null), reason))], actor))[^1];
    }

    /// <summary>Writes a client's new registration and the row that tells of it, in one commit; false, and nothing is written, when what was read is not what stands there any more.</summary>
    internal async Task<bool> TryChangeAsync(Clients.ClientRegistration read, Clients.ClientRegistration changed, Selector selector, string actor)
    {
        if (await store.ChangeAsync(read, changed, Row(new Asked(selector, ForgetAfterEverything()), actor)) is not { } row) return false;
        metrics.Revoked(row.Selector.Kind);
        return true;
    }

    /// <summary>Ends what each selector names, in one commit; what was ended for ever already gets no second row.</summary>
    internal async Task<IReadOnlyList<RevocationOutcome>> RevokeAsync(IReadOnlyList<Asked> asked, string actor)
    {
        var outcomes = new RevocationOutcome[asked.Count];
        var fresh = new List<(int Index, RevocationRow Row)>(asked.Count);
        var again = new List<(int Index, int Fresh)>();
        var places = asked.Count > 1 ? new Dictionary<Selector, int>() : null;
        var (index, now) = (Index, time.GetUtcNow().ToUnixTimeSeconds());
        for (var i = 0; i < asked.Count; i++)
        {
            if (asked[i].Selector.EndsForEver && index.Find(asked[i].Selector, now) is { } existing) outcomes[i] = new RevocationOutcome(existing.Seq, IsNew: false);
            else if (places is null || !asked[i].Selector.EndsForEver || places.TryAdd(asked[i].Selector, fresh.Count)) fresh.Add((i, Row(asked[i], actor)));
            else
            {
                // The same twice in one request is one row, which lasts as long as the one that lasts longer.
                var at = places[asked[i].Selector];
                fresh[at] = fresh[at] with { Row = fresh[at].Row with { ForgetAfter = Math.Max(fresh[at].Row.ForgetAfter, asked[i].ForgetAfter) } };
                again.Add((i, at));
            }
        }
        // Who ends again what was ended already is told the same: it binds every node.
        if (fresh.Count + again.Count < asked.Count) await EnforceAsync(outcomes.Max(outcome => outcome.Seq));
        if (fresh.Count == 0) return outcomes;

        var rows = await store.AppendAsync([.. fresh.Select(item => item.Row)]);
        for (var i = 0; i < rows.Count; i++)
        {
            outcomes[fresh[i].Index] = new RevocationOutcome(rows[i].Seq, IsNew: true, rows[i].Id);
            metrics.Revoked(rows[i].Selector.Kind);
        }
        foreach (var (place, of) in again) outcomes[place] = outcomes[fresh[of].Index];
        return outcomes;
    }

    /// <summary>Done when a row that is there already binds every node, as it does once the request that wrote it was answered; null for all that there are now.</summary>
    internal Task EnforceAsync(long? seq) => store.EnforceAsync(seq);

    /// <summary>When a row can be forgotten: after the last token it could end, which for a token is its own end where that is known. Of one that is over already not at once, or each repetition would write another.</summary>
    internal long ForgetAfter(TokenRecord? token) => token is null ? ForgetAfterEverything() : Math.Max(token.ExpiresAt, time.GetUtcNow().ToUnixTimeSeconds()) + ForgetMargin;

    /// <summary>A row that another write brings to the log in its own commit; the store numbers it.</summary>
    internal RevocationRow Row(Asked asked, string actor) => new()
    {
        Seq = 0, // The store gives the number, in commit order.
        Id = Guid.NewGuid(),
        At = time.GetUtcNow().ToUnixTimeSeconds(),
        Selector = asked.Selector,
        ForgetAfter = asked.ForgetAfter,
        IssuedBefore = asked.IssuedBefore,
        Actor = actor,
        Reason = asked.Reason,
    };

    /// <summary>What to end, until when to remember it, and why; <c>IssuedBefore</c> narrows a born-before selector.</summary>
    internal readonly record struct Asked(Selector Selector, long ForgetAfter, string? Reason = null, long? IssuedBefore = null);

    /// <summary>When a row that may name any number of tokens can be forgotten.</summary>
    internal long ForgetAfterEverything() => Math.Max(time.GetUtcNow().ToUnixTimeSeconds() + LongestLifetime, LastExpiry) + ForgetMargin;

    // Raising the floor is always safe: whatever was last checked below it is judged in the store again.
    private void RaiseFloor(long head)
    {
        var raised = new RevocationIndex(head, Index.Era);
        Volatile.Write(ref _index, raised);
        metrics.FloorRaised(head);
    }
}

/// <summary>The row that ends a token, and whether it was there already.</summary>
internal readonly record struct RevocationOutcome(long Seq, bool IsNew, Guid Id = default);
