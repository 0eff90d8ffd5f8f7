using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Touchstone.EndToEnd.Tests.Operations;

/// <summary>What ops/ ships: the files for Kubernetes, what the chart makes, and what is configured in them.</summary>
public sealed class ManifestTests(KubernetesTools tools) : IClassFixture<KubernetesTools>
{
    private const string Rules = """sidecar.rules=[{"name":"orders","paths":"/orders","scopes":"orders:read","headers":{"X-User":"sub","X-Tenant":"tid"}}]""";

    private static readonly string Folder = Path.Combine(Sources.Root, "ops", "kubernetes");

    // As files of ops/kubernetes, or as values for the chart.
    public static TheoryData<string> Sets => ["server.yaml", "sidecar.yaml", "--set=server.replicas=3", "--set=sidecar.enabled=true", "--set=server.enabled=false --set=sidecar.enabled=true --set-json=" + Rules];

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task Every_object_has_a_kind_and_a_name_of_its_own_and_what_selects_finds_something(string set)
    {
        var manifests = await ReadAsync(set);

        manifests.ShouldNotBeEmpty();
        foreach (var manifest in manifests) ((string?)manifest.Json["apiVersion"]).ShouldNotBeNullOrEmpty(manifest.Name);
        manifests.Select(manifest => (manifest.Kind, manifest.Name)).ShouldBeUnique();
        var pods = manifests.Where(manifest => manifest.Pod is not null).ToArray();
        pods.ShouldNotBeEmpty();
        foreach (var manifest in manifests)
        {
            var spec = manifest.Json["spec"];
            var selector = manifest.Kind switch { "Service" => spec!["selector"], "NetworkPolicy" => spec!["podSelector"]!["matchLabels"], _ => spec?["selector"]?["matchLabels"] };
            if (selector is null) continue;
            var selected = pods.Where(pod => IsIn(selector.AsObject(), pod.Json["spec"]!["template"]!["metadata"]!["labels"]!.AsObject())).ToArray();
            selected.Length.ShouldBe(1, $"{manifest.Kind} {manifest.Name}");
            if (manifest.Kind != "Service") continue;
            foreach (var port in spec!["ports"]!.AsArray()) PortsOf(selected[0].Containers).ShouldContain((string)port!["targetPort"]!);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task No_container_is_root_or_can_write_or_gain_anything(string set)
    {
        foreach (var manifest in (await ReadAsync(set)).Where(manifest => manifest.Pod is not null))
        {
            var pod = manifest.Pod!["securityContext"]!;
            ((bool)pod["runAsNonRoot"]!, (string)pod["seccompProfile"]!["type"]!, (bool)manifest.Pod["automountServiceAccountToken"]!).ShouldBe((true, "RuntimeDefault", false));
            foreach (var container in manifest.Containers)
            {
                var context = container["securityContext"]!;
                ((long)(context["runAsUser"] ?? pod["runAsUser"])!).ShouldBeGreaterThan(0, (string)container["name"]!);
                ((bool)context["readOnlyRootFilesystem"]!, (bool)context["allowPrivilegeEscalation"]!, context["capabilities"]!["drop"]!.ToJsonString()).ShouldBe((true, false, """["ALL"]"""));
                container["resources"]!["limits"]!["memory"].ShouldNotBeNull();
                ((string)container["image"]!).ShouldContain(':');
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task Every_probe_asks_a_port_that_is_named_for_a_path_that_is_answered(string set)
    {
        await using var server = await ServerProcess.StartAsync();
        var documented = await File.ReadAllTextAsync(Path.Combine(Sources.Root, "docs", "sidecar.md"));
        foreach (var container in (await ReadAsync(set)).SelectMany(manifest => manifest.Containers))
        {
            var probes = new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Select(name => container[name]).OfType<JsonNode>().ToArray();
            var name = (string)container["name"]!;
            foreach (var probe in probes) PortsOf([container]).ShouldContain((string)(probe["httpGet"] ?? probe["tcpSocket"])!["port"]!);
            var paths = probes.Select(probe => (string?)probe["httpGet"]?["path"]).OfType<string>().Distinct().ToArray();
            if (name is "server" or "sidecar") paths.ShouldBe(["/health/live", "/health/ready"]);
            foreach (var path in paths)
            {
                if (name == "server") (await server.Http.GetAsync(path)).IsSuccessStatusCode.ShouldBeTrue(path);
                if (name == "sidecar") documented.ShouldContain($"`GET {path}`");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task Rules_and_settings_in_it_are_valid(string set)
    {
        foreach (var (file, text) in await FilesAsync(set)) await ShouldBeValidAsync(file, text);
    }

    [Fact]
    public async Task Rules_and_settings_beside_the_image_are_valid_and_it_runs_as_nobody_in_particular()
    {
        var docker = Path.Combine(Sources.Root, "ops", "docker");
        foreach (var file in new[] { "sidecar.yaml", "nginx.conf" }) await ShouldBeValidAsync(file, await File.ReadAllTextAsync(Path.Combine(docker, file)));

        var user = (await File.ReadAllLinesAsync(Path.Combine(docker, "Dockerfile"))).Last(line => line.StartsWith("USER ", StringComparison.Ordinal));
        user.ShouldBe("USER 1654:1654");
        var compose = Manifest.Read(await File.ReadAllTextAsync(Path.Combine(docker, "compose.yaml"))).Single().Json["services"]!.AsObject();
        compose.Select(service => service.Key).ShouldBe(["postgres", "server", "nginx", "sidecar"]);
        foreach (var (_, service) in compose)
        {
            // Nothing is reached from other machines.
            foreach (var port in service!["ports"]?.AsArray() ?? []) ((string)port!).ShouldStartWith("127.0.0.1:");
        }
    }

    // Typed, it loses what Kubernetes does not know; of another type it can't be read.
    [Theory]
    [MemberData(nameof(Sets))]
    public async Task Kubernetes_knows_every_field_of_the_workloads(string set)
    {
        tools.Need();
        using var folder = new TempFolder();
        foreach (var manifest in (await ReadAsync(set)).Where(manifest => manifest.Pod is not null))
        {
            await File.WriteAllTextAsync(folder.File("workload.json"), manifest.Json.ToJsonString());
            var typed = await tools.Kubectl.RunAsync("set", "env", "--local", "--filename", folder.File("workload.json"), "--output", "json", "X=y");
            typed.ExitCode.ShouldBe(0, typed.Error);
            Lost(manifest.Json, JsonNode.Parse(typed.Output)!, manifest.Name).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_misspelt_field_would_be_noticed()
    {
        tools.Need();
        using var folder = new TempFolder();
        var json = (await ReadAsync("server.yaml")).Single(manifest => manifest.Pod is not null).Json;
        json["spec"]!["template"]!["spec"]!["runAsNoRoot"] = true;
        await File.WriteAllTextAsync(folder.File("workload.json"), json.ToJsonString());
        var typed = await tools.Kubectl.RunAsync("set", "env", "--local", "--filename", folder.File("workload.json"), "--output", "json", "X=y");
        Lost(json, JsonNode.Parse(typed.Output)!, "touchstone").ShouldBe(["touchstone.spec.template.spec.runAsNoRoot"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(true, "--set=sidecar.enabled=true")]
    [InlineData(false, "--set=server.issuer=http://tokens.example.com")]
    [InlineData(false, "--set=sidecar.logDecisions=some")]
    [InlineData(false, "--set=sidecar.rules=null")]
    [InlineData(false, "--set=server.replica=3")]
    [InlineData(false, "--set=server.settings.Postgres.Connection=Host=db")]
    public async Task The_chart_takes_what_is_meant_and_refuses_what_is_not(bool isTaken, params string[] values)
    {
        tools.Need();
        var linted = await tools.Helm.RunAsync(["lint", "--strict", "ops/helm/touchstone", .. values]);
        (linted.ExitCode == 0).ShouldBe(isTaken, linted.Output + linted.Error);
    }

    private async Task<IReadOnlyList<Manifest>> ReadAsync(string set)
    {
        if (!set.StartsWith('-')) return Manifest.Read(await File.ReadAllTextAsync(Path.Combine(Folder, set)));
        tools.Need();
        var made = await tools.Helm.RunAsync(["template", "shop", "ops/helm/touchstone", .. set.Split(' ')]);
        made.ExitCode.ShouldBe(0, made.Error);
        return Manifest.Read(made.Output);
    }

    private async Task<IEnumerable<(string Name, string Text)>> FilesAsync(string set) =>
        from manifest in await ReadAsync(set)
        where manifest.Kind == "ConfigMap"
        from file in manifest.Json["data"]!.AsObject()
        select (file.Key, (string)file.Value!);

    private static async Task ShouldBeValidAsync(string file, string text)
    {
        using var folder = new TempFolder();
        foreach (var secret in new[] { "client-secret", "gateway.secret" }) await File.WriteAllTextAsync(folder.File(secret), "0123456789abcdef0123456789abcdef");
        // Nothing is written elsewhere, and no name is asked for.
        if (file == "nginx.conf") text = text.Replace("/tmp/", folder.Path + "/", StringComparison.Ordinal).Replace("http://orders:", "http://127.0.0.1:", StringComparison.Ordinal);
        // Settings are valid only with a certificate.
        if (file == "touchstone.json") text = text.Replace("/etc/touchstone/tls/", folder.Path + "/", StringComparison.Ordinal);
        await WriteCertificateAsync(folder);
        await File.WriteAllTextAsync(folder.File(file), text);
        var result = file switch
        {
            "sidecar.yaml" => await Cli.Bare.RunAsync("sidecar", "check", "--config", folder.File(file), "--without-secrets"),
            "touchstone.json" => await Cli.Bare.RunAsync("config", "check", "--config", folder.File(file)),
            "nginx.conf" when File.Exists("/usr/sbin/nginx") => await new Command("/usr/sbin/nginx").RunAsync("-t", "-c", folder.File(file)),
            "nginx.conf" => new CommandResult(0, "", ""),
            _ => throw new InvalidOperationException($"{file}: nothing says how it is checked"),
        };
        result.ExitCode.ShouldBe(0, $"{file}\n{result.Output}{result.Error}");
    }

    private static async Task WriteCertificateAsync(TempFolder folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=tokens.example.com", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(folder.File("tls.crt"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(folder.File("tls.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static bool IsIn(JsonObject labels, JsonObject all) => labels.All(label => JsonNode.DeepEquals(all[label.Key], label.Value));

    private static IEnumerable<string> PortsOf(IEnumerable<JsonObject> containers) => containers.SelectMany(container => container["ports"]?.AsArray() ?? []).Select(port => (string)port!["name"]!);

    private static IEnumerable<string> Lost(JsonNode? given, JsonNode? kept, string path) => given switch
    {
        JsonObject map => map.SelectMany(member => kept?[member.Key] is { } found ? Lost(member.Value, found, $"{path}.{member.Key}") : [$"{path}.{member.Key}"]),
        JsonArray list => list.SelectMany((item, i) => Lost(item, i < kept!.AsArray().Count ? kept[i] : null, $"{path}[{i}]")),
        _ => [],
    };
}
