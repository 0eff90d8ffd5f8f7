using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Touchstone.Server.Startup;

namespace Touchstone.Server.Audit;

/// <summary>A file of introspections: its first record's number is in its name.</summary>
internal sealed record AuditSegment(string Path, string Chain, long First);

/// <summary>The files of the chain of introspections: <c>audit/introspections-NODE-FIRST.jsonl</c>. The writer's thread appends; any thread may sync.</summary>
internal sealed class AuditSegments : IDisposable
{
    private const string Prefix = "introspections-";

    private readonly Lock _lock = new();
    private readonly string _folder, _chain;
    private readonly long _most;
    private SafeFileHandle? _file;
    private long _length;
    private AuditHead _written;
    private bool _isDirty;

    private AuditSegments(string folder, string chain, long most)
    {
        _folder = folder;
        _chain = chain;
        _most = most;
    }

    internal bool IsFull => _length >= _most;

    /// <summary>The files of a data folder, oldest first within each chain.</summary>
    internal static IReadOnlyList<AuditSegment> List(string data)
    {
        var folder = Path.Combine(data, "audit");
        if (!Directory.Exists(folder)) return [];
        var found = new List<AuditSegment>();
        foreach (var path in Directory.EnumerateFiles(folder, Prefix + "*.jsonl"))
        {
            var parts = Path.GetFileNameWithoutExtension(path)[Prefix.Length..].Split('-');
            if (parts.Length == 2 && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var first)) found.Add(new AuditSegment(path, AuditChain.Name(parts[0], AuditChain.Introspections), first));
        }
        return [.. found.OrderBy(segment => segment.Chain, StringComparer.Ordinal).ThenBy(segment => segment.First)];
    }

    /// <summary>Opens the newest file where its last whole record ends: what a power cut left half written was answered to nobody, or lost its second.</summary>
    internal static AuditSegments Open(string data, string chain, long most, int unsigned, out AuditHead head)
    {
        var folder = Path.Combine(data, "audit");
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var segments = new AuditSegments(folder, chain, most);
        head = default;
        foreach (var newest in List(data).Where(segment => segment.Chain == chain).Reverse())
        {
            var (length, last) = LastRecord(newest.Path);
            if (last is null || AuditLine.TryParse(last) is not { } line)
            {
                File.Delete(newest.Path); // Not one whole record.
                continue;
            }
            head = new AuditHead(line.N, AuditHash.Of(last), unsigned);
            segments._file = File.OpenHandle(newest.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            segments._length = length;
            segments._written = head;
            RandomAccess.SetLength(segments._file, length);
            RandomAccess.FlushToDisk(segments._file);
            break;
        }
        return segments;
    }

    /// <summary>Appends lines with one call to the operating system; on failure the file is as before.</summary>
    internal void Write(ReadOnlySpan<byte> lines, in AuditHead head)
    {
        _file ??= Create(_written.N + 1);
        try
        {
            RandomAccess.Write(_file, lines, _length);
        }
        catch (IOException)
        {
            RandomAccess.SetLength(_file, _length);
            throw;
        }
        lock (_lock)
        {
            _length += lines.Length;
            _written = head;
            _isDirty = true;
        }
    }

    /// <summary>Brings to the disk what was written before this call; gives the head of that, or none when there was nothing to do.</summary>
    internal AuditHead Sync()
    {
        AuditHead head;
        SafeFileHandle file;
        lock (_lock)
        {
            if (!_isDirty || _file is null) return default;
            head = _written;
            file = _file;
            _isDirty = false;
        }
        RandomAccess.FlushToDisk(file);
        return head;
    }

    /// <summary>The next record begins a new file. What was written is on the disk already.</summary>
    internal void Rotate()
    {
        lock (_lock)
        {
            _file?.Dispose();
            _file = null;
            _length = 0;
        }
    }

    public void Dispose() => Rotate();

    private SafeFileHandle Create(long first)
    {
        var node = _chain[.._chain.IndexOf('.', StringComparison.Ordinal)];
        var path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{node}-{first:D12}.jsonl"));
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        FolderSync.Flush(_folder);
        return file;
    }

    // From the end: the last line that ends and can be read.
    private static (long Length, byte[]? Last) LastRecord(string path)
    {
        const int Step = 1 << 16;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var end = RandomAccess.GetLength(file);
        var tail = Array.Empty<byte>();
        for (var start = end; start > 0;)
        {
            var from = Math.Max(0, start - Step);
            var more = new byte[start - from];
            RandomAccess.Read(file, more, from);
            tail = [.. more, .. tail];
            start = from;
            for (var stop = tail.AsSpan().LastIndexOf((byte)'\n'); stop >= 0; stop = tail.AsSpan(0, stop).LastIndexOf((byte)'\n'))
            {
                var begin = tail.AsSpan(0, stop).LastIndexOf((byte)'\n') + 1;
                if (begin == 0 && start > 0) break; // Its beginning is further up.
                var line = tail[begin..stop];
                if (AuditLine.TryParse(line) is not null) return (start + stop + 1, line);
            }
        }
        return (0, null);
    }
}
