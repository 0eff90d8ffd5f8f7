namespace Touchstone.Protocol.Leases;

/// <summary>
/// The ids of the newest rows that memory took. A number alone says little: a database that was put back gives old numbers to new rows. Who names a row by number and id, and is right, has read the same log up to it.
/// </summary>
/// <remarks>Written by one thread at a time, read by any.</remarks>
public sealed class RecentRows
{
    private const int Kept = 4096;

    private readonly Lock _one = new();
    private readonly (long Seq, Guid Id)[] _rows = new (long, Guid)[Kept];
    private Guid _epoch;

    /// <summary>Another life of the log begins here, or the first one.</summary>
    public void Begin(LogCursor at)
    {
        lock (_one)
        {
            Array.Clear(_rows);
            _epoch = at.Epoch;
            _rows[at.Seq % Kept] = (at.Seq, at.Row);
        }
    }

    /// <summary>Memory has this row now.</summary>
    public void Add(long seq, Guid id)
    {
        lock (_one) _rows[seq % Kept] = (seq, id);
    }

    /// <summary>Whether this is a place of the log that memory has read; false also where it is too long ago to tell.</summary>
    public bool Has(LogCursor place)
    {
        lock (_one) return place.Seq > 0 && place.Epoch == _epoch && _rows[place.Seq % Kept] == (place.Seq, place.Row);
    }
}
