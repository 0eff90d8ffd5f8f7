using System.Text.Json;

namespace Touchstone.EndToEnd.Tests.BadInput;

/// <summary>Judges an answer to bad input: an error of the table, or the one good answer that the request may have.</summary>
internal static class FuzzVerdict
{
    // 408, 411, 414 and 431 are the web server's own, for requests that never reach an endpoint.
    private static readonly HashSet<int> Errors = [400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 414, 415, 431];

    /// <summary>What is wrong with the answer; null when nothing is.</summary>
    internal static string? Fault(FuzzRequest request, RawAnswer? answer, string marker)
    {
        if (answer is null) return request.After is AfterSending.Read ? "no answer" : null;
        // Metrics name the exceptions that were caught; answers name none.
        if (!answer.Head.Contains("text/plain; version", StringComparison.Ordinal) && (answer.Head + answer.Text).Contains("Exception", StringComparison.Ordinal)) return "an exception in the answer";
        if (answer.Status == 505 && !HasKnownVersion(request)) return null;
        return answer.Status >= 400 ? ErrorFault(request, answer, marker) : GoodFault(request, answer);
    }

    private static string? ErrorFault(FuzzRequest request, RawAnswer answer, string marker)
    {
        if (!Errors.Contains(answer.Status)) return $"status {answer.Status}";
        if (answer.Status == 401 && !answer.Has("WWW-Authenticate")) return "401 without a challenge (C-08)";
        if (answer.Status == 405 && !answer.Has("Allow")) return "405 without Allow (C-02)";
        // A name that is asked for by address is named in the answer; a token or secret never is.
        if (request.Kind is not ("address" or "line") && answer.Text.Contains(marker, StringComparison.Ordinal)) return "the answer repeats a token or a secret";
        if (answer.Body.Length == 0) return null;
        if (Parse(answer.Body) is not { } json) return "an error that is no JSON";
        var isOAuth = json.TryGetProperty("error", out _) && json.TryGetProperty("error_description", out _);
        var isProblem = json.TryGetProperty("title", out _) && json.TryGetProperty("status", out var status) && status.GetInt32() == answer.Status;
        return !isOAuth && !isProblem ? "an error of another shape" : answer.Has("Cache-Control") ? null : "an error that caches may keep (C-14)";
    }

    private static string? GoodFault(FuzzRequest request, RawAnswer answer)
    {
        if (answer.Status is not (200 or 201)) return $"status {answer.Status}";
        var isRight = request.Good switch
        {
            Good.None => false,
            Good.Inactive => IsInactive(answer),
            Good.AllInactive => answer.Status == 200 && AreInactive(answer.Text),
            Good.Active => answer.Status == 200 && Parse(answer.Body) is { } json && json.GetProperty("active").GetBoolean(),
            Good.Empty => answer is { Status: 200, Body.Length: 0 },
            Good.Grant => Parse(answer.Body) is { } json && json.TryGetProperty("access_token", out _),
            Good.Json => request.IsHead || Parse(answer.Body) is not null,
            // No change makes a token active that was not: the made-up ones are unknown, and stay so.
            _ => !answer.Text.Contains("\"active\":true", StringComparison.Ordinal) || request.Kind is "bytes",
        };
        return isRight ? null : $"status {answer.Status}, where {request.Good} would be right";
    }

    private static bool IsInactive(RawAnswer answer) => answer is { Status: 200 } && answer.Body.AsSpan().SequenceEqual("{\"active\":false}"u8);

    private static bool AreInactive(string text) => text.Replace("{\"active\":false},", "", StringComparison.Ordinal) == "{\"results\":[{\"active\":false}]}";

    // 505 is the one right answer to a version that nobody speaks (RFC 9110 §15.6.6).
    private static bool HasKnownVersion(FuzzRequest request)
    {
        var line = request.Bytes.AsSpan();
        var end = line.IndexOf((byte)'\n');
        line = (end < 0 ? line : line[..end]).TrimEnd((byte)'\r');
        return line.EndsWith("HTTP/1.1"u8) || line.EndsWith("HTTP/1.0"u8);
    }

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body) is { ValueKind: JsonValueKind.Object or JsonValueKind.Array } json ? json : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
