using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Touchstone.EndToEnd.Tests.Sidecar;

namespace Touchstone.EndToEnd.Tests.CommandLine;

/// <summary><c>touchstone sidecar override</c> and a sidecar that runs, over a unix socket. Its server need not be there.</summary>
public sealed class SidecarOverrideCommandTests : IAsyncLifetime
{
    private SidecarProcess _sidecar = null!;

    public async ValueTask InitializeAsync() => _sidecar = await SidecarProcess.StartAsync(
        folder => $$"""
            listen: unix:{{folder.File("auth.sock")}}
            admin: unix:{{folder.File("admin.sock")}}
            {{SidecarProcess.Nowhere}}
            rules:
              - { name: any token, paths: /any }
              - { name: read orders, paths: /orders, scopes: orders:read }
            """,
        static folder => ValueTask.FromResult(File.Exists(folder.File("auth.sock"))));

    public ValueTask DisposeAsync() => _sidecar.DisposeAsync();

    [Fact]
    public async Task One_is_set_listed_and_ended()
    {
        var none = await Run();
        none.ShouldEndWith(0);
        none.Output.ShouldContain("No override is in force.");

        var set = await Run("--rule", "any token", "--fail-mode", "open", "--max-ttl", "10s", "--for", "15m", "--reason", "the database moves", "--json");
        set.ShouldEndWith(0);
        var one = set.Json.GetProperty("overrides")[0];
        (one.GetProperty("rule").GetString(), one.GetProperty("fail_mode").GetString(), one.GetProperty("max_ttl_seconds").GetDouble(), one.GetProperty("reason").GetString()).ShouldBe(("any token", "open", 10, "the database moves"));
        (await Run()).Output.ShouldContain("the database moves");

        var refused = await Run("--rule", "read orders", "--fail-mode", "open", "--for", "15m");
        refused.ShouldEndWith(1);
        refused.Error.ShouldContain("never opens");
        (await Run("--rule", "any token", "--clear")).Output.ShouldContain("No override is in force.");
        (await Run("--rule", "any token", "--clear")).ShouldEndWith(1);
    }

    [Fact]
    public async Task What_is_missing_is_told_before_anything_is_sent()
    {
        foreach (var line in new string[][] { ["--fail-mode", "open"], ["--rule", "r", "--fail-mode", "open"], ["--rule", "r", "--for", "15m"], ["--rule", "r", "--clear", "--for", "15m"], ["--rule", "r", "--fail-mode", "ajar", "--for", "15m"], ["--clear"], ["--rule", "r", "--fail-mode", "closed", "--for", "25h"], ["--rule", "r", "--max-ttl", "2d", "--for", "1h"] }) (await Run(line)).ShouldEndWith(2);
        (await Run("--rule", "r")).Error.ShouldContain("nothing to set was given");
        (await Run("--rule", "r", "--max-ttl", "1s", "--for", "1h")).Error.ShouldContain("There are: 'any token', 'read orders'.");
        (await Cli.Bare.RunAsync("sidecar", "override", "--admin", "127.0.0.1:9081")).ShouldEndWith(2);
        var nobody = await Cli.Bare.RunAsync("sidecar", "override", "--admin", $"http://127.0.0.1:{Ports.Take()}");
        nobody.ShouldEndWith(3);
        nobody.Error.ShouldContain("touchstone sidecar");
    }

    [Fact]
    public async Task A_listener_with_admin_tls_is_shown_a_certificate()
    {
        var port = Ports.Take();
        using var folder = new TempFolder();
        using var authority = Issue("CN=authority", null);
        foreach (var name in new[] { "localhost", "operator" })
        {
            using var own = Issue("CN=" + name, authority);
            await File.WriteAllTextAsync(folder.File(name + ".crt"), own.ExportCertificatePem());
            await File.WriteAllTextAsync(folder.File(name + ".key"), own.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        }
        var ca = folder.File("ca.crt");
        await File.WriteAllTextAsync(ca, authority.ExportCertificatePem());
        await using var sidecar = await SidecarProcess.StartAsync(
            own => $$"""
                listen: unix:{{own.File("auth.sock")}}
                admin: https://127.0.0.1:{{port}}
                admin_tls: { certificate_file: "{{folder.File("localhost.crt")}}", key_file: "{{folder.File("localhost.key")}}", client_ca_file: "{{ca}}" }
                {{SidecarProcess.Nowhere}}
                rules: { name: any token, paths: /any }
                """,
            _ => ValueTask.FromResult(!Ports.IsFree(port)));
        string[] at = ["sidecar", "override", "--admin", $"https://localhost:{port}", "--ca-file", ca], with = ["--client-certificate", folder.File("operator.crt"), "--client-key", folder.File("operator.key")];

        var set = await Cli.Bare.RunAsync([.. at, .. with, "--rule", "any token", "--fail-mode", "open", "--for", "15m"]);
        set.ShouldEndWith(0);
        set.Output.ShouldContain("any token");
        var bare = await Cli.Bare.RunAsync(at);
        bare.ShouldEndWith(3);
        bare.Error.ShouldContain("--client-certificate");
        (await Cli.Bare.RunAsync([.. at[..4], .. with])).ShouldEndWith(3);
        foreach (var line in new string[][] { [.. at, .. with[..2]], [.. at, "--client-certificate", ca, "--client-key", ca], ["sidecar", "override", .. with], [.. at[..5], folder.File("nowhere")] }) (await Cli.Bare.RunAsync(line)).ShouldEndWith(2);
    }

    private static X509Certificate2 Issue(string name, X509Certificate2? authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority is null, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        if (authority is null) return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        using var bare = request.Create(authority, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    private Task<CommandResult> Run(params string[] line) => Cli.Bare.RunAsync(["sidecar", "override", "--admin", "unix:" + _sidecar.FileOf("admin.sock"), .. line]);
}
