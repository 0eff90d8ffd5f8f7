using System.CommandLine;

namespace Touchstone.Cli.Commands;

/// <summary><c>touchstone audit …</c>: everything here reads the data folder itself, beside a running server or without one.</summary>
internal static class AuditCommand
{
    internal static Command Create() => new Verb("audit", "Verify and read the audit in a data folder.", "touchstone audit verify --data ./data")
    {
        AuditVerify.Create(),
        AuditCheckpoint.Create(),
        AuditRead.CreateTail(),
        AuditRead.CreateSearch(),
        AuditRead.CreateExport(),
    };
}
