using System.Text;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>Looks for tokens and secrets, as they are, where none may stand (I-45): output, log, metrics, and every file of the data folder but the two that hold credentials.</summary>
internal static class LeakSearch
{
    private const int Piece = 4 << 20;

    private static readonly string[] Documented = ["admin.json", "demo.json"];

    // Held by a server that runs.
    private const string Lock = "touchstone.lock";

    /// <summary>Where something was found.</summary>
    internal static IReadOnlyList<string> Find(ServerProcess server, string metrics, params IEnumerable<string> secrets)
    {
        var patterns = secrets.Distinct().Select(secret => (Name: secret[..Math.Min(secret.Length, 10)] + "…", Bytes: Encoding.Latin1.GetBytes(secret))).ToArray();
        var found = patterns.Where(pattern => Encoding.Latin1.GetBytes(metrics).AsSpan().IndexOf(pattern.Bytes) >= 0).Select(pattern => $"{pattern.Name} in /metrics").ToList();
        var data = Directory.GetFiles(server.Data, "*", SearchOption.AllDirectories)
            .Where(file => !Documented.Contains(Path.GetFileName(file)) && !(server.IsRunning && Path.GetFileName(file) == Lock));
        foreach (var file in (IEnumerable<string>)[server.OutputFile, server.ErrorFile, .. data]) found.AddRange(FindIn(file, patterns).Select(name => $"{name} in {Path.GetFileName(file)}"));
        return found;
    }

    // In pieces that overlap, so that a long log needs no memory and nothing hides on a border.
    private static HashSet<string> FindIn(string path, (string Name, byte[] Bytes)[] patterns)
    {
        var overlap = patterns.Max(pattern => pattern.Bytes.Length);
        var buffer = new byte[Piece + overlap];
        var found = new HashSet<string>();
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        for (int kept = 0, count; (count = file.Read(buffer, kept, Piece)) > 0;)
        {
            var filled = buffer.AsSpan(0, kept + count);
            foreach (var (name, bytes) in patterns)
            {
                if (filled.IndexOf(bytes) >= 0) found.Add(name);
            }
            kept = Math.Min(overlap, filled.Length);
            filled[^kept..].CopyTo(buffer);
        }
        return found;
    }
}
