using System.Text.Json;

namespace Touchstone.Sidecar.Kubernetes;

/// <summary>A request that the API server of a cluster asks about (admission.k8s.io).</summary>
/// <param name="Uid">What the answer has to name.</param>
/// <param name="Operation"><c>CREATE</c>, <c>UPDATE</c>, <c>DELETE</c> or <c>CONNECT</c>.</param>
/// <param name="Resource">As <c>deployments.apps</c>, <c>pods</c> or <c>pods/exec</c>.</param>
/// <param name="Namespace">Empty for what is in none.</param>
/// <param name="Name">Empty where the API server is to give one.</param>
/// <param name="IsDryRun">Whether nothing comes of it.</param>
internal sealed record AdmissionReview(string Uid, string Operation, string Resource, string Namespace, string Name, bool IsDryRun)
{
    internal const string ApiVersion = "admission.k8s.io/v1";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 256 };

    private JsonElement Annotations { get; init; }

    /// <summary>Reads one; null where it is none.</summary>
    internal static AdmissionReview? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var review = JsonElement.Parse(body, Strict);
            if (review.ValueKind is not JsonValueKind.Object || Text(review, "kind") != "AdmissionReview" || Text(review, "apiVersion") != ApiVersion || !TryObject(review, "request", out var request)) return null;
            if (Text(request, "uid") is not { Length: > 0 } uid || Text(request, "operation") is not ("CREATE" or "UPDATE" or "DELETE" or "CONNECT") || !TryObject(request, "resource", out var resource) || Text(resource, "resource") is not { Length: > 0 } plural) return null;
            var operation = Text(request, "operation")!;
            var group = Text(resource, "group") is { Length: > 0 } named ? "." + named : "";
            var part = Text(request, "subResource") is { Length: > 0 } sub ? "/" + sub : "";
            return new AdmissionReview(uid, operation, plural + group + part, Text(request, "namespace") ?? "", Text(request, "name") ?? "", request.TryGetProperty("dryRun", out var dry) && dry.ValueKind is JsonValueKind.True)
            {
                // What is deleted is the old object; there is no new one.
                Annotations = TryObject(request, operation == "DELETE" ? "oldObject" : "object", out var subject) && TryObject(subject, "metadata", out var metadata) && TryObject(metadata, "annotations", out var annotations) ? annotations : default,
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // The reader has no other way to say it.
        }
    }

    /// <summary>An annotation of the object; null where it has none.</summary>
    internal string? Annotation(string name)
    {
        try
        {
            return Annotations.ValueKind is JsonValueKind.Object && Text(Annotations, name) is { Length: > 0 } value ? value : null;
        }
        catch (InvalidOperationException)
        {
            return null; // It is no text: half of a surrogate pair.
        }
    }

    // A record prints its members, and one of them holds a token.
    public override string ToString() => $"{Operation} {Resource}";

    private static bool TryObject(JsonElement element, string name, out JsonElement member) => element.TryGetProperty(name, out member) && member.ValueKind is JsonValueKind.Object;

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String ? member.GetString() : null;
}
