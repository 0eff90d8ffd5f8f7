using System.Globalization;
using System.Net;
using Touchstone.Sidecar.Decisions;
using Touchstone.Sidecar.Rules;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads <c>sidecar.yaml</c>, or the same as JSON, which is YAML too. All that is wrong is found at once; of a file with a fault nothing counts.</summary>
internal static class SidecarConfigReader
{
    /// <summary>The most characters of a file: 1 Mi.</summary>
    internal const int MaxLength = 1 << 20;

    private const int MostRules = 1000, MostDepth = 16;

    private static readonly string[] Known = ["listen", "admin", "allow_insecure_http", "realm", "nginx_outage_status", "log_decisions", "trusted_proxies", "tls", "admin_tls", "issuers", "introspect", "kubernetes", "otlp", "opa", "shared_cache", "ready_when", "drain", "socket_mode", "admin_socket_mode", "rules"];

    // Where nothing is said: whoever is on this machine.
    private static readonly IPNetwork[] Loopback = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>The configuration of a file, or null and what is wrong.</summary>
    /// <param name="path">The file.</param>
    /// <param name="looksAround">Whether what it names (secrets, keys, folders of sockets) has to be on this machine. Without, nothing can be started by it.</param>
    internal static (SidecarConfig? Config, IReadOnlyList<ConfigFault> Faults) ReadFile(string path, bool looksAround = true)
    {
        var (text, faults) = ReadText(path);
        return text is null ? (null, faults) : Read(text, looksAround ? Path.GetDirectoryName(Path.GetFullPath(path))! : null);
    }

