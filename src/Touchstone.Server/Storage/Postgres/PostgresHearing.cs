using Touchstone.Protocol.Leases;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>What nodes say themselves of how far their memory is, the newest word of each.</summary>
internal sealed class PostgresHearing
{
    private const int MaxNodes = 256; // Processes come and go.

    private readonly Lock _one = new();
    private readonly Dictionary<Guid, LogCursor> _heard = [];

    internal void Hear(NodeAcknowledgement said)
    {
        lock (_one)
        {
            if (_heard.Count >= MaxNodes) _heard.Clear();
            _heard[said.Instance] = said.Cursor;
        }
    }

    internal KeyValuePair<Guid, LogCursor>[] All()
    {
        lock (_one) return [.. _heard];
    }
}
