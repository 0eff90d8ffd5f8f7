using System.Text.RegularExpressions;

namespace Touchstone.Sidecar.Configuration;

/// <summary>What is wrong with options of the client, told of the keys of the file that they were read from.</summary>
internal static partial class OptionNames
{
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["Issuer"] = "issuer", ["IntrospectionEndpoint"] = "introspection_endpoint", ["FeedEndpoint"] = "feed_endpoint", ["ClientId"] = "client_id", ["AllowInsecureHttp"] = "allow_insecure_http",
        ["Timeout"] = "timeout", ["TryTimeout"] = "try_timeout", ["Retries"] = "retries",
        ["RequireSignedAnswers"] = "require_signed_answers", ["SignedAnswerAlgorithms"] = "signed_answer_algorithms", ["SignedAnswerKeys"] = "answer_key_files", ["RequireEncryptedAnswers"] = "require_encrypted_answers",
        ["Policy.MaxTtl"] = "max_ttl", ["Policy.PlainTtl"] = "plain_ttl", ["Policy.MaxStale"] = "max_stale", ["Policy.FailMode"] = "fail_mode",
    };

    /// <summary>Tells faults, each at the first of its keys that the file has.</summary>
    internal static void Tell(ConfigMap map, IEnumerable<string> faults)
    {
        foreach (var fault in faults)
        {
            var named = Words().Matches(fault).Select(static word => Keys.GetValueOrDefault(word.Value)).OfType<string>();
            (named.Select(key => map[key]).FirstOrDefault(static node => node is not null) ?? map.Owner).Fault(Words().Replace(fault, static word => Keys.GetValueOrDefault(word.Value, word.Value)));
        }
    }

    [GeneratedRegex(@"\b(Policy\.)?[A-Z][A-Za-z]+\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Words();
}
