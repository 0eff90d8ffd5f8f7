using System.Runtime.CompilerServices;

namespace Touchstone.Client.Tests;

public sealed class SampleTests
{
    [Fact]
    public void README_shows_the_sample()
    {
        var sample = File.ReadAllText(PathOf("samples", "AspNetApi", "Program.cs")).Split('\n', 2)[1].TrimEnd('\n');
        File.ReadAllText(PathOf("README.md")).ShouldContain($"```csharp\n{sample}\n```");
    }

    internal static string PathOf(params string[] parts) => Path.Combine([Path.GetDirectoryName(ThisFile())!, "..", "..", .. parts]);

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
