using Touchstone.Sidecar.Rules;

namespace Touchstone.Sidecar.Kubernetes;

/// <summary>Which requests of a cluster it is about, and what the token has to be that their object names. What is empty is about any.</summary>
/// <param name="Annotation">The annotation with the token.</param>
/// <param name="Token">What the token has to be; its paths, hosts and methods say nothing.</param>
internal sealed record AdmissionRule(string Annotation, Rule Token)
{
    internal IReadOnlyList<string> Namespaces { get; init; } = [];

    internal IReadOnlyList<string> Resources { get; init; } = [];

    internal IReadOnlyList<string> Operations { get; init; } = [];

    internal bool Matches(AdmissionReview review) => Has(Namespaces, review.Namespace) && Has(Resources, review.Resource) && Has(Operations, review.Operation);

    private static bool Has(IReadOnlyList<string> values, string value) => values.Count == 0 || values.Contains(value);
}

/// <summary>The rules, in the order of the file: the first that matches is the one that counts, and where none does the request is refused.</summary>
/// <param name="Rules">The rules.</param>
/// <param name="RemovesAnnotation">Whether the answer takes the annotation out of the object, so that no token is stored: for a webhook that may change objects.</param>
internal sealed record AdmissionConfig(IReadOnlyList<AdmissionRule> Rules, bool RemovesAnnotation);
