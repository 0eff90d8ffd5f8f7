using System.Collections.Concurrent;
using Touchstone.Protocol.Revocation;
using Touchstone.Protocol.Tokens;

namespace Touchstone.Server.Revocation;

/// <summary>
/// The rows of the revocation log in memory: every unforgotten row above <see cref="Floor"/>, up to <see cref="Seq"/>.
/// Rows are added, and leave only when no token that they end can be valid any more. <see cref="Seq"/> moves after they are in: who reads it first and then looks up sees every row up to it.
/// </summary>
internal sealed class RevocationIndex(long floor, int era = 0)
{
    private readonly ConcurrentDictionary<Selector, Reach> _reaches = new();
    private long _seq = floor;
    private int _kinds;

    /// <summary>Rows at or below this are not here; 0 when all are.</summary>
    internal long Floor { get; } = floor;

    /// <summary>Counts the lives of the log that this process has seen. What was judged in another one says nothing: numbers of rows begin anew with it.</summary>
    internal int Era { get; } = era;

    /// <summary>The highest row that is here, with all below it.</summary>
    internal long Seq => Volatile.Read(ref _seq);

    internal int Count => _reaches.Count;

    /// <summary>Adds rows in order, then moves <see cref="Seq"/> to <paramref name="head"/>. One thread at a time.</summary>
    internal void Add(IEnumerable<RevocationRow> rows, long head)
    {
        foreach (var row in rows)
        {
            if (row.Seq <= Floor) continue;
            _reaches.AddOrUpdate(row.Selector, static (_, row) => new Reach(row), static (_, reach, row) => reach.With(row), row);
            Volatile.Write(ref _kinds, _kinds | (1 << (int)row.Selector.Kind));
        }
        Volatile.Write(ref _seq, head);
    }

    /// <summary>Drops rows that the store has forgotten. May run beside <see cref="Add"/>.</summary>
    internal void Forget(IEnumerable<(Selector Selector, long Seq)> rows)
    {
        foreach (var (selector, seq) in rows)
        {
            while (_reaches.TryGetValue(selector, out var reach))
            {
                var left = reach.Without(seq);
                // Again when a row came meanwhile.
                if (left == reach || (left is null ? _reaches.TryRemove(new(selector, reach)) : _reaches.TryUpdate(selector, left, reach))) break;
            }
        }
    }

    /// <summary>Rows above a number that may be forgotten by now, in order. Whether they were is for the store to say: there they may be kept for longer, for what descends from a token.</summary>
    internal IReadOnlyList<(Selector Selector, long Seq)> Over(long now, long after, int most) =>
        [.. _reaches.SelectMany(pair => pair.Value.Over(now).Select(seq => (pair.Key, seq))).Where(row => row.seq > after).OrderBy(row => row.seq).Take(most)];

    /// <summary>The row that ends a token, or null. A kind that has no row at all costs nothing.</summary>
    internal RevocationMatch? Match(TokenRecord record)
    {
        if (Volatile.Read(ref _kinds) == 0) return null;
        var match = Match(Selector.Token(record.Hash), record);
        for (var i = 0; match is null && i < record.Ancestors.Count; i++) match = Match(Selector.Token(record.Ancestors[i]), record);
        if (record.Jti is not null) match ??= Match(Selector.Jwt(record.Issuer, record.Jti), record);
        if (record.Grant is not null) match ??= Match(Selector.Grant(record.Grant), record);
        if (record.Session is not null) match ??= Match(Selector.Session(record.Issuer, record.Session), record);
        if (record.Subject is not null) match ??= Match(Selector.Subject(record.Issuer, record.Subject), record);
        match ??= Match(Selector.Client(record.ClientId), record);
        if (record.Tenant is not null) match ??= Match(Selector.Tenant(record.Tenant), record);
        if (record.Tenant is not null && record.Subject is not null) match ??= Match(Selector.Member(record.Tenant, record.Issuer, record.Subject), record);
        for (var i = 0; match is null && i < record.Lineage.Count; i++) match = Match(record.Lineage[i], record);
        return match ?? Match(Selector.All, record);
    }

