using System.Text.Json;

namespace Touchstone.Sidecar.Kubernetes;

/// <summary>What the API server of a cluster asks (<c>authentication.k8s.io</c>, <c>TokenReview</c>).</summary>
/// <param name="ApiVersion">To be echoed: an answer in another version is refused (KR-03).</param>
/// <param name="Token">The token.</param>
/// <param name="Audiences">For whom it has to be; null: nobody was named.</param>
internal sealed record TokenReview(string ApiVersion, string Token, IReadOnlyList<string>? Audiences)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>Reads one; null where it is none.</summary>
    internal static TokenReview? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var review = JsonElement.Parse(body, Strict);
            if (review.ValueKind is not JsonValueKind.Object || Text(review, "kind") != "TokenReview" || Text(review, "apiVersion") is not ("authentication.k8s.io/v1" or "authentication.k8s.io/v1beta1") || !review.TryGetProperty("spec", out var spec)) return null;
            if (spec.ValueKind is not JsonValueKind.Object || Text(spec, "token") is not { Length: > 0 } token || !TryReadAudiences(spec, out var audiences)) return null;
            return new TokenReview(Text(review, "apiVersion")!, token, audiences);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // The reader has no other way to say it.
        }
    }

    private static bool TryReadAudiences(JsonElement spec, out IReadOnlyList<string>? audiences)
    {
        audiences = null;
        if (!spec.TryGetProperty("audiences", out var list) || list.ValueKind is JsonValueKind.Null) return true;
        if (list.ValueKind is not JsonValueKind.Array || list.EnumerateArray().Any(static one => one.ValueKind is not JsonValueKind.String)) return false;
        // An empty list is as none (Go leaves it out).
        if (list.GetArrayLength() > 0) audiences = [.. list.EnumerateArray().Select(static one => one.GetString()!)];
        return true;
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var member) && member.ValueKind is JsonValueKind.String ? member.GetString() : null;
}
