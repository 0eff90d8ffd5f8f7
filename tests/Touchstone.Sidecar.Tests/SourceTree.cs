namespace Touchstone.Sidecar.Tests;

/// <summary>Finds files of the repository that tests read: documents and snapshots.</summary>
internal static class SourceTree
{
    internal static string PathOf(params string[] parts)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Touchstone.slnx"))) folder = folder.Parent;
        return Path.Combine([folder.ShouldNotBeNull("Touchstone.slnx must lie above the tests").FullName, .. parts]);
    }
}
