using System.Text;
using System.Xml.Linq;
using Touchstone.EndToEnd.Tests.Load;

namespace Touchstone.EndToEnd.Tests.Packages;

/// <summary>What is published is whole, names no machine, and is all that a new project needs.</summary>
[Collection(LoadCollection.Name)]
public sealed class PackageTests(Packed packed) : IClassFixture<Packed>
{
    private static readonly string[] All = ["Touchstone.Protocol", "Touchstone.Client", "Touchstone.AspNetCore"];

    [Fact]
    public void There_are_these_packages_with_symbols_and_no_others() =>
        Directory.GetFiles(packed.Feed).Select(Path.GetFileName).ShouldBe(All.SelectMany(id => new[] { $"{id}.{Packed.Version}.nupkg", $"{id}.{Packed.Version}.snupkg" }), ignoreOrder: true);

    [Theory]
    [InlineData("Touchstone.Protocol")]
    [InlineData("Touchstone.Client", "Touchstone.Protocol", "Microsoft.Extensions.Caching.Abstractions", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Options", "Polly.Core")]
    [InlineData("Touchstone.AspNetCore", "Touchstone.Client", "Touchstone.Protocol")]
    public void A_package_has_its_library_its_documentation_and_these_dependencies(string id, params string[] dependencies)
    {
        var package = packed.Open($"{id}.{Packed.Version}.nupkg");
        package.Keys.ShouldBe([id + ".nuspec", "README.md", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"], ignoreOrder: true);
        Encoding.UTF8.GetString(package["README.md"]).ShouldStartWith($"# {id}\n");
        XDocument.Load(new MemoryStream(package[$"lib/net10.0/{id}.xml"])).Descendants("member").Count().ShouldBeGreaterThan(20);

        var metadata = Packed.Metadata(package, id);
        XName Name(string name) => metadata.Name.Namespace + name;
        string? Text(string name) => metadata.Element(Name(name))?.Value;
        (Text("id"), Text("version"), Text("license"), Text("readme"), Text("authors")).ShouldBe((id, Packed.Version, "Apache-2.0", "README.md", "The Touchstone authors"));
        Text("description")!.ShouldNotBeEmpty();
        metadata.Descendants(Name("dependency")).Select(dependency => dependency.Attribute("id")!.Value).ShouldBe(dependencies, ignoreOrder: true);
        metadata.Descendants(Name("dependency")).Where(dependency => dependency.Attribute("id")!.Value.StartsWith("Touchstone.", StringComparison.Ordinal)).ShouldAllBe(dependency => dependency.Attribute("version")!.Value == Packed.Version);
    }

    [Fact]
    public void Nothing_in_a_package_names_the_machine_or_a_place_that_is_not_there()
    {
        string[] places = [Sources.Root, packed.Folder];
        foreach (var id in All)
        {
            var files = packed.Open($"{id}.{Packed.Version}.nupkg").Concat(packed.Open($"{id}.{Packed.Version}.snupkg")).ToArray();
            files.ShouldContain(file => file.Key == $"lib/net10.0/{id}.pdb");
            foreach (var (name, bytes) in files)
            {
                foreach (var place in places) bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(place)).ShouldBe(-1, $"{id}: {name} has {place}");
            }
            var metadata = Packed.Metadata(packed.Open($"{id}.{Packed.Version}.nupkg"), id);
            metadata.Elements().Select(element => element.Name.LocalName).ShouldNotContain("projectUrl");
            metadata.Elements().Select(element => element.Name.LocalName).ShouldNotContain("repository");
        }
    }

    [Fact]
    public async Task A_new_project_that_has_only_the_packages_builds_and_answers()
    {
        var folder = Path.Combine(packed.Folder, "fresh");
        await FreshApi.WriteAsync(folder, packed.Feed);
        var dotnet = Packed.Dotnet with { Folder = folder };
        var built = await dotnet.RunAsync("build", "-c", "Release", "-o", "out");
        built.ExitCode.ShouldBe(0, built.Output + built.Error);
        Directory.GetDirectories(Path.Combine(folder, "packages")).Select(Path.GetFileName).ShouldBe(All.Select(id => id.ToLowerInvariant()), ignoreOrder: true, "what the machine has is not fetched again");

        var run = await dotnet.RunAsync(Path.Combine("out", "FreshApi.dll"));
        run.ExitCode.ShouldBe(0, run.Output + run.Error);
        run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["200 Healthy", "200 Orders of alice", "401", "403", "401", "503"]);
    }
}
