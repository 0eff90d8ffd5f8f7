using System.Runtime.InteropServices;

namespace Touchstone.Testing.Processes;

/// <summary>The environment of programs that tests start: this one, without what would change their settings.</summary>
internal static class ChildEnvironment
{
    private static readonly string[] Foreign = ["TOUCHSTONE", "ASPNETCORE_", "KESTREL", "LOGGING__", "URLS", "MSBUILD", "VSTEST", "TESTINGPLATFORM", "XUNIT", "CORECLR_",
        "COREHOST_", "DOTNET_STARTUP_HOOKS", "DOTNET_HOST_PATH", "DOTNET_ENVIRONMENT"];

    internal static void Prepare(IDictionary<string, string?> environment, IReadOnlyDictionary<string, string?> changes)
    {
        foreach (var name in environment.Keys.Where(name => Foreign.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToArray())
            environment.Remove(name);

        // The runtime that runs these tests; the binary itself looks in the usual places only.
        var framework = RuntimeEnvironment.GetRuntimeDirectory();
        environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(framework, "..", "..", ".."));
        foreach (var (name, value) in changes)
        {
            if (value is null) environment.Remove(name);
            else environment[name] = value;
        }
    }
}