    /// <summary>The text of a file, or null and why there is none.</summary>
    internal static (string? Text, IReadOnlyList<ConfigFault> Faults) ReadText(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (Directory.Exists(path)) return (null, [new ConfigFault(1, 1, "", "This is a folder: name the file in it with --config.")]);
            if (!file.Exists) return (null, [new ConfigFault(1, 1, "", $"There is no file {file.FullName}: name one with --config.")]);
            if (file.Length > 4L * MaxLength) return (null, [new ConfigFault(1, 1, "", $"The file has more than {MaxLength} characters.")]);
            return (File.ReadAllText(path), []);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return (null, [new ConfigFault(1, 1, "", $"The file can't be read: {failed.Message}")]);
        }
    }

    /// <summary>The configuration, or null and what is wrong.</summary>
    /// <param name="text">The file.</param>
    /// <param name="folder">Where it lies: files that it names are looked for from there. Null: they are not looked for.</param>
    internal static (SidecarConfig? Config, IReadOnlyList<ConfigFault> Faults) Read(string text, string? folder)
    {
        if (folder is not null) folder = Path.GetFullPath(folder);
        var faults = new ConfigFaults();
        if (Load(text, faults) is not { } root) return (null, faults.All);
        var map = new ConfigNode(root, "", faults).Map(Known);
        var issuers = map.Need("issuers")?.Items().Select(node => IssuerReader.Read(node, folder)).OfType<IssuerConfig>().ToArray() ?? [];
        var proxies = map["trusted_proxies"]?.Items().Select(Network).OfType<IPNetwork>().ToArray() ?? Loopback;
        var rules = map.Need("rules")?.Items() ?? [];
        if (rules.Count > MostRules) map["rules"]!.Fault($"There are more than {MostRules} rules.");
        var all = rules.Take(MostRules).Select(RuleReader.Read).OfType<Rule>().ToArray();
        for (var i = 0; i < issuers.Length; i++) issuers[i].Options.Name = issuers.Take(i).Any(other => other.Options.Name == issuers[i].Options.Name) ? string.Create(CultureInfo.InvariantCulture, $"{issuers[i].Options.Name}#{i + 1}") : issuers[i].Options.Name;
        // One alone may tell of whatever it knows. Of several none is another.
        foreach (var issuer in issuers.Length > 1 ? issuers : []) issuer.Options.TokenIssuers ??= issuer.Options.Issuer is { } own ? [own.OriginalString] : null;
        if (map["issuers"] is { IsEmpty: true } nobody) nobody.Fault("Give one issuer at least.");
        foreach (var twice in issuers.Where(static issuer => issuer.TokenPrefix is not null).GroupBy(static issuer => issuer.TokenPrefix).Where(static group => group.Count() > 1)) map["issuers"]!.Fault($"Two issuers have the token_prefix '{twice.Key}'.");
        foreach (var twice in all.GroupBy(static rule => rule.Name).Where(static group => group.Count() > 1))
        {
            foreach (var rule in twice.Skip(1)) faults.Add(new Mark(0, rule.Line, 1), "rules", $"'{rule.Name}' is the name of the rule in line {twice.First().Line} too: names tell rules apart in logs and metrics.");
        }
        var config = new SidecarConfig(issuers, proxies, new RuleSet(all)) { Text = text, Fixed = new FixedSections(root) };
        var isInsecure = map["allow_insecure_http"]?.Truth() ?? false;
        if (map["tls"] is { } tls) config = config with { Tls = TlsReader.Read(tls, folder) };
        var hasTls = map["tls"] is not null;
        if (map["listen"] is { IsEmpty: true } nowhere) nowhere.Fault("Give one address at least.");
        if (map["listen"] is { } listen) config = config with { Listen = [.. listen.Items().Select(node => AddressReader.Address(node, isInsecure, hasTls, looksAround: folder is not null)).OfType<string>()] };
        if (map["admin_tls"] is { } adminTls)
        {
            config = config with { AdminTls = TlsReader.Read(adminTls, folder) };
            if (config.AdminTls is { ClientAuthorities: null }) adminTls.Fault("Operators show a certificate: give client_ca_file.");
        }
        if (map["admin"] is { } admin) config = config with { Admin = AddressReader.IsOff(admin) ? [] : [.. admin.Items().Select(node => AddressReader.Address(node, isInsecure, map["admin_tls"] is not null, folder is not null, "admin_tls")).OfType<string>()] };
        if (map["admin"] is { IsEmpty: true } nobodyLooks) nobodyLooks.Fault("Give one address at least, or off.");
        AddressReader.TellCollisions(config, map);
        if (map["kubernetes"] is { } kubernetes)
        {
            var (reviews, admission) = KubernetesReader.Read(kubernetes);
            config = config with { Kubernetes = reviews, Admission = admission };
        }
        if (map["opa"] is { } opa) config = config with { Opa = OpaReader.Read(opa) };
        else if (all.FirstOrDefault(static rule => rule.OpaPath is not null) is { } asking) faults.Add(new Mark(0, asking.Line, 1), "rules", $"'{asking.Name}' asks for a policy: give opa, with its url.");
        foreach (var header in config.Opa?.Headers ?? [])
        {
            if (all.SelectMany(static rule => rule.Headers).Any(other => header.Equals(other.Name, StringComparison.OrdinalIgnoreCase))) map["opa"]!.Fault($"The header '{header}' is that of a claim too.");
        }
        if (map["otlp"] is { } otlp) config = config with { Otlp = OtlpReader.Read(otlp) };
        if (map["realm"] is { } realm && realm.Text() is { } name)
        {
            if (name.AsSpan().ContainsAnyExceptInRange(' ', '~') || name.AsSpan().ContainsAny('"', '\\')) realm.Fault("It is visible ASCII without quotes and backslashes.");
            config = config with { Realm = name };
        }
        if (map["introspect"] is { } introspect) config = config with { Introspect = IntrospectReader.Read(introspect, folder, config.Tls is { ClientAuthorities: not null }, AddressReader.HasSocket(config, map)) };
        if (config.Introspect is { IsForwarded: true } && issuers.Length > 1) map["introspect"]!.Fault("With several issuers the secret of a caller would go to each of them: forward: caller goes with one.");
        if (map["shared_cache"] is { } shared) config = config with { SharedCache = SharedCacheReader.Read(shared, folder) };
        if (map["ready_when"] is { } ready)
        {
            if (ready.Text() is not ("rules" or "feed")) ready.Fault("It is rules or feed.");
            else config = config with { IsReadyByFeed = ready.Text() is "feed" };
        }
        if (map["drain"] is { } drain)
        {
            config = config with { Drain = drain.Duration() ?? default };
            if (config.Drain > Drain.Most) drain.Fault("It is 25s at most.");
        }
        if (map["socket_mode"] is { } mode) config = config with { SocketMode = AddressReader.Mode(mode) };
        if (map["admin_socket_mode"] is { } operators) config = config with { AdminSocketMode = AddressReader.Mode(operators) };
        if (map["log_decisions"] is { } log) config = config with { LogDecisions = Logging(log) };
        if (map["nginx_outage_status"] is { } outage)
        {
            if (outage.Number() is not (403 or 500 or 503)) outage.Fault("It is 403, 500 or 503. nginx makes 500 of the last.");
            else config = config with { NginxOutageStatus = outage.Number()!.Value };
        }
        if (faults.Any) return (null, faults.All);
        foreach (var (rule, by) in Coverage.NeverReached(all)) faults.Warn(new Mark(0, rule.Line, 1), "rules", $"rule '{rule.Name}', line {rule.Line}, is never reached: rule '{by.Name}', line {by.Line}, matches all of it.");
        return (config with { Warnings = faults.Warnings }, []);
    }

    private static DecisionLogging Logging(ConfigNode node)
    {
        switch (node.Text())
        {
            case "all": return DecisionLogging.All;
            case "refused": return DecisionLogging.Refused;
            case "none": return DecisionLogging.None;
            default: node.Fault("It is none, refused or all."); return DecisionLogging.None;
        }
    }

    private static YamlNode? Load(string text, ConfigFaults faults)
    {
        if (text.Length > MaxLength)
        {
            faults.Add(Mark.Empty, "", $"The file has more than {MaxLength} characters.");
            return null;
        }
        var stream = new YamlStream();
        try
        {
            if (!IsFlat(text, faults)) return null;
            stream.Load(new StringReader(text));
        }
        catch (YamlException wrong)
        {
            if (FirstTab(text) is { } tab && (wrong.Start.Index == 0 || tab.Line - wrong.Start.Line is 0 or 1)) faults.Add(tab, "", "This line begins with a tab: YAML takes blanks alone.");
            else faults.Add(wrong.Start, "", $"This is no YAML: {wrong.Message}");
            return null;
        }
        if (stream.Documents is [var document]) return document.RootNode;
        faults.Add(Mark.Empty, "", stream.Documents.Count == 0 ? "The file is empty." : "The file has several documents: leave one.");
        return null;
    }

    // What the scanner says of one stands at the beginning of the file, or at the end of the line before.
    private static Mark? FirstTab(string text)
    {
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var tab = lines[i].IndexOf('\t', StringComparison.Ordinal);
            if (tab >= 0 && lines[i].AsSpan(0, tab).TrimStart(' ').IsEmpty) return new Mark(0, i + 1, tab + 1);
        }
        return null;
    }

    // Before it is loaded, which takes the stack for what is nested, and as often as it is named for what is named twice.
    private static bool IsFlat(string text, ConfigFaults faults)
    {
        var parser = new Parser(new StringReader(text));
        for (var depth = 0; parser.MoveNext();)
        {
            var wrong = parser.Current is AnchorAlias ? "Aliases are not taken: write it out." : (depth += parser.Current!.NestingIncrease) > MostDepth ? $"This is nested deeper than {MostDepth}." : null;
            if (wrong is null) continue;
            faults.Add(parser.Current!.Start, "", wrong);
            return false;
        }
        return true;
    }

    // L41: whoever trusts all, trusts nobody in particular.
    private static IPNetwork? Network(ConfigNode node)
    {
        if (node.Text() is not { } text) return null;
        var network = IPNetwork.TryParse(text, out var parsed) ? parsed : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : (IPNetwork?)null;
        if (network is not { } known) node.Fault($"'{text}' is no address and no network such as 10.0.0.0/8.");
        else if (known.PrefixLength < (known.BaseAddress.AddressFamily is System.Net.Sockets.AddressFamily.InterNetwork ? 8 : 16)) node.Fault($"'{text}' is everybody, or nearly: name the networks of your proxies, /8 at the widest, /16 for IPv6.");
        else if (known.BaseAddress.IsIPv4MappedToIPv6) node.Fault($"'{text}' is an IPv4 network written as IPv6: write it as IPv4.");
        else return known;
        return null;
    }
}
