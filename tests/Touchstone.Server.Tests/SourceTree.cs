namespace Touchstone.Server.Tests;

/// <summary>Finds files of the repository that tests read: documents.</summary>
internal static class SourceTree
{
    internal static string PathOf(params string[] parts)
    {
        // The output may lie elsewhere, so the way up begins at this source file too.
        foreach (var start in (string[])[AppContext.BaseDirectory, Path.GetDirectoryName(ThisFile())!])
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "Touchstone.slnx"))) return Path.Combine([folder.FullName, .. parts]);
            }
        }
        throw new DirectoryNotFoundException("Touchstone.slnx must lie above the tests.");
    }

    private static string ThisFile([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;
}
