using System.IO.Compression;
using System.Xml.Linq;

namespace Touchstone.EndToEnd.Tests.Packages;

/// <summary>The packages as they would be published, made once, and nothing of it left in the folders of the sources.</summary>
public sealed class Packed : IAsyncLifetime
{
    /// <summary>No package of this version exists anywhere else.</summary>
    internal const string Version = "0.1.0-test";

    private readonly TempFolder _folder = new();

    /// <summary>Runs the SDK; nothing that it starts stays behind.</summary>
    internal static Command Dotnet { get; } = new("dotnet")
    {
        Timeout = TimeSpan.FromMinutes(5),
        Environment = new Dictionary<string, string?>
        {
            ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0", ["UseSharedCompilation"] = "false", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["DOTNET_NOLOGO"] = "1", ["DOTNET_CLI_UI_LANGUAGE"] = "en",
        },
    };

    /// <summary>Where the packages lie.</summary>
    internal string Feed => _folder.File("feed");

    /// <summary>Everything that the build left.</summary>
    internal string Folder => _folder.Path;

    public async ValueTask InitializeAsync()
    {
        var result = await (Dotnet with { Folder = Sources.Root }).RunAsync("pack", "eng/Packages.slnx", "-c", "Release", "--artifacts-path", _folder.File("build"), "-o", Feed, "-p:Version=" + Version);
        result.ExitCode.ShouldBe(0, result.Output + result.Error);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The files of a package, without those that only hold it together.</summary>
    internal Dictionary<string, byte[]> Open(string package)
    {
        using var archive = ZipFile.OpenRead(Path.Combine(Feed, package));
        return archive.Entries.Where(entry => !entry.FullName.StartsWith("_rels/", StringComparison.Ordinal) && !entry.FullName.StartsWith("package/", StringComparison.Ordinal) && entry.FullName != "[Content_Types].xml")
            .ToDictionary(entry => entry.FullName, Read);
    }

    internal static XElement Metadata(Dictionary<string, byte[]> package, string id) => XDocument.Load(new MemoryStream(package[id + ".nuspec"])).Root!.Elements().First();

    private static byte[] Read(ZipArchiveEntry entry)
    {
        using var stream = entry.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
