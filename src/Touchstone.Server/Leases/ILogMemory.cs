using Touchstone.Protocol.Revocation;
using Touchstone.Server.Storage;

namespace Touchstone.Server.Leases;

/// <summary>What this process has in memory of the log, where another life of the log begins.</summary>
internal interface ILogMemory
{
    /// <summary>What the store has forgotten by now, and how long rows have to last.</summary>
    void Mark(LogMarks marks);

    /// <summary>The rows that are in force here: those that the store has lost are written again. Their numbers are of the old life.</summary>
    IReadOnlyList<RevocationRow> Held();

    /// <summary>Memory is what the store holds now, and nothing that was judged before counts any more.</summary>
    void Restart(StoreContents contents);
}
