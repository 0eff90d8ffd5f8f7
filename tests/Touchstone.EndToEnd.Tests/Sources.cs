using System.Reflection;

namespace Touchstone.EndToEnd.Tests;

/// <summary>The sources that these tests were built from.</summary>
internal static class Sources
{
    internal static string Root { get; } = typeof(Sources).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "Touchstone.Sources").Value!;
}
