namespace Touchstone.Protocol.Leases;

/// <summary>What one read of the log saw, in one snapshot, beside the rows after the reader's cursor.</summary>
/// <param name="Head">The newest row, which becomes the reader's cursor.</param>
/// <param name="RowAtCursor">The id of the row with the number of the reader's cursor; null when there is none.</param>
/// <param name="Database">What the database says of itself (identity, timeline, start): it changes with a restart, a failover and a restore.</param>
public readonly record struct LogView(LogCursor Head, Guid? RowAtCursor, string Database)
{
    /// <summary>
    /// Whether this is the log that a cursor was taken from: same epoch, not shorter, and the same row at its place. The newest row is never pruned, so a reader that keeps up always finds its own.
    /// </summary>
    public bool Continues(LogCursor cursor) =>
        Head.Epoch == cursor.Epoch && Head.Seq >= cursor.Seq && (cursor.Seq == 0 || RowAtCursor == cursor.Row);
}
