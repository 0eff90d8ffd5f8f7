using System.Buffers;
using Touchstone.Server.Storage.Postgres;
using Touchstone.Server.Storage.Sqlite;

namespace Touchstone.Server.Audit;

/// <summary>The audit of a data folder as it lies there: read-only, beside a running server or without one.</summary>
internal sealed class AuditStore : IDisposable
{
    private readonly IAuditRecords _records;

    private AuditStore(string data, IAuditRecords records)
    {
        Data = data;
        _records = records;
    }

    internal string Data { get; }

    /// <summary>Opens a data folder, whose database may be in PostgreSQL.</summary>
    /// <exception cref="Startup.StartupException">There is none, or it can't be read.</exception>
    internal static AuditStore Open(string data, string? postgres = null)
    {
        if (postgres is null) return new AuditStore(data, SqliteAuditRecords.Open(data));
        if (AuditKey.ReadPublic(data).Count == 0) throw new Startup.StartupException($"There is no audit.pub in {data}. Name the data folder of a node with --data.");
        return new AuditStore(data, PostgresAuditRecords.Open(postgres));
    }

    /// <summary>The chains of the database.</summary>
    internal IReadOnlyList<string> Chains() => _records.Chains();

    /// <summary>The records of a chain of the database above a number, as they are at one moment.</summary>
    internal IEnumerable<(long N, byte[] Record)> Changes(string chain, long after = 0) => _records.After(chain, after);

    /// <summary>One record, or null.</summary>
    internal byte[]? Change(string chain, long n) => _records.Find(chain, n);

    /// <summary>The hashes of records of a chain of the database; those that are not there are left out.</summary>
    internal IReadOnlyDictionary<long, AuditHash> Hashes(string chain, IReadOnlyList<long> numbers) => _records.Hashes(chain, numbers);

    /// <summary>The public keys of other nodes, as they stand in a database that is shared.</summary>
    internal IReadOnlyList<AuditPublicKey> SharedKeys() => AuditKey.ParsePublic(string.Join('\n', _records.Keys()));

    /// <summary>The newest records of a chain of the database, newest first.</summary>
    internal IReadOnlyList<byte[]> NewestChanges(string chain, int count) => [.. _records.Newest(chain, count).Select(row => row.Record)];

    /// <summary>The newest checkpoint of a chain of the database, or null.</summary>
    internal byte[]? NewestCheckpoint(string chain)
    {
        if (_records.Newest(chain, 1) is not [var newest]) return null;
        for (var n = newest.N; n > 0 && Change(chain, n) is { } record; n--)
        {
            if (AuditLine.TryParse(record)?.Kind == AuditKind.Checkpoint) return record;
        }
        return null;
    }

    /// <summary>The files of introspections, oldest first within each chain.</summary>
    internal IReadOnlyList<AuditSegment> Segments() => AuditSegments.List(Data);

    /// <summary>The lines of a file from a place on, each with the place behind it. A last line without an end is given with the place -1.</summary>
    internal static IEnumerable<(byte[] Line, long End)> Lines(string path, long from = 0)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        file.Position = from;
        var place = from;
        var line = new ArrayBufferWriter<byte>(4096);
        var buffer = new byte[1 << 16];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            for (var start = 0; start < read;)
            {
                var end = buffer.AsSpan(start, read - start).IndexOf((byte)'\n');
                line.Write(buffer.AsSpan(start, end < 0 ? read - start : end));
                if (end < 0) break;
                place += line.WrittenCount + 1;
                yield return (line.WrittenSpan.ToArray(), place);
                line.ResetWrittenCount();
                start += end + 1;
            }
        }
        if (line.WrittenCount > 0) yield return (line.WrittenSpan.ToArray(), -1);
    }

    public void Dispose() => _records.Dispose();
}
