using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>What one process tells the others by a notification.</summary>
/// <param name="Sender">The process.</param>
/// <param name="Seq">How far the log is, at least; or how far the sender has it.</param>
/// <param name="ClientChanges">How often registrations have changed.</param>
internal sealed record PostgresNotice(string Sender, long Seq, long ClientChanges)
{
    /// <summary>The rows themselves, where they fit; null: the log has them.</summary>
    internal NoticedRows? Rows { get; init; }

    /// <summary>That a node has rows in memory; null where it is said without a proof.</summary>
    internal NodeAcknowledgement? Acknowledgement { get; init; }
}

/// <summary>Rows that another node committed, and the place in the log right before them: who is there knows the log with them.</summary>
internal sealed record NoticedRows(LogCursor Before, IReadOnlyList<RevocationRow> Rows)
{
    internal LogCursor Head => new(Before.Epoch, Rows[^1].Seq, Rows[^1].Id);
}

/// <summary>How far a node's memory is.</summary>
internal sealed record NodeAcknowledgement(Guid Instance, LogCursor Cursor);
