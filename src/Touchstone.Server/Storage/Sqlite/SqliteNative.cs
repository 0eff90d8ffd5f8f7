using System.Runtime.InteropServices;

namespace Touchstone.Server.Storage.Sqlite;

/// <summary>
/// The two calls that read a column, without the wrapper's reference counting and without leaving managed mode: they only look into a row that is already read.
/// A record has 20 columns, so a look-up makes 40 of them.
/// </summary>
internal static unsafe partial class SqliteNative
{
    private const string Library = "e_sqlite3";

    /// <summary>A column's bytes, valid until the statement moves; empty for NULL.</summary>
    internal static ReadOnlySpan<byte> Column(nint statement, int column)
    {
        // In this order: the bytes are counted after the value has its final form (sqlite.org/c3ref/column_blob.html).
        var bytes = sqlite3_column_blob(statement, column);
        return bytes is null ? default : new ReadOnlySpan<byte>(bytes, sqlite3_column_bytes(statement, column));
    }

    /// <summary>A column's integer; 0 for NULL.</summary>
    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64"), SuppressGCTransition]
    internal static partial long Int64(nint statement, int column);

    [LibraryImport(Library), SuppressGCTransition]
    private static partial void* sqlite3_column_blob(nint statement, int column);

    [LibraryImport(Library), SuppressGCTransition]
    private static partial int sqlite3_column_bytes(nint statement, int column);
}
