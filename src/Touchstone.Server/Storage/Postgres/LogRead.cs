using Touchstone.Protocol.Leases;
using Touchstone.Protocol.Revocation;
using Touchstone.Server.Clients;

namespace Touchstone.Server.Storage.Postgres;

/// <summary>What a read of the log gave: rows after the cursor in their order, registrations that changed, and what was seen beside the rows in the same snapshot.</summary>
/// <param name="View">The head, the row at the cursor, the database.</param>
/// <param name="Rows">The rows after the cursor; where they are many, the first of them.</param>
/// <param name="Cursor">Behind the last of these rows: the head, when they are all.</param>
/// <param name="Registrations">Those that changed, as they are at that moment or later.</param>
/// <param name="ClientChanges">How often registrations have changed.</param>
/// <param name="Marks">What is forgotten, and how long rows have to last.</param>
internal sealed record LogRead(LogView View, IReadOnlyList<RevocationRow> Rows, LogCursor Cursor, IReadOnlyList<ClientRegistration> Registrations, long ClientChanges, LogMarks Marks)
{
    /// <summary>Whether the reader knows everything up to the head now.</summary>
    internal bool IsWhole => Cursor == View.Head;
}
