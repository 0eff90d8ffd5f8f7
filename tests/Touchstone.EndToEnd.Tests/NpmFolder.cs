namespace Touchstone.EndToEnd.Tests;

/// <summary>npm packages that tests use: installed once into artifacts, exactly those of the lock file beside the tests, and nothing of them is run then.</summary>
/// <param name="from">The folder with package.json and package-lock.json, under the tests.</param>
/// <param name="more">Files that are copied beside them.</param>
internal sealed class NpmFolder(string from, params string[] more)
{
    private readonly string _from = System.IO.Path.Combine(Sources.Root, "tests", "Touchstone.EndToEnd.Tests", from);

    internal string Path { get; } = System.IO.Path.Combine(Sources.Root, "artifacts", "interop", System.IO.Path.GetFileName(from));

    /// <summary>Installs; says why it can't.</summary>
    internal async Task<string?> InstallAsync()
    {
        if (Find("npm") is not { } npm) return "Node.js with npm is not installed";
        Directory.CreateDirectory(Path);
        var lockFile = await File.ReadAllTextAsync(System.IO.Path.Combine(_from, "package-lock.json"));
        // Installed is what the lock file of then had.
        var stamp = System.IO.Path.Combine(Path, "installed");
        foreach (var file in new[] { "package.json", "package-lock.json" }.Concat(more)) File.Copy(System.IO.Path.Combine(_from, file), System.IO.Path.Combine(Path, file), overwrite: true);
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == lockFile) return null;
        File.Delete(stamp);
        try
        {
            var installed = await (new Command(npm) { Folder = Path, Timeout = TimeSpan.FromMinutes(3) }).RunAsync("ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund");
            if (installed.ExitCode != 0) return $"{System.IO.Path.GetFileName(from)} could not be installed: {installed.Error}";
        }
        catch (TimeoutException)
        {
            return $"{System.IO.Path.GetFileName(from)} could not be installed within 3 minutes";
        }
        await File.WriteAllTextAsync(stamp, lockFile);
        return null;
    }

    /// <summary>Where a program on the path is.</summary>
    internal static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator).Select(folder => System.IO.Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
