using System.Text.Json;

namespace Touchstone.Sidecar.Opa;

/// <summary>What came of asking. Starts from not knowing.</summary>
internal enum OpaOutcome
{
    /// <summary>It answered something else than a decision, or too much.</summary>
    Malformed,

    /// <summary>It answered another status than 200, or broke off: a policy that breaks is a 500.</summary>
    Error,

    /// <summary>As many questions are under way, and wait, as may.</summary>
    Overloaded,

    /// <summary>It did not answer in time.</summary>
    Timeout,

    /// <summary>No connection came about.</summary>
    Unreachable,

    /// <summary>It says no, or says nothing: a document that is undefined is no.</summary>
    Refused,

    /// <summary>It says yes.</summary>
    Allowed,
}

/// <summary>An answer of the agent, judged. Pure.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Reason">What it says of why, for the log; null: nothing.</param>
/// <param name="Headers">What it wants the service behind to be told; undefined: nothing.</param>
internal readonly record struct OpaAnswer(OpaOutcome Outcome, string? Reason = null, JsonElement Headers = default)
{
    private const int MostReason = 200;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    internal static OpaAnswer Of(int status, ReadOnlySpan<byte> body)
    {
        if (status != 200) return new OpaAnswer(OpaOutcome.Error);
        try
        {
            var json = JsonElement.Parse(body, Strict);
            if (json.ValueKind is not JsonValueKind.Object) return default;
            if (!json.TryGetProperty("result", out var result)) return new OpaAnswer(OpaOutcome.Refused, "the document is undefined");
            return result.ValueKind switch
            {
                JsonValueKind.True => new OpaAnswer(OpaOutcome.Allowed),
                JsonValueKind.False => new OpaAnswer(OpaOutcome.Refused),
                JsonValueKind.Object => OfObject(result),
                _ => default,
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return default; // The reader has no other way to say it.
        }
    }

    private static OpaAnswer OfObject(JsonElement result)
    {
        var isAllowed = false;
        if (result.TryGetProperty("allow", out var allow))
        {
            if (allow.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return default;
            isAllowed = allow.ValueKind is JsonValueKind.True;
        }
        var reason = result.TryGetProperty("reason", out var why) && why.ValueKind is JsonValueKind.String ? why.GetString()! : null;
        if (reason?.Length > MostReason) reason = reason[..MostReason];
        if (!result.TryGetProperty("headers", out var headers) || headers.ValueKind is JsonValueKind.Null) return new OpaAnswer(isAllowed ? OpaOutcome.Allowed : OpaOutcome.Refused, reason);
        return headers.ValueKind is JsonValueKind.Object && headers.EnumerateObject().All(static header => header.Value.ValueKind is JsonValueKind.String) ? new OpaAnswer(isAllowed ? OpaOutcome.Allowed : OpaOutcome.Refused, reason, headers) : default;
    }
}