    /// <summary>The rows that are in force, as far as memory knows them: what they reach and until when, and not by whom or why.</summary>
    internal IReadOnlyList<RevocationRow> Rows() => [.. _reaches.SelectMany(pair => pair.Value.Rows(pair.Key)).OrderBy(row => row.Seq)];

    /// <summary>
    /// The first row of a selector that ends for ever and is not to be forgotten yet, or null: a second row would say nothing new. One that may be forgotten is perhaps not in the store any more, and who asks means it to last.
    /// </summary>
    internal RevocationMatch? Find(in Selector selector, long now) => _reaches.TryGetValue(selector, out var reach) ? reach.FirstKept(now) : null;

    private RevocationMatch? Match(in Selector selector, TokenRecord record)
    {
        if ((Volatile.Read(ref _kinds) & (1 << (int)selector.Kind)) == 0 || !_reaches.TryGetValue(selector, out var reach)) return null;
        return selector.EndsForEver ? reach.First : reach.Find(record.Born, record.JudgedIssuedAt);
    }

    /// <summary>
    /// What the rows of one selector reach together. A later row that reaches at least as far and is kept at least as long covers an earlier one, so what is kept is a short list: mostly one row.
    /// </summary>
    private sealed class Reach
    {
        private readonly (RevocationMatch Row, long IssuedBefore, long ForgetAfter)[] _rows;

        internal Reach(RevocationRow row) => _rows = [Of(row)];

        private Reach((RevocationMatch, long, long)[] rows) => _rows = rows;

        internal RevocationMatch First => _rows[0].Row;

        internal IEnumerable<long> Over(long now) => _rows.Where(kept => kept.ForgetAfter < now).Select(kept => kept.Row.Seq);

        internal RevocationMatch? FirstKept(long now)
        {
            foreach (var (row, _, forgetAfter) in _rows)
            {
                if (forgetAfter > now) return row;
            }
            return null;
        }

        internal IEnumerable<RevocationRow> Rows(Selector selector) => _rows.Select(kept => new RevocationRow
        {
            Seq = kept.Row.Seq,
            Id = Guid.NewGuid(),
            At = 0,
            Selector = selector,
            ForgetAfter = kept.ForgetAfter,
            IssuedBefore = kept.IssuedBefore == long.MaxValue ? null : kept.IssuedBefore,
            Actor = RevocationRow.Server,
            Reason = "held in memory when the database had lost it",
        });

        internal Reach With(RevocationRow row)
        {
            var added = Of(row);
            // What is ended for ever is ended by its first row: another one only keeps it so for longer.
            if (row.Selector.EndsForEver) return _rows.Any(kept => kept.ForgetAfter >= added.ForgetAfter) ? this : new Reach([.. _rows, added]);
            return new Reach([.. _rows.Where(kept => kept.IssuedBefore > added.IssuedBefore || kept.ForgetAfter > added.ForgetAfter), added]);
        }

        /// <summary>Without a row; null when nothing is left, this when the row was not there.</summary>
        internal Reach? Without(long seq)
        {
            var left = Array.FindAll(_rows, kept => kept.Row.Seq != seq);
            return left.Length == _rows.Length ? this : left.Length == 0 ? null : new Reach(left);
        }

        internal RevocationMatch? Find(long born, long issuedAt)
        {
            foreach (var (row, before, _) in _rows)
            {
                if (born < row.Seq && issuedAt < before) return row;
            }
            return null;
        }

        private static (RevocationMatch Row, long IssuedBefore, long ForgetAfter) Of(RevocationRow row) => (new RevocationMatch(row.Selector.Kind, row.Seq), row.IssuedBefore ?? long.MaxValue, row.ForgetAfter);
    }
}
