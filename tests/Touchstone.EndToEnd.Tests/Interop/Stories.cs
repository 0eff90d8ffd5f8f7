using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Touchstone.EndToEnd.Tests.Interop;

/// <summary>
/// Clients and resource servers that are not ours: openid-client on Node.js plays them, a step at a time. Its packages are installed once into artifacts, exactly those of the lock file.
/// What it lacks skips the tests at home and fails them in CI.
/// </summary>
internal sealed class Stories : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly NpmFolder Npm = new("Interop/stories", "actor.js");

    private readonly Process _process;

    private Stories(Process process) => _process = process;

    internal static async Task<Stories> BeginAsync()
    {
        var missing = NpmFolder.Find("node") is null ? "Node.js is not installed" : await Npm.InstallAsync();
        if (missing is not null && Environment.GetEnvironmentVariable("CI") is not (null or "" or "false")) throw new InvalidOperationException(missing + ", and CI runs every test.");
        Assert.SkipWhen(missing is not null, missing ?? "");
        var start = new ProcessStartInfo(NpmFolder.Find("node")!, ["actor.js"]) { WorkingDirectory = Npm.Path, RedirectStandardInput = true, RedirectStandardOutput = true };
        return new Stories(Process.Start(start)!);
    }

    /// <summary>Does a step; what came of it is <c>ok</c>, or <c>error</c>.</summary>
    internal async Task<JsonNode> DoAsync(string step, object given)
    {
        var line = JsonSerializer.SerializeToNode(given)!.AsObject();
        line["do"] = step;
        await _process.StandardInput.WriteLineAsync(line.ToJsonString());
        var answer = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new InvalidOperationException("openid-client ended.");
        return JsonNode.Parse(answer)!;
    }

    /// <summary>Does a step that has to succeed.</summary>
    internal async Task<JsonNode?> MustAsync(string step, object given)
    {
        var answer = await DoAsync(step, given);
        answer["error"].ShouldBeNull($"{step}: {answer.ToJsonString()}");
        return answer["ok"];
    }

    /// <summary>A key pair of P-256, for <c>private_key_jwt</c>: the public half as it is registered, and the whole as its owner has it.</summary>
    internal static (object Jwks, object Private) NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parts = key.ExportParameters(includePrivateParameters: true);
        var (x, y, d) = (Base64Url.EncodeToString(parts.Q.X), Base64Url.EncodeToString(parts.Q.Y), Base64Url.EncodeToString(parts.D));
        return (new { keys = new[] { new { kty = "EC", crv = "P-256", kid = "k1", alg = "ES256", use = "sig", x, y } } }, new { kty = "EC", crv = "P-256", kid = "k1", alg = "ES256", x, y, d });
    }

    public async ValueTask DisposeAsync()
    {
        // It ends with its input, and whatever is wrong with it by force.
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }
}
