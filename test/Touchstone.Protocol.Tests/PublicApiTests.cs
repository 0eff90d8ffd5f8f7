namespace Touchstone.Protocol.Tests;

public sealed class PublicApiTests
{
    private const string Update = "TOUCHSTONE_UPDATE_SNAPSHOTS";
    private static readonly string Snapshot = SourceTree.PathOf("test", "Touchstone.Protocol.Tests", "PublicApi.txt");

    [Fact]
    public void The_public_api_is_the_reviewed_one()
    {
        var actual = PublicApiText.Of(typeof(OAuthError).Assembly);
        if (Environment.GetEnvironmentVariable(Update) == "1") File.WriteAllText(Snapshot, actual);
        File.ReadAllText(Snapshot).ShouldBe(actual, $"""
            The public API of Touchstone.Protocol differs from test/Touchstone.Protocol.Tests/PublicApi.txt.
            If that is meant, update the file and review the difference: {Update}=1 dotnet test test/Touchstone.Protocol.Tests
            """);
    }

    [Fact]
    public void Protocol_uses_the_base_class_library_only()
    {
        var references = typeof(OAuthError).Assembly.GetReferencedAssemblies().Select(name => name.Name!);
        references.ShouldAllBe(name => name.StartsWith("System.", StringComparison.Ordinal));
    }
}
