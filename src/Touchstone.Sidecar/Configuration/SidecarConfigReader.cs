using System.Net;
using Touchstone.Client;
using Touchstone.Sidecar.Rules;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads <c>sidecar.yaml</c>, or the same as JSON, which is YAML too. All that is wrong is found at once; of a file with a fault nothing counts.</summary>
internal static class SidecarConfigReader
{
    /// <summary>The most characters of a file: 1 Mi.</summary>
    internal const int MaxLength = 1 << 20;

    private const int MostRules = 1000;

    private static readonly string[] Known = ["listen", "admin", "allow_insecure_http", "realm", "nginx_outage_status", "trusted_proxies", "issuers", "rules"];

    // Where nothing is said: whoever is on this machine.
    private static readonly IPNetwork[] Loopback = [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")];

    /// <summary>The configuration of a file, or null and what is wrong.</summary>
    internal static (SidecarConfig? Config, IReadOnlyList<ConfigFault> Faults) ReadFile(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) return (null, [new ConfigFault(1, 1, "", "There is no such file.")]);
            if (file.Length > 4L * MaxLength) return (null, [new ConfigFault(1, 1, "", $"The file has more than {MaxLength} characters.")]);
            return Read(File.ReadAllText(path), file.DirectoryName!);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            return (null, [new ConfigFault(1, 1, "", $"The file can't be read: {failed.Message}")]);
        }
    }

    /// <summary>The configuration, or null and what is wrong.</summary>
    /// <param name="text">The file.</param>
    /// <param name="folder">Where it lies: files that it names are looked for from there.</param>
    internal static (SidecarConfig? Config, IReadOnlyList<ConfigFault> Faults) Read(string text, string folder)
    {
        var faults = new ConfigFaults();
        if (Load(text, faults) is not { } root) return (null, faults.All);
        var map = new ConfigNode(root, "", faults).Map(Known);
        var issuers = map.Need("issuers")?.Items().Select(node => IssuerReader.Read(node, folder)).OfType<IssuerConfig>().ToArray() ?? [];
        var proxies = map["trusted_proxies"]?.Items().Select(Network).OfType<IPNetwork>().ToArray() ?? Loopback;
        var rules = map.Need("rules")?.Items() ?? [];
        if (rules.Count > MostRules) map["rules"]!.Fault($"There are more than {MostRules} rules.");
        var all = rules.Take(MostRules).Select(RuleReader.Read).OfType<Rule>().ToArray();
        foreach (var twice in all.GroupBy(static rule => rule.Name).Where(static group => group.Count() > 1))
        {
            foreach (var rule in twice.Skip(1)) faults.Add(new Mark(0, rule.Line, 1), "rules", $"'{rule.Name}' is the name of the rule in line {twice.First().Line} too: names tell rules apart in logs and metrics.");
        }
        var config = new SidecarConfig(issuers, proxies, new RuleSet(all));
        var isInsecure = map["allow_insecure_http"]?.Truth() ?? false;
        if (map["listen"] is { } listen) config = config with { Listen = [.. listen.Items().Select(node => Address(node, isInsecure)).OfType<string>()] };
        if (map["admin"] is { } admin) config = config with { Admin = admin.Text() is "off" ? null : Address(admin, isInsecure) };
        if (map["realm"] is { } realm && realm.Text() is { } name)
        {
            if (name.AsSpan().ContainsAnyExceptInRange(' ', '~') || name.AsSpan().ContainsAny('"', '\\')) realm.Fault("It is visible ASCII without quotes and backslashes.");
            config = config with { Realm = name };
        }
        if (map["nginx_outage_status"] is { } outage)
        {
            if (outage.Number() is not (401 or 403 or 500 or 503)) outage.Fault("It is 401, 403, 500 or 503. nginx makes 500 of the last.");
            else config = config with { NginxOutageStatus = outage.Number()!.Value };
        }
        return faults.Any ? (null, faults.All) : (config, []);
    }

    private static string? Address(ConfigNode node, bool isInsecure)
    {
        if (node.Text() is not { } text) return null;
        if (text.StartsWith("unix:/", StringComparison.Ordinal)) return text;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != "http" || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0) node.Fault($"'{text}' is no address such as http://127.0.0.1:9080 or unix:/run/touchstone/sidecar.sock.");
        else if (!uri.IsLoopback && !isInsecure) node.Fault($"'{text}' takes tokens over plain http from other machines. Listen on loopback or a unix socket, or set allow_insecure_http where the network is yours.");
        else return text;
        return null;
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
            stream.Load(new StringReader(text));
        }
        catch (YamlException wrong)
        {
            faults.Add(wrong.Start, "", $"This is no YAML: {wrong.Message}");
            return null;
        }
        if (stream.Documents is [var document]) return document.RootNode;
        faults.Add(Mark.Empty, "", stream.Documents.Count == 0 ? "The file is empty." : "The file has several documents: leave one.");
        return null;
    }

    // L41: whoever trusts all, trusts nobody in particular.
    private static IPNetwork? Network(ConfigNode node)
    {
        if (node.Text() is not { } text) return null;
        var network = IPNetwork.TryParse(text, out var parsed) ? parsed : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : (IPNetwork?)null;
        if (network is not { } known) node.Fault($"'{text}' is no address and no network such as 10.0.0.0/8.");
        else if (known.PrefixLength == 0) node.Fault($"'{text}' is everybody: name the networks of your proxies.");
        else return known;
        return null;
    }
}
