using System.Reflection;

namespace Touchstone.Testing.Processes;

/// <summary>The command line as it was built beside these tests; their project writes down where. Or the one that a variable names: as it is published.</summary>
public static class TouchstoneBinary
{
    /// <summary>The key of the assembly metadata that holds the path.</summary>
    public const string MetadataKey = "Touchstone.Binary";

    /// <summary>The program <c>touchstone</c>.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("TOUCHSTONE_TEST_BINARY") is { Length: > 0 } published) return published;
        var path = AppDomain.CurrentDomain.GetAssemblies()
            .Where(assembly => !assembly.IsDynamic)
            .SelectMany(assembly => assembly.GetCustomAttributes<AssemblyMetadataAttribute>())
            .FirstOrDefault(metadata => metadata.Key == MetadataKey)?.Value;
        if (path is null) throw new InvalidOperationException($"No loaded assembly says where the binary is ({MetadataKey}).");
        return File.Exists(path) ? path : throw new FileNotFoundException($"The tests were built with {path}, and it is gone: build them again.");
    }
}
