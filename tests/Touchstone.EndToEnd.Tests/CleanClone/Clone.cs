namespace Touchstone.EndToEnd.Tests.CleanClone;

/// <summary>The sources without anything that was built from them, as a newcomer has them.</summary>
public sealed class Clone : IDisposable
{
    private static readonly string[] Built = ["bin", "obj", "artifacts", "data", "TestResults", "BenchmarkDotNet.Artifacts"];

    private readonly TempFolder _folder = new();

    public Clone() => Copy(new DirectoryInfo(Sources.Root), _folder.Path);

    internal string Path => _folder.Path;

    /// <summary>What a shell does that stands in the clone.</summary>
    internal Command Shell => new("/bin/bash") { Folder = Path, Timeout = TimeSpan.FromMinutes(5), Before = ["-c"] };

    public void Dispose() => _folder.Dispose();

    private static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in from.EnumerateFiles()) file.CopyTo(System.IO.Path.Combine(to, file.Name));
        foreach (var folder in from.EnumerateDirectories())
        {
            if (!Built.Contains(folder.Name) && !folder.Name.StartsWith('.')) Copy(folder, System.IO.Path.Combine(to, folder.Name));
        }
    }
}
