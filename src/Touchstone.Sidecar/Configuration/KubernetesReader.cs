using Touchstone.Client;
using Touchstone.Sidecar.Kubernetes;

namespace Touchstone.Sidecar.Configuration;

/// <summary>Reads <c>kubernetes</c>.</summary>
internal static class KubernetesReader
{
    internal static (KubernetesConfig? Reviews, AdmissionConfig? Admission) Read(ConfigNode node)
    {
        var map = node.Map("audiences", "issuers", "username", "uid", "groups", "extra", "prefix", "fail_mode", "max_stale", "max_ttl", "plain_ttl", "admission");
        var admission = map["admission"] is { } admitting ? AdmissionReader.Read(admitting) : null;
        if (admission is not null && map.Count == 1) return (null, admission);
        var audiences = map.Need("audiences")?.Texts() ?? [];
        var extra = map["extra"]?.Pairs().Select(static pair => KeyValuePair.Create(pair.Name, pair.Value.Claim())).Where(static pair => pair.Value is not null).Select(static pair => KeyValuePair.Create(pair.Key, pair.Value!)).ToArray() ?? [];
        foreach (var (key, _) in extra)
        {
            // Kubernetes wants lower case; other names would meet.
            if (key.Length == 0 || key.Any(static c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '.' or '_' or '/'))) map["extra"]!.Fault($"'{key}' is no key of extra: lower case letters, digits and - . _ /.");
        }
        var policy = PolicyReader.Read(map);
        if (policy.FailMode is FailMode.FailOpen) map["fail_mode"]!.Fault("A user whom nobody named is none: closed or stale_if_error.");
        return (new KubernetesConfig(audiences, new UserMapping(map["username"]?.Claim() ?? "sub", map["uid"]?.Claim() ?? "sub", map["groups"]?.Claim(), extra, map["prefix"]?.Text() ?? ""), policy) { Issuers = map["issuers"]?.Texts() ?? [] }, admission);
    }
}
